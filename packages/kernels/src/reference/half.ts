// Half-precision (binary16) and bfloat16 numbers, as the 16 bits they are stored in.

const MAX_HALF_BITS = 0x477fe000; // 65504 as float32
const MIN_NORMAL_HALF_BITS = 0x38800000; // 2^-14 as float32
const INFINITY_BITS = 0x7f800000;

const floatScratch = new Float32Array(1);
const bitsScratch = new Uint32Array(floatScratch.buffer);

const halfTable = new Uint32Array(65536).map((_, half) => halfToFloatBits(half));

/** float32 bits of each half, by its 16 bits. */
export const halfToBits: Uint32Array = halfTable;

/** The float32 equal to each half, by its 16 bits. */
export const halfToFloat: Float32Array = new Float32Array(halfTable.buffer);

/** The half nearest to x, ties to even; clamped to ±65504, subnormals kept, NaN stays NaN. */
export function floatToHalf(x: number): number {
  floatScratch[0] = x;
  const bits = bitsScratch[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > INFINITY_BITS) return sign | 0x7e00;
  if (magnitude >= MAX_HALF_BITS) return sign | 0x7bff;
  if (magnitude < MIN_NORMAL_HALF_BITS) return sign | subnormalHalf(magnitude);
  // The exponent's bias shrinks by 112, and 13 bits of the fraction go: rounding may carry into the exponent.
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - (112 << 23) + 0xfff + odd) >>> 13);
}

function subnormalHalf(magnitude: number): number {
  // The result counts steps of 2^-24: the 24-bit significand, shifted right.
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return 0;
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const steps = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return rest > tie || (rest === tie && (steps & 1) === 1) ? steps + 1 : steps;
}

function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return (sign | INFINITY_BITS | (fraction << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // A subnormal half is fraction * 2^-24, a normal float32: shift until its leading bit is the implied one.
  const shift = Math.clz32(fraction) - 21;
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0;
}
