// One answer in progress: from the logits after the last token to the next token, until one ends it.
//
// It knows nothing of caches and passes, so that whoever computes the logits (one sequence, a batch, or drafted tokens
// verified row by row) gets the same answer.

import { shellQuote, ToolkitError } from '@llama-ts/format';
import { type LimitOptions, limitOptions, resolveLimits } from './answer-limits.js';
import { checkKind, checkModel, checkOptions, describe, type OptionKind, type TableOf } from './check-options.js';
import type { Constraint } from './constraint/constraint.js';
import { contextRemedies } from './context-remedies.js';
import type { Model } from './model.js';
import { aFunction, aString, count, either, ids, strings, wholeNumber } from './option-kinds.js';
import { type LogProbability, type Measure, measure } from './sampler/log-probabilities.js';
import { createSampler } from './sampler/sampler.js';
import { type SamplingOptions, samplerOptionsOf, samplingOptions } from './sampler/sampling-options.js';
import { createStopMatcher } from './stop-matcher.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';

/** What decides about an answer. */
export interface AnswerOptions extends SamplingOptions, LimitOptions {
  /**
   * A text, or texts, that end the answer and are no part of it, also when they straddle tokens; the name of a special token stands
   * for the token too, also where that is an end token of the model.
   */
  readonly stop?: string | readonly string[] | undefined;
  /** Tokens that end the answer like the model's end tokens. */
  readonly stopIds?: readonly number[] | undefined;
  /**
   * What the answer may be: `jsonSchema`, `jsonMode` or `regex`. With it, only special tokens may be
   * asked for as stops, and they are banned until it is met.
   */
  readonly constraint?: Constraint | undefined;
  /** How many of the most probable tokens come with each token, 0 to 20; their logarithms come with any number. */
  readonly logprobs?: number | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
}

/** Options of {@link createAnswer}. */
export interface CreateAnswerOptions extends AnswerOptions {
  /** Positions of the cache the logits are computed with; default the model's context. */
  readonly room?: number | undefined;
}

/** Enough to look at; more is a dump of the vocabulary. */
const MAX_LOGPROBS = 20;

const aConstraint: OptionKind = {
  expected: 'what jsonSchema, jsonMode or regex returns',
  accepts: (value) => typeof (value as Partial<Constraint> | null)?.begin === 'function',
  suggestion: 'jsonSchema(schema)',
};

/** Kinds of {@link AnswerOptions}. */
export const answerOptions: TableOf<AnswerOptions> = {
  ...samplingOptions,
  ...limitOptions,
  stop: either(aString, strings),
  stopIds: ids,
  constraint: aConstraint,
  logprobs: wholeNumber(0, MAX_LOGPROBS),
  now: aFunction,
};
const createAnswerOptions: TableOf<CreateAnswerOptions> = { ...answerOptions, room: count };

/**
 * Why an answer ended: an end token of the model, a stop string or id, a constraint behind which nothing may follow, a
 * limit asked for, or a full context.
 */
export type EndReason = 'eos' | 'stop' | 'complete' | 'length' | 'context';

/** A token was chosen. */
export interface TokenEvent {
  readonly type: 'token';
  readonly id: number;
  readonly position: number;
  /** What can be shown by now: an unfinished character waits, and so does what may become a stop string. */
  readonly text: string;
  /** With the option `logprobs`. */
  readonly logprobs?: TokenLogProbabilities;
}

/** In the model's own distribution, before constraint, biases, penalties, bans and temperature. */
export interface TokenLogProbabilities {
  /** Natural logarithm of the chosen token's probability. */
  readonly logProbability: number;
  /** The most probable tokens, most probable first. */
  readonly top: readonly LogProbability[];
}

/** The answer is whole. */
export interface EndEvent {
  readonly type: 'end';
  readonly reason: EndReason;
  /** The token that ended it; null unless `reason` is `eos`. */
  readonly eosId: number | null;
  /** The stop string or id that ended it; null unless `reason` is `stop`. */
  readonly stop: string | number | null;
  /** What was held back: half a character, or what did not become a stop string. */
  readonly text: string;
  readonly nTokens: number;
  /** With a constraint: whether the answer meets it. One that a limit or a full context cut off may not. */
  readonly meetsConstraint?: boolean;
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
   * @param logits (vocabSize) after the last token, from this model's forward; changed in place
   */
  next(logits: Float32Array): Promise<AnswerStep>;
}

