// The tensor types this package writes: their ids, and how many bytes a tensor takes.

/** Consecutive values of a row that share a scale in Q8_0. */
export const Q8_0_BLOCK_VALUES = 32;
/** A Q8_0 block: its scale in half precision, then 32 int8 values. */
export const Q8_0_BLOCK_BYTES = 34;

/** A tensor type this package writes. */
export type TensorType = 'F32' | 'F16' | 'Q8_0' | 'BF16';

interface TypeLayout {
  /** The number of the type in ggml's `enum ggml_type`. */
  readonly id: number;
  /** Values per block; the innermost dimension is a multiple of it. */
  readonly blockValues: number;
  readonly blockBytes: number;
}

/** @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
const TENSOR_TYPES: Readonly<Record<TensorType, TypeLayout>> = {
  F32: { id: 0, blockValues: 1, blockBytes: 4 },
  F16: { id: 1, blockValues: 1, blockBytes: 2 },
  Q8_0: { id: 8, blockValues: Q8_0_BLOCK_VALUES, blockBytes: Q8_0_BLOCK_BYTES },
  BF16: { id: 30, blockValues: 1, blockBytes: 2 },
};

/** All of them. */
export const TENSOR_TYPES_WRITTEN = Object.keys(TENSOR_TYPES) as readonly TensorType[];

/** Whether a name is a tensor type this package writes. Case counts. */
export function isTensorType(name: string): name is TensorType {
  return Object.hasOwn(TENSOR_TYPES, name);
}

/** Number, block length and block size of a type. */
export function typeLayout(type: TensorType): TypeLayout {
  return TENSOR_TYPES[type];
}

/**
 * Bytes of a tensor's data, without the padding after it. The shape is outermost first; NaN when the innermost
 * dimension is no multiple of the type's block.
 */
export function tensorByteLength(type: TensorType, shape: readonly number[]): number {
  const { blockValues, blockBytes } = TENSOR_TYPES[type];
  if ((shape.at(-1) ?? 1) % blockValues !== 0) return Number.NaN;
  return (shape.reduce((product, length) => product * length, 1) / blockValues) * blockBytes;
}
