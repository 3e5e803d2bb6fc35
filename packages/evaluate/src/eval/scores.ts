// The scores of every prediction, and the figures computed from them.

import { divergence, type RowScore, scoreRow } from './divergence.js';
import { exp } from './exp-log.js';
import { type Estimate, meanOf, quantile, sum } from './statistics.js';

/** One entry for each predicted token, in the order of the text; NaN and −1 without a baseline. */
export interface Scores {
  /** Index of the first predicted token in the text. */
  readonly firstToken: number;
  /** −ln of the probability of the text's token, in nats. */
  readonly nll: Float64Array;
  /** ln Σ exp(logit) of the prediction. */
  readonly logSum: Float64Array;
  readonly top: Int32Array;
  readonly baselineNll: Float64Array;
  readonly baselineTop: Int32Array;
  /** KL(baseline ‖ model) of the predictions, in nats. */
  readonly kl: Float64Array;
}

/** How far a model's predictions are from its baseline's. Figures in nats. */
export interface Divergence {
  readonly baselinePerplexity: Estimate;
  /** The model's perplexity over the baseline's; its error is that of the mean difference, token by token. */
  readonly perplexityRatio: Estimate;
  /** Statistics of the Kullback-Leibler divergences of the predictions. */
  readonly kl: {
    readonly mean: Estimate;
    /** Quantile 0.5; nats. */
    readonly median: number;
    /** Quantile 0.95; nats. */
    readonly p95: number;
    /** Quantile 0.999; nats. */
    readonly p999: number;
    /** Largest; nats. */
    readonly max: number;
  };
  /** Share of the predictions whose most probable token is the same. */
  readonly topAgreement: Estimate;
  /** The first token of the text for which the most probable tokens differ; null when there is none. */
  readonly firstDisagreement: number | null;
}

const rowScore: RowScore = { top: 0, logSum: 0 };

/** Empty scores of `n` predictions; those of the baseline, if there is one, are shared by all that are compared with it. */
export function createScores(firstToken: number, n: number, baseline: Scores | null): Scores {
  return {
    firstToken,
    nll: new Float64Array(n),
    logSum: new Float64Array(n),
    top: new Int32Array(n),
    baselineNll: baseline?.nll ?? new Float64Array(n).fill(Number.NaN),
    baselineTop: baseline?.top ?? new Int32Array(n).fill(-1),
    kl: new Float64Array(n).fill(Number.NaN),
  };
}

/** Scores prediction `i`: logits, (vocabSize), for what is `token`. */
export function scorePrediction(scores: Scores, i: number, token: number, logits: Float32Array): void {
  scoreRow(rowScore, logits);
  scores.nll[i] = rowScore.logSum - logits[token]!;
  scores.logSum[i] = rowScore.logSum;
  scores.top[i] = rowScore.top;
}

/** Scores how far prediction `i`, scored before, is from the baseline's: logits, (vocabSize), of both. */
export function scoreDivergence(
  scores: Scores,
  i: number,
  logits: Float32Array,
  baseline: Scores,
  baselineLogits: Float32Array,
): void {
  scores.kl[i] = divergence(baselineLogits, baseline.logSum[i]!, logits, scores.logSum[i]!);
}

/** e to a mean of nats, with the error that follows from the mean's. */
export function perplexityOf(nll: Float64Array): Estimate {
  const mean = meanOf(nll);
  const value = exp(mean.value);
  return { value, standardError: value * mean.standardError };
}

/** The figures of scores that have a baseline. */
export function divergenceOf({ firstToken, nll, baselineNll, kl, top, baselineTop }: Scores): Divergence {
  const sorted = kl.slice().sort();
  const disagreement = top.findIndex((token, i) => token !== baselineTop[i]);
  return {
    baselinePerplexity: perplexityOf(baselineNll),
    perplexityRatio: perplexityOf(nll.map((value, i) => value - baselineNll[i]!)),
    kl: {
      mean: meanOf(kl),
      median: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p999: quantile(sorted, 0.999),
      max: sorted[sorted.length - 1]!,
    },
    topAgreement: meanOf(Float64Array.from(top, (token, i) => (token === baselineTop[i] ? 1 : 0))),
    firstDisagreement: disagreement < 0 ? null : firstToken + disagreement,
  };
}

/** Means over `nParts` runs of predictions of about the same length, in the order of the text. */
export function meansAlong(values: Float64Array, nParts: number): number[] {
  const n = Math.min(nParts, values.length);
  return Array.from({ length: n }, (_, part) => {
    const [start, end] = [part, part + 1].map((edge) => Math.floor((edge * values.length) / n));
    const run = values.subarray(start, end);
    return sum(run) / run.length;
  });
}
