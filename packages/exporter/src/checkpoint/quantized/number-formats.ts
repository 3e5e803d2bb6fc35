// Numbers of 8 and 16 bits as float32, and float32 rounded to 16 bits.

import { encodeBf16, encodeF16 } from '@llama-ts/gguf';
import type { SourceDtype } from '@llama-ts/kernels';

/** Exponent 15, of 8 bits with 4 of exponent and 3 of mantissa, is a number, except for NaN at all ones: no infinities. */
const E4M3_BIAS = 7;

/** The values of FP8 (E4M3), by their bits. (256) @see https://arxiv.org/abs/2209.05433 */
export const e4m3Values: Float32Array = Float32Array.from({ length: 256 }, (_, bits) => {
  const sign = bits < 128 ? 1 : -1;
  const [exponent, mantissa] = [(bits >> 3) & 15, bits & 7];
  if (exponent === 15 && mantissa === 7) return Number.NaN;
  return exponent === 0
    ? sign * mantissa * 2 ** (1 - E4M3_BIAS - 3)
    : sign * (8 + mantissa) * 2 ** (exponent - E4M3_BIAS - 3);
});

/** Values of a tensor as float32; null unless the type is BF16, F16 or F32. */
export function floatsOf(bytes: Uint8Array, dtype: string): Float32Array | null {
  if (dtype === 'F32') return new Float32Array(bytes.slice().buffer);
  if (dtype !== 'F16' && dtype !== 'BF16') return null;
  const bits = new Uint16Array(bytes.slice().buffer);
  if (dtype === 'BF16') return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
  return Float32Array.from(bits, halfValue);
}

/** Values as bytes of a type, rounded to nearest even. */
export function bytesOfFloats(values: Float32Array, dtype: SourceDtype): Uint8Array {
  if (dtype === 'BF16') return encodeBf16(values);
  if (dtype === 'F16') return encodeF16(values);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function halfValue(bits: number): number {
  const sign = bits < 0x8000 ? 1 : -1;
  const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}
