// Decimal digits of floats, rounded as C and Python do: from the exact value, a tie to the even digit.

import { step } from './meter.js';

/** Digits after the point that a double can have. */
const MAX_DECIMALS = 1100;
/** Arithmetic on ints of up to some 2,000 bits. */
const STEPS = 24;

/** A finite number of at least 0 with a number of decimals. */
export function toFixed(value: number, decimals: number): string {
  const kept = Math.min(decimals, MAX_DECIMALS);
  step(decimals / 4);
  const digits = scaled(value, kept)
    .toString()
    .padStart(kept + 1, '0');
  const whole = digits.slice(0, digits.length - kept);
  const rest = digits.slice(digits.length - kept).padEnd(decimals, '0');
  return decimals === 0 ? whole : `${whole}.${rest}`;
}

/** Significant digits and the exponent of the first. */
export function toScientific(value: number, significant: number): { digits: string; exponent: number } {
  if (value === 0) return { digits: '0'.repeat(significant), exponent: 0 };
  const kept = Math.min(significant, MAX_DECIMALS);
  step(kept / 4);
  let exponent = Number(value.toExponential().split('e')[1]);
  let digits = scaled(value, kept - 1 - exponent).toString();
  if (digits.length > kept) {
    // 9.99 rounded up to 10.
    exponent += 1;
    digits = digits.slice(0, kept);
  }
  return { digits: digits.padEnd(significant, '0'), exponent };
}

/** `value` × 10^decimals, rounded half to even. */
export function scaled(value: number, decimals: number): bigint {
  step(STEPS + Math.abs(decimals) / 8);
  let [numerator, denominator] = fraction(value);
  if (decimals >= 0) numerator *= 10n ** BigInt(decimals);
  else denominator *= 10n ** BigInt(-decimals);
  const quotient = numerator / denominator;
  const twice = (numerator - quotient * denominator) * 2n;
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

/** A finite double of at least 0 as a fraction, exactly. */
function fraction(value: number): [bigint, bigint] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const mantissa = (bits & ((1n << 52n) - 1n)) | (biased === 0 ? 0n : 1n << 52n);
  const exponent = (biased === 0 ? 1 : biased) - 1075;
  return exponent >= 0 ? [mantissa << BigInt(exponent), 1n] : [mantissa, 1n << BigInt(-exponent)];
}
