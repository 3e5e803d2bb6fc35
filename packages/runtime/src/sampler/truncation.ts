// Sampling among some of the tokens: top-k, top-p, min-p and typical-p, in this order. docs/sampling.md has the formulas.
//
// It all works on values in descending order; which token a value belongs to is looked up once, at the end. Sums run in
// float32 in the reference's order, so that top-p alone chooses the reference's tokens.

import { createDescendingOrder } from './descending-order.js';
import { argmax } from './select.js';
import { createTypical } from './typical.js';

/** Which tokens are left to chance. */
export interface TruncationOptions {
  /** The most probable tokens; 0 for all. */
  readonly topK: number;
  /** Those whose sum passes it; 0 and 1 for all. */
  readonly topP: number;
  /** Those with at least this share of the largest probability; 0 for all. */
  readonly minP: number;
  /** Those whose surprise is nearest to what is expected and whose sum passes it; 1 for all. */
  readonly typicalP: number;
}

/** Chooses an index of (vocabSize) probabilities by a coin in [0, 1). */
export type Truncation = (probabilities: Float32Array, coin: number) => number;

/** Room for one vocabulary is kept between calls. */
export function createTruncation({ topK, topP, minP, typicalP }: TruncationOptions, vocabSize: number): Truncation {
  const f = Math.fround;
  const order = createDescendingOrder(vocabSize);
  const { values } = order;
  // (vocabSize) running sums of values
  const sums = new Float32Array(vocabSize);
  const hasTopP = topP > 0 && topP < 1;
  const p = f(topP);
  const typical = typicalP < 1 ? createTypical(typicalP, vocabSize) : null;

  return (probabilities, coin) => {
    order.load(probabilities, topK === 0 ? cutoffFor(probabilities) : 0);
    let n = sumUp(topK === 0 ? vocabSize : topK, hasTopP && topK === 0 ? p : Number.POSITIVE_INFINITY);
    // With topP below 1/n even equal probabilities miss the cutoff; the reference then reads outside its array.
    if (n === 0) return argmax(probabilities);
    if (hasTopP && topK > 0) n = Math.min(firstAbove(sums, n, f(p * sums[n - 1]!)) + 1, n);
    if (minP > 0) n = countFrom(values, n, f(f(minP) * values[0]!));
    const rank = typical?.(values, n, sums[n - 1]!, coin) ?? firstAbove(sums, n, f(coin * sums[n - 1]!));
    return indexAt(probabilities, values, Math.min(rank, n - 1));
  };

  /** None below can be chosen: even n-1 of them would not fill what topP leaves, or minP excludes them. */
  function cutoffFor(probabilities: Float32Array): number {
    const byTopP = hasTopP ? f(f(1 - p) / (vocabSize - 1)) : 0;
    const byMinP = minP > 0 ? f(f(minP) * probabilities[argmax(probabilities)]!) : 0;
    return Math.max(byTopP, byMinP);
  }

  /** Sums up the largest values until there are `limit` or their sum passes `stop`; how many there are. */
  function sumUp(limit: number, stop: number): number {
    let sum = 0;
    let n = 0;
    while (n < limit && sum <= stop) {
      const nOrdered = order.extend(limit - n, stop - sum);
      if (n === nOrdered) break;
      for (const end = Math.min(nOrdered, limit); n < end && sum <= stop; n++) {
        sum = f(sum + values[n]!);
        sums[n] = sum;
      }
    }
    return n;
  }
}

/** The first index of n ascending values that is above `bound`; n without one. */
function firstAbove(ascending: Float32Array, n: number, bound: number): number {
  let low = 0;
  for (let high = n; low < high; ) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How many of n descending values are at least `bound`. */
function countFrom(descending: Float32Array, n: number, bound: number): number {
  let low = 0;
  for (let high = n; low < high; ) {
    const middle = (low + high) >>> 1;
    if (descending[middle]! >= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index that holds the value of a rank; equal values stand in the order of their indices. */
function indexAt(probabilities: Float32Array, descending: Float32Array, rank: number): number {
  const value = descending[rank]!;
  let first = rank;
  while (first > 0 && descending[first - 1] === value) first--;
  let index = probabilities.indexOf(value);
  for (let equal = first; equal < rank; equal++) index = probabilities.indexOf(value, index + 1);
  return index;
}
