// Figures of a sample: compensated sums, a mean with its standard error, quantiles.

/** A figure and its standard error. */
export interface Estimate {
  /** The figure, in the unit that its field states. */
  readonly value: number;
  /**
   * Standard error of `value`, from the spread of the tokens, which are taken to be independent; never NaN, 0 for one token.
   */
  readonly standardError: number;
}

/** Sum in float64 with the rounding errors carried along (Neumaier): as exact as twice the digits, in any length. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Mean of at least one value, with its standard error s / √n. */
export function meanOf(values: Float64Array): Estimate {
  const n = values.length;
  const value = sum(values) / n;
  if (n < 2) return { value, standardError: 0 };
  const squares = sum(values.map((x) => (x - value) * (x - value)));
  return { value, standardError: Math.sqrt(squares / (n - 1) / n) };
}

/** The q-quantile of ascending values, 0 ≤ q ≤ 1, between neighbours on the line through both, as numpy does. */
export function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
