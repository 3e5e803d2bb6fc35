// A tensor as a source stores it.

import type { BinTensor } from '@llama-ts/format';

/** One tensor of a file. */
export interface TensorDescription {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Offset from the start of its file. */
  readonly byteOffset: number;
  readonly byteLength: number;
  /** The codebook, for a tensor in 4 bits only. */
  readonly codebook?: readonly number[];
  /** File of a folder that holds it. */
  readonly file?: string;
}

/** Tensors of a .bin file. */
export function describeTensors(tensors: readonly BinTensor[]): TensorDescription[] {
  return tensors.map(({ name, encoding, shape, byteOffset, byteLength }) => {
    const codebook = encoding.id === 'Q4' ? { codebook: encoding.codebook } : {};
    return { name, dtype: encoding.id, shape, byteOffset, byteLength, ...codebook };
  });
}

/** Values of all tensors together. */
export function countValues(tensors: readonly TensorDescription[]): number {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
}
