// One prediction: the log-softmax of its logits, and how far it is from a baseline's.

import { exp, log } from './exp-log.js';

/** The results for one row of logits, filled by {@link scoreRow}. */
export interface RowScore {
  /** @see topToken */
  top: number;
  /** ln Σ exp(logit). */
  logSum: number;
}

/** Fills `score` from logits, (vocabSize), float32 taken as exact; sums in float64, in ascending order. */
export function scoreRow(score: RowScore, logits: Float32Array): void {
  const top = topToken(logits);
  const max = logits[top]!;
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += exp(logits[i]! - max);
  score.top = top;
  score.logSum = max + log(total);
}

/** The most probable token; the first of equal ones. */
export function topToken(logits: Float32Array): number {
  let top = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[top]!) top = i;
  return top;
}

/**
 * Kullback-Leibler divergence of the model's prediction from the baseline's, Σ p·ln(p/q) with p the baseline's, in nats.
 * Both (vocabSize), with their `logSum`.
 */
export function divergence(
  baseline: Float32Array,
  baselineLogSum: number,
  logits: Float32Array,
  logSum: number,
): number {
  let total = 0;
  for (let i = 0; i < baseline.length; i++) {
    const logP = baseline[i]! - baselineLogSum;
    total += exp(logP) * (logP - (logits[i]! - logSum));
  }
  // The divergence is never negative, but the rounded sum may be.
  return Math.max(total, 0);
}
