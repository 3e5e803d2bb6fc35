// Typical-p: the tokens whose surprise is nearest to the surprise that is expected.

import { logarithm } from './logarithm.js';

/** Chooses a rank among the first n of (vocabSize) descending values with the sum `total`. */
export type Typical = (values: Float32Array, n: number, total: number, coin: number) => number;

/** Distances are compared in steps of 1 / this, so that rounding tells no tokens of one probability apart. */
const STEPS = 2 ** 30;

/**
 * Sampling among the most typical ranks whose sum passes `typicalP`, all in float64. Equal distances stand in the order
 * of their ranks.
 *
 * @see Meister, Pimentel, Wiher, Cotterell, Locally Typical Sampling, 2022
 */
export function createTypical(typicalP: number, vocabSize: number): Typical {
  // (vocabSize) −log of each rank's probability, then its distance from what is expected
  const distance = new Float64Array(vocabSize);
  // (vocabSize) ranks as they are chosen, and their running sums
  const chosen = new Int32Array(vocabSize);
  const sums = new Float64Array(vocabSize);

  return (values, n, total, coin) => {
    const split = measureDistances(distance, values, n, total);
    let right = split;
    let left = split - 1;
    let sum = 0;
    let k = 0;
    const take = (rank: number): void => {
      sum += values[rank]! / total;
      chosen[k] = rank;
      sums[k++] = sum;
    };
    while (k < n && sum <= typicalP) {
      if (left >= 0 && (right === n || distance[left]! <= distance[right]!)) {
        let first = left;
        while (first > 0 && distance[first - 1] === distance[left]) first--;
        for (let rank = first; rank <= left && sum <= typicalP; rank++) take(rank);
        left = first - 1;
      } else {
        take(right++);
      }
    }
    let i = 0;
    while (i < k - 1 && sums[i]! <= coin * sum) i++;
    return chosen[i]!;
  };
}

/**
 * Fills distance (n): falling up to the rank that is returned, rising from there on, since surprise rises with the rank.
 */
function measureDistances(distance: Float64Array, values: Float32Array, n: number, total: number): number {
  const logTotal = logarithm(total);
  let expected = 0;
  for (let i = 0; i < n; i++) {
    distance[i] = logTotal - logarithm(values[i]!);
    expected += (values[i]! / total) * distance[i]!;
  }
  let split = 0;
  while (split < n && distance[split]! < expected) split++;
  for (let i = 0; i < n; i++) distance[i] = Math.round(Math.abs(distance[i]! - expected) * STEPS);
  return split;
}
