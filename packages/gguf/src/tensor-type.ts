// The tensor types this package writes: their ids, and how many bytes a tensor takes.

import { ggmlByteLength, ggmlTypes, type TypeLayout } from './ggml-types.js';

/** Consecutive values of a row that share a scale in Q8_0. */
export const Q8_0_BLOCK_VALUES = ggmlTypes.Q8_0.blockValues;
/** A Q8_0 block: its scale in half precision, then 32 int8 values. */
export const Q8_0_BLOCK_BYTES = ggmlTypes.Q8_0.blockBytes;

/** All types. */
export const TENSOR_TYPES_WRITTEN = ['F32', 'F16', 'Q4_0', 'Q8_0', 'IQ4_NL', 'BF16'] as const;

/** A tensor type this package writes. */
export type TensorType = (typeof TENSOR_TYPES_WRITTEN)[number];

/** Whether a name is a tensor type this package writes. Case counts. */
export function isTensorType(name: string): name is TensorType {
  return (TENSOR_TYPES_WRITTEN as readonly string[]).includes(name);
}

/** Number, block length and block size of a type. */
export function typeLayout(type: TensorType): TypeLayout {
  return ggmlTypes[type];
}

/**
 * Bytes of a tensor's data, without the padding after it. The shape is outermost first; NaN when the innermost
 * dimension is no multiple of the type's block.
 */
export function tensorByteLength(type: TensorType, shape: readonly number[]): number {
  if ((shape.at(-1) ?? 1) % ggmlTypes[type].blockValues !== 0) return Number.NaN;
  return ggmlByteLength(
    type,
    shape.reduce((product, length) => product * length, 1),
  );
}
