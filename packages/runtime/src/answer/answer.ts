// One answer in progress: from the logits after the last token to the next token, until one ends it.
//
// It knows nothing of caches and passes, so that one sequence, a batch, and drafted tokens verified row by row give the
// same answer.

import type { Model } from '../model/model.js';
import { checkKind, checkModel, checkOptions } from '../options/check-options.js';
import { ids } from '../options/option-kinds.js';
import { type LogProbability, type Measure, measure } from '../sampler/log-probabilities.js';
import { createSampler } from '../sampler/sampler.js';
import { samplerOptionsOf } from '../sampler/sampling-options.js';
import { createAnswerDigest } from './answer-digest.js';
import type { AnswerStep, EndEvent, EndReason, NamedLogProbability, TokenEvent } from './answer-events.js';
import { resolveLimits } from './answer-limits.js';
import { type CreateAnswerOptions, createAnswerOptions } from './answer-options.js';
import { checkPrompt, checkStops } from './check-answer.js';
import { createStopMatcher } from './stop-matcher.js';

/** An answer in progress. */
export interface Answer {
  /** Position of the first token that is never chosen. The token before it is never computed. */
  readonly endPosition: number;
  /**
   * Chooses the next token. While `end` is null, the next call takes the logits after that token.
   *
   * All answers of a model share its kernels: one call at a time.
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

/** {@link createAnswer} for options that were checked already; other fields are ignored. */
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
  const digest = options.digest === true ? createAnswerDigest() : null;
  let position = promptTokens.length;
  let start: number | null = null;

  return {
    endPosition: limits.end,
    async next(logits) {
      start ??= now();
      if (position >= limits.end) return { token: null, end: endEvent(limits.reason) };
      if (isDone()) return { token: null, end: endEvent('complete') };
      const computed = digest === null ? null : logits.slice();
      const measured = logprobs === undefined ? null : await measure(logits, model.softmax);
      // Rows of the embedding that no token uses: their logits mean nothing.
      if (model.tokenizer !== null) logits.fill(Number.NEGATIVE_INFINITY, model.tokenizer.nUsedTokens);
      if (position < limits.minEnd) for (const id of endIds) logits[id] = Number.NEGATIVE_INFINITY;
      constrained?.restrict(logits, endIds);
      const id = await sampler.sample(logits);
      const stopName = stopNames.get(id);
      if (stopName !== undefined) return { token: null, end: endEvent('stop', { stop: stopName, isToken: true }) };
      if (eosIds.includes(id)) return { token: null, end: endEvent('eos', { eosId: id }) };
      if (stopIds.includes(id)) return { token: null, end: endEvent('stop', { stop: id }) };
      const decoded = decoder?.push(id) ?? '';
      // Text before `minTokens` is not searched: the last of those tokens is the first that may end the answer.
      const found = position + 1 < limits.minEnd ? { text: decoded, stop: null } : matcher.push(decoded);
      const token: TokenEvent = { type: 'token', id, position, text: found.text, ...logprobsOf(measured, id) };
      position++;
      digest?.push(id, computed!);
      constrained?.push(id);
      if (found.stop !== null) return { token, end: endEvent('stop', { stop: found.stop }) };
      if (isDone()) return { token, end: endEvent('complete') };
      // The last token needs no logits.
      return position < limits.end ? { token, end: null } : { token, end: endEvent(limits.reason) };
    },
  };

  /** Whether the constraint allows no further token. */
  function isDone(): boolean {
    return constrained !== null && !constrained.hasNext;
  }

  function logprobsOf(measured: Measure | null, id: number): Pick<TokenEvent, 'logprobs'> {
    if (measured === null) return {};
    return { logprobs: { ...named(measured.of(id)), top: measured.top(logprobs!).map(named) } };
  }

  function named({ id, logProbability }: LogProbability): NamedLogProbability {
    return { id, text: model.tokenizer?.decode([id]) ?? '', logProbability };
  }

  function endEvent(
    reason: EndReason,
    { eosId = null, stop = null, isToken = false }: Partial<EndCause> = {},
  ): EndEvent {
    const nTokens = position - promptTokens.length;
    const isFoundInText = typeof stop === 'string' && !isToken;
    const text = isFoundInText ? '' : heldBack();
    const judged = constrained === null ? {} : { meetsConstraint: constrained.isComplete };
    const digested = digest === null ? {} : { digest: digest.end() };
    return { type: 'end', reason, eosId, stop, text, nTokens, ...judged, ...digested, milliseconds: now() - start! };
  }

  function heldBack(): string {
    const last = matcher.push(decoder?.flush() ?? '');
    return last.text + matcher.flush();
  }
}

interface EndCause extends Pick<EndEvent, 'eosId' | 'stop'> {
  /** Whether the stop string was found as a special token, not as text. */
  readonly isToken: boolean;
}

/** Special tokens that stop strings name, by id: decoded text never holds their names. */
function stopTokens({ tokenizer }: Model, stop: readonly string[]): ReadonlyMap<number, string> {
  const named = stop.map((name) => [tokenizer?.specialId(name), name] as const);
  return new Map(named.filter((entry): entry is readonly [number, string] => entry[0] !== undefined));
}
