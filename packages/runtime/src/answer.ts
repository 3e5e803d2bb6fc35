// One answer in progress: from the logits after the last token to the next token, until one ends it.
//
// It knows nothing of caches and passes, so that whoever computes the logits (one sequence, a batch, or drafted tokens
// verified row by row) gets the same answer.

import { ToolkitError } from '@llama-ts/format';
import type { Model } from './model.js';
import { createSampler } from './sampler/sampler.js';

/** What decides about an answer. */
export interface AnswerOptions {
  /** New tokens at most; default what there is room for. */
  readonly maxTokens?: number | undefined;
  /** Positions at most, prompt included, as the reference's -n counts. */
  readonly steps?: number | undefined;
  /** Default the model's, else 1; 0 takes the most probable token. */
  readonly temperature?: number | undefined;
  /** Default the model's, else 0.9. */
  readonly topP?: number | undefined;
  /** 1 to 2^64 − 1; default 1. */
  readonly seed?: bigint | number | undefined;
  /** The reference's softmax, in its order of sums. */
  readonly referenceSampler?: boolean | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
}

/** Options of {@link createAnswer}. */
export interface CreateAnswerOptions extends AnswerOptions {
  /** Positions of the cache the logits are computed with; default the model's context. */
  readonly room?: number | undefined;
}

/** Why an answer ended: an end token, a limit asked for, or a full context. */
export type EndReason = 'eos' | 'length' | 'context';

/** A token was chosen. */
export interface TokenEvent {
  readonly type: 'token';
  readonly id: number;
  readonly position: number;
  /** What can be shown by now; the bytes of an unfinished character wait. */
  readonly text: string;
}

/** The answer is whole. */
export interface EndEvent {
  readonly type: 'end';
  readonly reason: EndReason;
  /** The token that ended it; null unless `reason` is `eos`. */
  readonly eosId: number | null;
  /** What was left of a character cut in half. */
  readonly text: string;
  readonly nTokens: number;
  /** Since the first step. */
  readonly milliseconds: number;
}

/** What one step brings, in order of events: a token, the end, or both. */
export type AnswerStep =
  | { readonly token: TokenEvent; readonly end: null }
  | { readonly token: TokenEvent; readonly end: EndEvent }
  | { readonly token: null; readonly end: EndEvent };

/** An answer in progress. */
export interface Answer {
  /** Position of the first token that is never chosen; the one before it is never computed. */
  readonly endPosition: number;
  /**
   * Chooses the next token. While `end` is null, the next call wants the logits after that token.
   *
   * One call at a time for all answers of a model: they share its kernels.
   *
   * @param logits (vocabSize) after the last token, from this model's forward
   */
  next(logits: Float32Array): Promise<AnswerStep>;
}

/** The reference asks no model for its settings. */
const noDefaults = { doSample: null, temperature: null, topP: null };

/**
 * Begins the answer to a prompt.
 *
 * @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION`
 */
export function createAnswer(model: Model, promptTokens: readonly number[], options: CreateAnswerOptions = {}): Answer {
  const { room = model.contextLength, now = () => performance.now() } = options;
  checkPrompt(model, room, promptTokens);
  const limits = resolveLimits(room, promptTokens.length, options);
  const sampler = createSampler(resolveSampling(model, options), model.softmax);
  const decoder = model.tokenizer?.createDecoder({ skipSpecial: true }) ?? null;
  let position = promptTokens.length;
  let start: number | null = null;

  return {
    endPosition: limits.end,
    async next(logits) {
      start ??= now();
      if (position >= limits.end) return { token: null, end: end(limits.reason, null) };
      const id = await sampler.sample(logits);
      if (model.settings.eosIds.includes(id)) return { token: null, end: end('eos', id) };
      const token: TokenEvent = { type: 'token', id, position, text: decoder?.push(id) ?? '' };
      position++;
      // Nobody reads what would follow the last one.
      return position < limits.end ? { token, end: null } : { token, end: end(limits.reason, null) };
    },
  };

  function end(reason: EndReason, eosId: number | null): EndEvent {
    const nTokens = position - promptTokens.length;
    return { type: 'end', reason, eosId, text: decoder?.flush() ?? '', nTokens, milliseconds: now() - start! };
  }
}

function checkPrompt({ header }: Model, room: number, tokens: readonly number[]): void {
  if (tokens.length === 0) {
    throw new ToolkitError('INVALID_OPTION', 'a prompt of no tokens for a model without a begin-of-text token');
  }
  if (tokens.length > room) {
    throw new ToolkitError(
      'CONTEXT_EXCEEDED',
      `prompt of ${tokens.length} tokens, expected at most ${room}: ${tokens.length - room} too many`,
      { suggestions: [`shorten the prompt, or make room: --context ${tokens.length + 256}`] },
    );
  }
  const { vocabSize } = header.dimensions;
  const stray = tokens.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (stray !== undefined) throw new ToolkitError('INVALID_OPTION', `token ${stray}, expected ids below ${vocabSize}`);
}

interface Limits {
  /** Position of the first token that is not generated. */
  readonly end: number;
  readonly reason: 'length' | 'context';
}

function resolveLimits(room: number, nPrompt: number, { maxTokens, steps }: AnswerOptions): Limits {
  for (const [name, value] of [
    ['max tokens', maxTokens],
    ['steps', steps],
  ] as const) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      throw new ToolkitError('INVALID_OPTION', `${name} ${value}, expected a whole number from 0`);
    }
  }
  // As in the reference: 0 steps means as many as there is room for, and n positions computed show n + 1 tokens.
  const bySteps = steps === undefined || steps === 0 ? Number.POSITIVE_INFINITY : steps + 1;
  const asked = Math.min(bySteps, maxTokens === undefined ? Number.POSITIVE_INFINITY : nPrompt + maxTokens);
  return asked <= room + 1 ? { end: asked, reason: 'length' } : { end: room + 1, reason: 'context' };
}

function resolveSampling({ generationDefaults }: Model, options: AnswerOptions) {
  const { referenceSampler = false, seed = 1 } = options;
  const { doSample, temperature, topP } = referenceSampler ? noDefaults : generationDefaults;
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new ToolkitError('INVALID_OPTION', `seed ${seed}, expected a whole number from 1`);
  }
  return {
    temperature: options.temperature ?? (doSample === false ? 0 : (temperature ?? 1)),
    topP: options.topP ?? topP ?? 0.9,
    seed: BigInt(seed),
    referenceSampler,
  };
}
