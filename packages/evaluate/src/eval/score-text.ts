// Scores the predictions of models on a text, in one pass over it, and with a baseline their divergence from it.

import { ToolkitError } from '@llama-ts/base';
import type { Model } from '@llama-ts/runtime';
import { createRunner, passesOf, type Runner } from './passes.js';
import { createScores, type Scores, scoreDivergence, scorePrediction } from './scores.js';
import { type EvalTokens, evalTokens, type RefuseTokenizer } from './tokens.js';
import { planWindows } from './windows.js';

/** How a text is measured. */
export interface TextOptions {
  /** Positions of a window, the begin-of-text token included; default 512, or what the contexts allow. */
  readonly window?: number | undefined;
  /** Tokens from the start of one window to the next, below `window`; default half the window. */
  readonly stride?: number | undefined;
  /** Tokens of the text to evaluate on; default all. */
  readonly maxTokens?: number | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Progress of an evaluation: the number of predictions that are scored. */
export interface EvalEvent {
  readonly type: 'rows-end';
  /** Predictions scored so far, by each model. */
  readonly nScored: number;
  /** Predictions to score in all. */
  readonly count: number;
}

/** Options of {@link scoreText}. */
export interface ScoreTextOptions extends TextOptions {
  readonly baseline: Model | null;
  /** The error for a model whose tokenizer differs from the baseline's. */
  readonly refuse?: RefuseTokenizer | undefined;
}

/** A model and its scores. */
export interface ScoredModel {
  readonly runner: Runner;
  readonly scores: Scores;
}

/** What a pass over a text found. */
export interface ScoredText {
  readonly tokens: EvalTokens;
  readonly nWindows: number;
  readonly window: number;
  readonly stride: number;
  /** In the order of the models. */
  readonly models: readonly [ScoredModel, ...ScoredModel[]];
  /** null without a baseline. */
  readonly baselineRunner: Runner | null;
  readonly baselineScores: Scores | null;
}

const DEFAULT_WINDOW = 512;

/**
 * Lets every model predict every token of a text once. All models are in memory at once, and nothing else may run on them.
 *
 * @throws ToolkitError as {@link evaluateText} does; rejects with the signal's reason
 */
export async function* scoreText(
  models: readonly [Model, ...Model[]],
  text: string | readonly number[],
  options: ScoreTextOptions,
): AsyncGenerator<EvalEvent, ScoredText, void> {
  const { baseline, signal } = options;
  signal?.throwIfAborted();
  const tokens = cutTokens(evalTokens(models, baseline, text, options.refuse), options.maxTokens);
  const { ids, bosId } = tokens;
  const { window, stride } = resolveWindow(baseline === null ? models : [...models, baseline], options);
  const windows = planWindows(ids.length, { window, stride, hasBos: bosId !== null });
  const firstToken = windows[0]!.firstScored;
  const count = ids.length - firstToken;
  const setUp = (model: Model, of: Scores | null): ScoredModel => ({
    runner: createRunner(model, { ...options, window }),
    scores: createScores(firstToken, count, of),
  });
  const base = baseline === null ? null : setUp(baseline, null);
  const [first, ...others] = models;
  const scored = [
    setUp(first, base?.scores ?? null),
    ...others.map((model) => setUp(model, base?.scores ?? null)),
  ] as const;
  const { vocabSize } = first.header.dimensions;

  for (const textWindow of windows) {
    for (const rows of passesOf(textWindow, tokens, vocabSize)) {
      const start = rows.firstTarget - firstToken;
      const rowOf = (logits: Float32Array, row: number) => logits.subarray(row * vocabSize, (row + 1) * vocabSize);
      const baselineLogits = (await base?.runner.run(rows)) ?? null;
      for (let row = 0; rows.isScored && base !== null && row < rows.tokens.length; row++) {
        scorePrediction(base.scores, start + row, ids[rows.firstTarget + row]!, rowOf(baselineLogits!, row));
      }
      for (const { runner, scores } of scored) {
        const logits = await runner.run(rows);
        for (let row = 0; rows.isScored && row < rows.tokens.length; row++) {
          const i = start + row;
          scorePrediction(scores, i, ids[rows.firstTarget + row]!, rowOf(logits, row));
          if (base !== null) scoreDivergence(scores, i, rowOf(logits, row), base.scores, rowOf(baselineLogits!, row));
        }
      }
      if (rows.isScored) yield { type: 'rows-end', nScored: start + rows.tokens.length, count };
    }
  }
  return {
    tokens,
    nWindows: windows.length,
    window,
    stride,
    models: scored,
    baselineRunner: base?.runner ?? null,
    baselineScores: base?.scores ?? null,
  };
}

function resolveWindow(models: readonly Model[], { window: asked, stride: askedStride }: TextOptions) {
  const room = Math.min(...models.map(({ contextLength }) => contextLength));
  const window = asked ?? Math.min(DEFAULT_WINDOW, room);
  if (window > room) {
    throw new ToolkitError('INVALID_OPTION', `window of ${window} positions, expected at most ${room}, the context`);
  }
  return { window, stride: askedStride ?? Math.max(1, Math.floor(window / 2)) };
}

function cutTokens(tokens: EvalTokens, maxTokens: number | undefined): EvalTokens {
  if (maxTokens === undefined) return tokens;
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new ToolkitError('INVALID_OPTION', `max tokens ${maxTokens}, expected a whole number from 1`);
  }
  return { ...tokens, ids: tokens.ids.slice(0, maxTokens) };
}
