// Evaluates a model on a text: perplexity, and in the same pass its divergence from a baseline.

import { ToolkitError } from '@llama-ts/format';
import type { Model } from '@llama-ts/runtime';
import { greedyDeparture } from './greedy-departure.js';
import { createRunner, passesOf, type Runner } from './passes.js';
import { createScores, type Divergence, divergenceOf, meansAlong, perplexityOf, scorePrediction } from './scores.js';
import type { Estimate } from './statistics.js';
import { type EvalTokens, evalTokens } from './tokens.js';
import { planWindows } from './windows.js';
import { type TokenInContext, worstTokens } from './worst-tokens.js';

/** Options of {@link evaluateText}. */
export interface EvaluateTextOptions {
  /** A model of the same tokenizer that is right by definition, as v1 is for v2. Both are in memory at once. */
  readonly baseline?: Model | undefined;
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

/** Progress of an evaluation: so many of the predictions are scored. */
export interface EvalEvent {
  readonly type: 'rows-end';
  readonly nScored: number;
  readonly count: number;
}

/** Where two models part in greedy decoding of the text's beginning, in words. */
export interface GreedyComparison {
  readonly nPromptTokens: number;
  /** Tokens that both chose after the prompt. */
  readonly nSameTokens: number;
  /** What each chose next; null when they never parted. */
  readonly departure: { readonly token: string; readonly baselineToken: string } | null;
}

/** What an evaluation found. */
export interface Evaluation {
  /** Tokens that were predicted, each once. */
  readonly nTokens: number;
  readonly nWindows: number;
  readonly window: number;
  readonly stride: number;
  readonly perplexity: Estimate;
  /** null without a baseline. */
  readonly divergence: (Divergence & { readonly greedy: GreedyComparison }) | null;
  /** Means over consecutive parts of the text of about the same length, 256 at most. `kl` is null without a baseline. */
  readonly along: { readonly nll: readonly number[]; readonly kl: readonly number[] | null };
  /** Worst first. */
  readonly worst: readonly TokenInContext[];
  /** Of the forward passes alone, tokens of context included. */
  readonly tokensPerSecond: number;
  readonly baselineTokensPerSecond: number | null;
}

const DEFAULT_WINDOW = 512;
const N_PARTS = 256;
const N_WORST = 20;
const GREEDY_PROMPT_TOKENS = 32;
const GREEDY_TOKENS = 128;

/**
 * Predicts every token of a text once, in windows that overlap by `window − stride`, and measures how well. Nothing else
 * may run on the models meanwhile.
 *
 * @param text or token ids, without a begin-of-text token: each window gets its own
 * @throws ToolkitError `INVALID_OPTION`, `BAD_TEXT`, `MODEL_BUSY`, `NO_TOKENIZER`, `DIFFERENT_TOKENIZERS`, `BAD_TOKEN_ID`,
 *   `NON_FINITE`; rejects with the signal's reason
 */
export async function* evaluateText(
  model: Model,
  text: string | readonly number[],
  options: EvaluateTextOptions = {},
): AsyncGenerator<EvalEvent, Evaluation, void> {
  const { baseline = null, signal } = options;
  signal?.throwIfAborted();
  const tokens = cutTokens(evalTokens(model, baseline, text), options.maxTokens);
  const { ids, bosId } = tokens;
  const { window, stride } = resolveWindow(model, baseline, options);
  const windows = planWindows(ids.length, { window, stride, hasBos: bosId !== null });
  const firstToken = windows[0]!.firstScored;
  const scores = createScores(firstToken, ids.length - firstToken);
  const runner = createRunner(model, { ...options, window });
  const baselineRunner = baseline === null ? null : createRunner(baseline, { ...options, window });
  const { vocabSize } = model.header.dimensions;

  for (const textWindow of windows) {
    for (const rows of passesOf(textWindow, tokens, vocabSize)) {
      const logits = await runner.run(rows);
      const baselineLogits = (await baselineRunner?.run(rows)) ?? null;
      if (!rows.isScored) continue;
      for (let row = 0; row < rows.tokens.length; row++) {
        const index = rows.firstTarget + row;
        const [start, end] = [row * vocabSize, (row + 1) * vocabSize];
        const baselineRow = baselineLogits?.subarray(start, end) ?? null;
        scorePrediction(scores, index - firstToken, ids[index]!, logits.subarray(start, end), baselineRow);
      }
      const nScored = rows.firstTarget + rows.tokens.length - firstToken;
      yield { type: 'rows-end', nScored, count: scores.nll.length };
    }
  }

  const { nll, kl } = scores;
  return {
    nTokens: nll.length,
    nWindows: windows.length,
    window,
    stride,
    perplexity: perplexityOf(nll),
    divergence:
      baselineRunner === null
        ? null
        : { ...divergenceOf(scores), greedy: await compareGreedy(runner, baselineRunner, tokens, window, signal) },
    along: { nll: meansAlong(nll, N_PARTS), kl: baseline === null ? null : meansAlong(kl, N_PARTS) },
    worst: worstTokens(scores, tokens, N_WORST),
    tokensPerSecond: runner.tokensPerSecond(),
    baselineTokensPerSecond: baselineRunner?.tokensPerSecond() ?? null,
  };
}

async function compareGreedy(
  runner: Runner,
  baselineRunner: Runner,
  { ids, bosId, tokenizer }: EvalTokens,
  window: number,
  signal: AbortSignal | undefined,
): Promise<GreedyComparison> {
  const nPromptTokens = Math.min(GREEDY_PROMPT_TOKENS, Math.floor(window / 2));
  const prompt = [...(bosId === null ? [] : [bosId]), ...ids].slice(0, nPromptTokens);
  const nNewTokens = Math.min(GREEDY_TOKENS, window - prompt.length);
  const { departure, ...counts } = await greedyDeparture(runner, baselineRunner, prompt, nNewTokens, signal);
  if (departure === null) return { ...counts, departure };
  const textOf = (id: number): string => tokenizer?.decode([id]) ?? `⟨${id}⟩`;
  const { token, baselineToken } = departure;
  return { ...counts, departure: { token: textOf(token), baselineToken: textOf(baselineToken) } };
}

function resolveWindow(
  model: Model,
  baseline: Model | null,
  { window: asked, stride: askedStride }: EvaluateTextOptions,
) {
  const room = Math.min(model.contextLength, baseline?.contextLength ?? Number.POSITIVE_INFINITY);
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
