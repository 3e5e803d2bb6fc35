// Choosing a token: the largest logit, by chance, or by chance among the most probable (top-p).
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
  return probabilities.length - 1;
}

/**
 * Samples among the most probable indices whose sum passes `topP`. Equal probabilities stand in index order.
 *
 * @see llama2.c, run.c, `sample_topp`
 */
export function sampleTopP(probabilities: Float32Array, topP: number, coin: number): number {
  const n = probabilities.length;
  const p = Math.fround(topP);
  // Smaller ones cannot be among the chosen: even n-1 of them would not fill what topP leaves.
  const cutoff = Math.fround(Math.fround(1 - p) / (n - 1));
  const candidates: number[] = [];
  for (let i = 0; i < n; i++) if (probabilities[i]! >= cutoff) candidates.push(i);
  // With topP below 1/n even equal probabilities miss the cutoff; the reference then reads outside its array.
  if (candidates.length === 0) return argmax(probabilities);
  candidates.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  let cumulative = 0;
  let last = candidates.length - 1;
  for (let i = 0; i < candidates.length; i++) {
    cumulative = Math.fround(cumulative + probabilities[candidates[i]!]!);
    if (cumulative > p) {
      last = i;
      break;
    }
  }
  const target = Math.fround(coin * cumulative);
  let sum = 0;
  for (let i = 0; i <= last; i++) {
    sum = Math.fround(sum + probabilities[candidates[i]!]!);
    if (target < sum) return candidates[i]!;
  }
  return candidates[last]!;
}
