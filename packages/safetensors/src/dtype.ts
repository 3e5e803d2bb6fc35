// The element types of safetensors, their widths, and how many bytes a tensor takes.

/** An element type of the format. */
export type Dtype =
  | 'BOOL'
  | 'F4'
  | 'F6_E2M3'
  | 'F6_E3M2'
  | 'U8'
  | 'I8'
  | 'F8_E5M2'
  | 'F8_E4M3'
  | 'F8_E8M0'
  | 'F8_E4M3FNUZ'
  | 'F8_E5M2FNUZ'
  | 'I16'
  | 'U16'
  | 'F16'
  | 'BF16'
  | 'I32'
  | 'U32'
  | 'F32'
  | 'C64'
  | 'F64'
  | 'I64'
  | 'U64';

/**
 * Bits of one element, in the reference implementation's order of increasing alignment: the writer lays tensors out by
 * descending position in this table.
 *
 * @see https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs
 */
const DTYPE_BITS: Readonly<Record<Dtype, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** All element types, in increasing order of alignment. */
export const DTYPES = Object.keys(DTYPE_BITS) as readonly Dtype[];

/** Whether a name is an element type of the format. Case counts. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPE_BITS, name);
}

/** Bits of one element, 4 to 64. */
export function dtypeBits(dtype: Dtype): number {
  return DTYPE_BITS[dtype];
}

/** A tensor's size, or why it has none: `overflow` past 2^53 − 1 bits, `misaligned` when it ends within a byte. */
export type TensorSize = { readonly byteLength: number } | { readonly problem: 'overflow' | 'misaligned' };

/** Bytes taken by a tensor of this type and shape; an empty shape is one element. */
export function tensorSize(dtype: Dtype, shape: readonly number[]): TensorSize {
  let bitLength: number = DTYPE_BITS[dtype];
  let overflow = false;
  let elements = 1;
  for (const length of shape) {
    elements *= length;
    overflow ||= !Number.isSafeInteger(elements);
  }
  bitLength *= elements;
  if (overflow || !Number.isSafeInteger(bitLength)) return { problem: 'overflow' };
  return bitLength % 8 === 0 ? { byteLength: bitLength / 8 } : { problem: 'misaligned' };
}
