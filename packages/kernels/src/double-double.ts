// Numbers of about 106 bits, as the unevaluated sum of two float64, for constants that must be correctly rounded.

/** high + low, |low| at most half an ulp of high. */
export interface DoubleDouble {
  readonly high: number;
  readonly low: number;
}

const SPLITTER = 2 ** 27 + 1; // Veltkamp: splits a 53-bit significand into halves whose products are exact

/** a * b. @see Dekker, A floating-point technique for extending the available precision, 1971 */
export function multiply(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const high = a.high * b.high;
  const error = productError(a.high, b.high, high);
  return renormalize(high, error + (a.high * b.low + a.low * b.high));
}

/** a / b, by a quotient and its remainder. */
export function divide(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const quotient = a.high / b.high;
  const product = multiply({ high: quotient, low: 0 }, b);
  const remainder = a.high - product.high + (a.low - product.low);
  return renormalize(quotient, remainder / b.high);
}

/** a to the power of a whole number, by squaring. */
export function power(a: DoubleDouble, exponent: number): DoubleDouble {
  let result: DoubleDouble = { high: 1, low: 0 };
  let square = a;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square);
    if (rest > 1) square = multiply(square, square);
  }
  return result;
}

/** The n-th root of a number above 0. */
export function root(x: number, n: number): DoubleDouble {
  // Newton's method starts above the root and decreases. Once it no longer decreases, float64 can do no better.
  let estimate = Math.max(x, 1);
  for (;;) {
    const next = estimate - (estimate - x / floatPower(estimate, n - 1)) / n;
    if (!(next < estimate)) break;
    estimate = next;
  }
  // One more step, in double-double arithmetic, doubles the number of correct digits.
  const refined = { high: estimate, low: 0 };
  const target = divide({ high: x, low: 0 }, power(refined, n - 1));
  return renormalize(estimate, (target.high - estimate + target.low) / n);
}

function floatPower(x: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result *= x;
  return result;
}

function productError(a: number, b: number, product: number): number {
  const aHigh = splitHigh(a);
  const bHigh = splitHigh(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

function splitHigh(x: number): number {
  const scaled = SPLITTER * x;
  return scaled - (scaled - x);
}

function renormalize(high: number, low: number): DoubleDouble {
  const sum = high + low;
  return { high: sum, low: low - (sum - high) };
}