/**
 * Begins the answer to a prompt.
 *
 * @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION`, `NO_TOKENIZER`
 */
export function createAnswer(model: Model, promptTokens: readonly number[], options: CreateAnswerOptions = {}): Answer {
  checkModel('createAnswer', model);
  checkOptions('createAnswer', options, createAnswerOptions);
  checkKind('promptTokens', promptTokens ?? null, ids);
  return beginAnswer(model, promptTokens, options);
}

/** The same with options that are checked already, whatever others are beside them. */
export function beginAnswer(model: Model, promptTokens: readonly number[], options: CreateAnswerOptions): Answer {
  const { room = model.contextLength, stopIds = [], logprobs, now = () => performance.now() } = options;
  const stop = typeof options.stop === 'string' ? [options.stop] : (options.stop ?? []);
  const { eosIds } = model.settings;
  checkPrompt(model, room, promptTokens);
  checkStops(model, stop, options);
  const limits = resolveLimits(room, promptTokens.length, options);
  const sampler = createSampler(samplerOptionsOf(model, options), model.softmax, promptTokens);
  const decoder = model.tokenizer?.createDecoder({ skipSpecial: true }) ?? null;
  const matcher = createStopMatcher(stop);
  const stopNames = stopTokens(model, stop);
  const endIds = [...eosIds, ...stopIds, ...stopNames.keys()];
  const constrained = options.constraint?.begin(model.tokenizer!) ?? null;
  let position = promptTokens.length;
  let start: number | null = null;

  return {
    endPosition: limits.end,
    async next(logits) {
      start ??= now();
      if (position >= limits.end) return { token: null, end: endEvent(limits.reason) };
      if (isDone()) return { token: null, end: endEvent('complete') };
      const measured = logprobs === undefined ? null : await measure(logits, model.softmax);
      // Rows of the embedding that no token uses: what they score means nothing.
      if (model.tokenizer !== null) logits.fill(Number.NEGATIVE_INFINITY, model.tokenizer.nUsedTokens);
      if (position < limits.minEnd) for (const id of endIds) logits[id] = Number.NEGATIVE_INFINITY;
      constrained?.restrict(logits, endIds);
      const id = await sampler.sample(logits);
      const stopName = stopNames.get(id);
      if (stopName !== undefined) return { token: null, end: endEvent('stop', { stop: stopName, isToken: true }) };
      if (eosIds.includes(id)) return { token: null, end: endEvent('eos', { eosId: id }) };
      if (stopIds.includes(id)) return { token: null, end: endEvent('stop', { stop: id }) };
      const decoded = decoder?.push(id) ?? '';
      // The text of tokens that there must be is not searched: the last of them is the first that may end it.
      const found = position + 1 < limits.minEnd ? { text: decoded, stop: null } : matcher.push(decoded);
      const token: TokenEvent = { type: 'token', id, position, text: found.text, ...logprobsOf(measured, id) };
      position++;
      constrained?.push(id);
      if (found.stop !== null) return { token, end: endEvent('stop', { stop: found.stop }) };
      if (isDone()) return { token, end: endEvent('complete') };
      // Nobody reads what would follow the last one.
      return position < limits.end ? { token, end: null } : { token, end: endEvent(limits.reason) };
    },
  };

  /** Whether the constraint lets nothing follow. */
  function isDone(): boolean {
    return constrained !== null && !constrained.hasNext;
  }

  function logprobsOf(measured: Measure | null, id: number): Pick<TokenEvent, 'logprobs'> {
    if (measured === null) return {};
    return { logprobs: { logProbability: measured.of(id).logProbability, top: measured.top(logprobs!) } };
  }

  function endEvent(
    reason: EndReason,
    { eosId = null, stop = null, isToken = false }: Partial<EndCause> = {},
  ): EndEvent {
    const nTokens = position - promptTokens.length;
    const isFoundInText = typeof stop === 'string' && !isToken;
    const text = isFoundInText ? '' : heldBack();
    const judged = constrained === null ? {} : { meetsConstraint: constrained.isComplete };
    return { type: 'end', reason, eosId, stop, text, nTokens, ...judged, milliseconds: now() - start! };
  }

  function heldBack(): string {
    const last = matcher.push(decoder?.flush() ?? '');
    return last.text + matcher.flush();
  }
}

