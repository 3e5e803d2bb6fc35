// Top-p as the C programs have it, with their cutoff and their sums in float32, so that a seed chooses their tokens.

import { argmax } from './select.js';

/**
 * The index of (n) probabilities that a coin in [0, 1) chooses. Equal probabilities stand in the order of their indices.
 *
 * @see llama2.c, run.c, `sample_topp`
 */
export function sampleReferenceTopP(probabilities: Float32Array, topP: number, coin: number): number {
  const f = Math.fround;
  const cutoff = f(f(1 - topP) / (probabilities.length - 1));
  const indices: number[] = [];
  for (let i = 0; i < probabilities.length; i++) if (probabilities[i]! >= cutoff) indices.push(i);
  // With topP below 1/n even equal probabilities miss the cutoff; the reference then reads outside its array.
  if (indices.length === 0) return argmax(probabilities);
  indices.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  const sums = new Float32Array(indices.length);
  let n = 0;
  for (let sum = 0; n < indices.length && sum <= topP; n++) {
    sum = f(sum + probabilities[indices[n]!]!);
    sums[n] = sum;
  }
  const target = f(coin * sums[n - 1]!);
  let rank = 0;
  while (rank < n - 1 && sums[rank]! <= target) rank++;
  return indices[rank]!;
}
