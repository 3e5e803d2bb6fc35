// A tensor of a file, as inspection shows it.

/** One tensor of a file. */
export interface TensorDescription {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of its file. */
  readonly byteOffset: number;
  readonly byteLength: number;
  /** File of a folder that holds it. */
  readonly file?: string;
}

/** Values of all tensors together. */
export function countValues(tensors: readonly TensorDescription[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
}