interface EndCause extends Pick<EndEvent, 'eosId' | 'stop'> {
  /** Whether the stop string was a token of its own, and no text. */
  readonly isToken: boolean;
}

/** Special tokens that stop strings name, by id: decoded text never holds their names. */
function stopTokens({ tokenizer }: Model, stop: readonly string[]): ReadonlyMap<number, string> {
  const named = stop.map((name) => [tokenizer?.specialId(name), name] as const);
  return new Map(named.filter((entry): entry is readonly [number, string] => entry[0] !== undefined));
}

function checkPrompt({ header }: Model, room: number, tokens: readonly number[]): void {
  if (tokens.length === 0) {
    throw new ToolkitError('INVALID_OPTION', 'a prompt of no tokens for a model without a begin-of-text token');
  }
  if (tokens.length > room) {
    throw new ToolkitError(
      'CONTEXT_EXCEEDED',
      `prompt of ${tokens.length} tokens, expected at most ${room}: ${tokens.length - room} too many`,
      { suggestions: contextRemedies(tokens.length, header.dimensions.maxSeqLen) },
    );
  }
  checkIds('token', tokens, header.dimensions.vocabSize);
}

function checkIds(name: string, ids: readonly number[], vocabSize: number): void {
  const at = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (at >= 0)
    throw new ToolkitError('INVALID_OPTION', `${name} ${describe(ids[at])}, expected ids below ${vocabSize}`);
}

function checkStops({ header, tokenizer }: Model, stop: readonly string[], options: AnswerOptions): void {
  const { stopIds = [], constraint } = options;
  if (constraint !== undefined) {
    checkConstrained(
      tokenizer,
      stop.filter((text) => tokenizer?.specialId(text) === undefined),
      stopIds,
    );
  }
  for (const text of stop) refuseSpecialWithin(tokenizer, text);
  if (stop.includes('')) throw new ToolkitError('INVALID_OPTION', 'an empty stop string, expected text');
  if (stop.length > 0 && tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one to look for stop strings with');
  }
  checkIds('stop id', stopIds, header.dimensions.vocabSize);
}

/** Such a stop string would wait for a name that no text holds. Names that are plain words are left to the text. */
function refuseSpecialWithin(tokenizer: Tokenizer | null, text: string): void {
  if (tokenizer === null || tokenizer.specialId(text) !== undefined) return;
  const within = tokenizer.specialTokens.find(({ name }) => !/^\w*$/.test(name) && text.includes(name));
  if (within === undefined) return;
  throw new ToolkitError(
    'INVALID_OPTION',
    `stop string ${JSON.stringify(text)} holds the special token ${within.name}, which is no text, expected text or the name alone`,
    { suggestions: [`stop at the token: --stop ${shellQuote(within.name)}`] },
  );
}

/** A constraint says where the answer ends; text that ends it would cut it anywhere. */
function checkConstrained(tokenizer: Tokenizer | null, stop: readonly string[], stopIds: readonly number[]): void {
  if (tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one to constrain the answer with');
  }
  const textId = stopIds.find((id) => !tokenizer.isSpecial(id));
  if (stop.length === 0 && textId === undefined) return;
  const found = stop.length > 0 ? 'stop strings' : `the stop id ${textId}, which is text,`;
  throw new ToolkitError(
    'INVALID_OPTION',
    `${found} together with a constraint, expected only special tokens to stop at`,
    {
      suggestions: [
        `the answer ends where the constraint is met: leave out ${stop.length > 0 ? '--stop' : '--stop-id'}`,
      ],
    },
  );
}
