// Several answers to one prompt, which is computed once.

import { answerSeed, checkedSeed } from '../chat/chat-seed.js';
import type { Model } from '../model/model.js';
import { checkKind, checkModel, checkOptions, type TableOf } from '../options/check-options.js';
import { count } from '../options/option-kinds.js';
import { type GenerateEvent, type GenerateOptions, generate, generateOptions, toPromptTokens } from './generate.js';

/** One of several answers to a prompt. */
export interface AnswerOfSeveral {
  /** Number of the answer, from 0. */
  readonly index: number;
  readonly seed: bigint;
  /** Read it to its end, or leave it, before asking for the next answer: all answers use one cache. */
  readonly events: AsyncGenerator<GenerateEvent, void, void>;
}

/** Options of {@link generateAnswers}. */
export type GenerateAnswersOptions = Omit<GenerateOptions, 'cachedTokens'>;

const { cachedTokens: _ours, ...generateAnswersOptions } = generateOptions satisfies TableOf<GenerateOptions>;

/**
 * Answers a prompt `n` times. Answer i equals what `generate` gives with the seed `answerSeed(seed, i)`; the first has
 * the seed itself.
 *
 * @throws as {@link generate} does, from the events of an answer
 * @example
 * for await (const { index, events } of generateAnswers(model, 'Once upon a time', 3, { seed: 7 })) {
 *   for await (const event of events) if (event.type === 'token') show(index, event.text);
 * }
 */
export async function* generateAnswers(
  model: Model,
  prompt: string | readonly number[],
  n: number,
  options: GenerateAnswersOptions = {},
): AsyncGenerator<AnswerOfSeveral, void, void> {
  checkModel('generateAnswers', model);
  checkOptions('generateAnswers', options, generateAnswersOptions);
  checkKind('n', n ?? null, count);
  model.closed.throwIfAborted();
  const tokens = toPromptTokens(model, prompt, options.specials);
  const cache = options.cache ?? model.createCache();
  let cachedTokens = 0;
  for (let index = 0; index < n; index++) {
    const seed = answerSeed(checkedSeed(options.seed ?? 1), index);
    yield { index, seed, events: track(generate(model, tokens, { ...options, cache, cachedTokens, seed })) };
  }

  /** Later answers do not compute the prompt again. */
  async function* track(events: AsyncGenerator<GenerateEvent, void, void>): AsyncGenerator<GenerateEvent, void, void> {
    for await (const event of events) {
      if (event.type === 'prompt-end') cachedTokens = tokens.length;
      yield event;
    }
  }
}
