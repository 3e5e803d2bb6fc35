// Log-probabilities of the chosen token and of the most probable ones, before any sampling option.

import { logarithm } from './logarithm.js';
import type { Softmax } from './sampler.js';
import { argmax } from './select.js';

/** A token and the natural logarithm of its probability. */
export interface LogProbability {
  /** Id of the token, from 0. */
  readonly id: number;
  /** Natural logarithm of the probability: 0 or less. */
  readonly logProbability: number;
}

/** Log-probabilities at one position. */
export type Measure = {
  of(id: number): LogProbability;
  /** The n most probable, most probable first; of equal ones the lower id first. */
  top(n: number): LogProbability[];
};

/**
 * Measures softmax(logits): before biases, penalties, bans and temperature.
 *
 * log p = (logit − largest) + log(largest probability), so that tokens whose probability is 0 in float32 have one, too.
 *
 * @param logits (vocabSize), copied
 */
export async function measure(logits: Float32Array, softmax: Softmax): Promise<Measure> {
  const copy = logits.slice();
  const best = argmax(copy);
  const largest = copy[best]!;
  const logLargest = logarithm((await softmax(logits, 1))[best]!);
  const of = (id: number): LogProbability => ({ id, logProbability: copy[id]! - largest + logLargest });
  return { of, top: (n) => largestIds(copy, n).map(of) };
}

/** Ids of the n largest values, n being small. */
function largestIds(values: Float32Array, n: number): number[] {
  const ids: number[] = [];
  for (let id = 0; id < values.length; id++) {
    const value = values[id]!;
    if (ids.length === n && !(n > 0 && value > values[ids[n - 1]!]!)) continue;
    let at = ids.length;
    while (at > 0 && value > values[ids[at - 1]!]!) at--;
    ids.splice(at, 0, id);
    if (ids.length > n) ids.pop();
  }
  return ids;
}
