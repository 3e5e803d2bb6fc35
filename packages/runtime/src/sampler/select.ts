// Choosing a token among all: the largest logit, or by chance.
//
// Sums run in float32 in the reference's order, so that a seed chooses the reference's tokens.

/** Index of the largest value; of equal ones the lowest. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** The index at which the running sum of (n) probabilities passes `coin`. */
export function sampleMultinomial(probabilities: Float32Array, coin: number): number {
  let cumulative = 0;
  for (let i = 0; i < probabilities.length; i++) {
    cumulative = Math.fround(cumulative + probabilities[i]!);
    if (coin < cumulative) return i;
  }
  // Rounding left the sum short of the coin. What was banned has probability 0 and stays out.
  return probabilities.findLastIndex((probability) => probability > 0);
}
