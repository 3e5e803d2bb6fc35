// float16 numbers as float32.

const SIGN = 0x8000;
const EXPONENT_BITS = 10;
const MANTISSA = 0x3ff;
const INFINITE_EXPONENT = 31;
/** The smallest subnormal: 2^-24. */
const SMALLEST = 2 ** -24;

let table: Float32Array | undefined;

/** The value of every float16 by its 16 bits, exactly. (65,536) */
export function float16Values(): Float32Array {
  table ??= Float32Array.from({ length: 65_536 }, (_, bits) => float16Value(bits));
  return table;
}

function float16Value(bits: number): number {
  const sign = (bits & SIGN) === 0 ? 1 : -1;
  const exponent = (bits & ~SIGN) >>> EXPONENT_BITS;
  const mantissa = bits & MANTISSA;
  if (exponent === INFINITE_EXPONENT) return mantissa === 0 ? sign * Infinity : Number.NaN;
  const magnitude = exponent === 0 ? mantissa * SMALLEST : (mantissa + MANTISSA + 1) * 2 ** (exponent - 1) * SMALLEST;
  return sign * magnitude;
}
