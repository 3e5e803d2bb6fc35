// Two models compared window by window: differences of neighbours vary far less than the windows do.

/** 97.5 % of a normal distribution lie below. */
const NORMAL_QUANTILE = 1.959964;

/** Means over consecutive runs of `n` values; a last run that is shorter than half of that is left out. */
export function windowMeans(values: Float64Array, n: number): number[] {
  const count = Math.round(values.length / n);
  return Array.from({ length: count }, (_, i) => mean([...values.subarray(i * n, (i + 1) * n)]));
}

/** The mean difference a − b, half its 95 % interval, the share of pairs where a is smaller, and both means. */
export function pairedDifference(a: readonly number[], b: readonly number[]) {
  const differences = a.map((value, i) => value - b[i]!);
  const center = mean(differences);
  const variance = mean(differences.map((value) => (value - center) ** 2)) * (a.length / (a.length - 1));
  return {
    mean: center,
    halfWidth: NORMAL_QUANTILE * Math.sqrt(variance / a.length),
    share: differences.filter((value) => value < 0).length / a.length,
    means: [mean(a), mean(b)] as const,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
