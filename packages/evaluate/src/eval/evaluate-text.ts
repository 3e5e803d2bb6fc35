// Evaluates a model on a text: perplexity, and in the same pass its divergence from a baseline.

import type { Model } from '@llama-ts/runtime';
import { greedyDeparture } from './greedy-departure.js';
import type { Runner } from './passes.js';
import { type EvalEvent, scoreText, type TextOptions } from './score-text.js';
import { type Divergence, divergenceOf, meansAlong, perplexityOf } from './scores.js';
import type { Estimate } from './statistics.js';
import type { EvalTokens } from './tokens.js';
import { type TokenInContext, worstTokens } from './worst-tokens.js';

/** Options of {@link evaluateText}. */
export interface EvaluateTextOptions extends TextOptions {
  /** The reference model, with the same tokenizer, as v1 is for v2. Both are in memory at once. */
  readonly baseline?: Model | undefined;
}

/** Where two models first choose different tokens in greedy decoding of the text's beginning. */
export interface GreedyComparison {
  /** Tokens of the prompt, the begin-of-text token included. */
  readonly nPromptTokens: number;
  /** Tokens that both chose after the prompt. */
  readonly nSameTokens: number;
  /** The two different next tokens; null if all tokens were the same. */
  readonly departure: { readonly token: string; readonly baselineToken: string } | null;
}

/** The results of an evaluation. */
export interface Evaluation {
  /** Tokens that were predicted, each once. */
  readonly nTokens: number;
  /** Windows that the text was cut into. */
  readonly nWindows: number;
  /** Positions of a window, from 2. */
  readonly window: number;
  /** Tokens from the start of one window to the next, from 1. */
  readonly stride: number;
  readonly perplexity: Estimate;
  /** null without a baseline. */
  readonly divergence: (Divergence & { readonly greedy: GreedyComparison }) | null;
  /** Means over consecutive parts of the text of about the same length, 256 at most. `kl` is null without a baseline. */
  readonly along: { readonly nll: readonly number[]; readonly kl: readonly number[] | null };
  /** Worst tokens first. */
  readonly worst: readonly TokenInContext[];
  /** Speed of the forward passes alone, tokens of context included. */
  readonly tokensPerSecond: number;
  /** The same for the baseline; null without one. */
  readonly baselineTokensPerSecond: number | null;
}

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
  const scored = yield* scoreText([model], text, { ...options, baseline });
  const { tokens, nWindows, window, stride, baselineRunner } = scored;
  const [{ runner, scores }] = scored.models;
  const { nll, kl } = scores;
  return {
    nTokens: nll.length,
    nWindows,
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
