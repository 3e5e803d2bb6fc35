// Several files of one model, measured on one text against one baseline, and which of them no other beats.

import type { Model } from '@llama-ts/runtime';
import { type EvalEvent, scoreText, type TextOptions } from './score-text.js';
import { type Divergence, divergenceOf, perplexityOf } from './scores.js';
import type { Estimate } from './statistics.js';
import type { RefuseTokenizer } from './tokens.js';

/** Options of {@link compareModels}. */
export interface CompareModelsOptions extends TextOptions {
  /** The error for a model whose tokenizer differs from the baseline's; default as evaluateText has it. */
  readonly refuse?: RefuseTokenizer | undefined;
}

/** What the models predict, and how far from the baseline. */
export interface ModelComparison {
  /** Tokens that were predicted, each once by each model. */
  readonly nTokens: number;
  /** Windows that the text was cut into. */
  readonly nWindows: number;
  /** Positions of a window, from 2. */
  readonly window: number;
  /** Tokens from the start of one window to the next, from 1. */
  readonly stride: number;
  readonly baselinePerplexity: Estimate;
  /** In the order of the models. */
  readonly models: readonly { readonly perplexity: Estimate; readonly divergence: Divergence }[];
}

/** A file with its place between small and near. */
export interface Placed {
  /** Size of the file in bytes. */
  readonly byteLength: number;
  /** Mean KL divergence from the baseline, in nats; 0 for the baseline. */
  readonly kl: number;
}

/**
 * Measures models on a text as {@link evaluateText} does, with the same figures, in one pass over the text. The models and
 * the baseline are in memory at once.
 *
 * @param text or token ids, without a begin-of-text token
 * @throws ToolkitError as evaluateText does; rejects with the signal's reason
 * @example const events = compareModels(v1, [v2, v3], text);
 */
export async function* compareModels(
  baseline: Model,
  models: readonly [Model, ...Model[]],
  text: string | readonly number[],
  options: CompareModelsOptions = {},
): AsyncGenerator<EvalEvent, ModelComparison, void> {
  const scored = yield* scoreText(models, text, { ...options, baseline });
  const { nWindows, window, stride, baselineScores } = scored;
  const { nll } = baselineScores!;
  return {
    nTokens: nll.length,
    nWindows,
    window,
    stride,
    baselinePerplexity: perplexityOf(nll),
    models: scored.models.map(({ scores }) => ({
      perplexity: perplexityOf(scores.nll),
      divergence: divergenceOf(scores),
    })),
  };
}

/** For each file, whether it is on the Pareto front: no other file is smaller and at least as near, or as small and nearer. */
export function onFront(files: readonly Placed[]): boolean[] {
  return files.map((file) =>
    files.every(
      (other) =>
        other.byteLength > file.byteLength ||
        other.kl > file.kl ||
        (other.byteLength === file.byteLength && other.kl === file.kl),
    ),
  );
}

/**
 * Divides models into groups whose memory fits together with the baseline's; a model that does not fit at all is alone in its group.
 *
 * @param sizes bytes of each model
 * @param room bytes of memory for a group without the baseline
 */
export function groupsThatFit(sizes: readonly number[], room: number): number[][] {
  const groups: number[][] = [];
  let left = 0;
  for (const [i, size] of sizes.entries()) {
    const group = groups.at(-1);
    if (group !== undefined && size <= left) group.push(i);
    else {
      groups.push([i]);
      left = room;
    }
    left -= size;
  }
  return groups;
}
