// Choosing among all tokens: the largest logit, or at random.
//
// Sums run in float32 in the reference's order, so that a seed chooses the reference's tokens.

/** Index of the largest value; of equal ones the lowest. */
export function argmax(values: Float32Array): number {
  let best = 0;
  const compare = (begin: number, end: number): void => {
    for (let i = begin; i < end; i++) if (values[i]! > values[best]!) best = i;
  };
  // Eight at a time: few values are larger than all before them, and this takes half the time.
  let i = 0;
  for (; i + 8 <= values.length; i += 8) {
    const max = values[best]!;
    const isLarger =
      values[i]! > max ||
      values[i + 1]! > max ||
      values[i + 2]! > max ||
      values[i + 3]! > max ||
      values[i + 4]! > max ||
      values[i + 5]! > max ||
      values[i + 6]! > max ||
      values[i + 7]! > max;
    if (isLarger) compare(i, i + 8);
  }
  compare(i, values.length);
  return best;
}

/** The index at which the running sum of (n) probabilities passes `coin`. */
export function sampleMultinomial(probabilities: Float32Array, coin: number): number {
  let cumulative = 0;
  for (let i = 0; i < probabilities.length; i++) {
    cumulative = Math.fround(cumulative + probabilities[i]!);
    if (coin < cumulative) return i;
  }
  // Rounding left the sum short of the coin. Banned tokens have probability 0 and are not chosen.
  return probabilities.findLastIndex((probability) => probability > 0);
}
