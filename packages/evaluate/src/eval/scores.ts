// What an evaluation keeps of every prediction, and the figures that follow from it.

import { divergence, type RowScore, scoreRow } from './divergence.js';
import { exp } from './exp-log.js';
import { type Estimate, meanOf, quantile, sum } from './statistics.js';

/** One entry for each predicted token, in the order of the text; NaN and −1 stand where there is no baseline. */
export interface Scores {
  /** Index of the first predicted token in the text. */
  readonly firstToken: number;
  /** −ln of the probability of the token that came, in nats. */
  readonly nll: Float64Array;
  readonly baselineNll: Float64Array;
  /** From the baseline's prediction to the model's, in nats. */
  readonly kl: Float64Array;
  readonly top: Int32Array;
  readonly baselineTop: Int32Array;
}

/** How far a model's predictions are from its baseline's. Figures in nats. */
export interface Divergence {
  readonly baselinePerplexity: Estimate;
  /** The model's perplexity over the baseline's; its error is that of the mean difference, token by token. */
  readonly perplexityRatio: Estimate;
  /** Of the Kullback-Leibler divergences of the predictions. */
  readonly kl: {
    readonly mean: Estimate;
    readonly median: number;
    readonly p95: number;
    readonly p999: number;
    readonly max: number;
  };
  /** Share of the predictions whose most probable token is the same. */
  readonly topAgreement: Estimate;
  /** The first token of the text for which it is not; null when there is none. */
  readonly firstDisagreement: number | null;
}

const modelScore: RowScore = { top: 0, logSum: 0 };
const baselineScore: RowScore = { top: 0, logSum: 0 };

/** Empty scores of `n` predictions. */
export function createScores(firstToken: number, n: number): Scores {
  return {
    firstToken,
    nll: new Float64Array(n),
    baselineNll: new Float64Array(n).fill(Number.NaN),
    kl: new Float64Array(n).fill(Number.NaN),
    top: new Int32Array(n),
    baselineTop: new Int32Array(n).fill(-1),
  };
}

/** Scores prediction `i`: logits (vocabSize) of the model and of the baseline, if there is one, for what is `token`. */
export function scorePrediction(
  scores: Scores,
  i: number,
  token: number,
  logits: Float32Array,
  baseline: Float32Array | null,
): void {
  scoreRow(modelScore, logits);
  scores.nll[i] = modelScore.logSum - logits[token]!;
  scores.top[i] = modelScore.top;
  if (baseline === null) return;
  scoreRow(baselineScore, baseline);
  scores.baselineNll[i] = baselineScore.logSum - baseline[token]!;
  scores.baselineTop[i] = baselineScore.top;
  scores.kl[i] = divergence(baseline, baselineScore.logSum, logits, modelScore.logSum);
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
