// The answers of a request, all under way at once, as the events of one stream.

import { ToolkitError } from '@llama-ts/base';
import { type AnswerOptions, answerSeed, type GenerateEvent } from '@llama-ts/runtime';
import type { Call } from '../call.js';
import { SEED_OF_ZERO } from '../request/answer-options.js';
import type { ServerContext } from '../server-options.js';
import { type Merged, mergeStreams } from './merge-streams.js';
import { createTally, type Tally, type UsageBody } from './tally.js';

/** What is to be answered. */
export interface ChoicesRequest {
  /** (prompts) of token ids */
  readonly prompts: readonly (readonly number[])[];
  /** Answers to each of them. */
  readonly n: number;
  readonly options: AnswerOptions;
  /** Whether the request says how long an answer may be: then it has to fit. */
  readonly isLengthAsked: boolean;
}

/** Answers under way. */
export interface Choices {
  /** The seed of the first answer, requested or drawn. Above 2^53 it is a string. */
  readonly seed: number | string;
  readonly nChoices: number;
  readonly tally: Tally;
  /** Choice p · n + i is answer i to prompt p. */
  readonly events: AsyncGenerator<Merged<GenerateEvent>, void, void>;
}

/**
 * Submits all answers of a request, or none. Answer k has the seed `answerSeed(seed, k)`, so that the first one is what a
 * request for one gets.
 *
 * @throws ToolkitError what `Engine.submit` throws; `CONTEXT_EXCEEDED` where prompt and `max_tokens` do not fit
 */
export function submitChoices(
  { engine, model, drawSeed, metrics }: ServerContext,
  call: Call,
  { prompts, n, options, isLengthAsked }: ChoicesRequest,
): Choices {
  if (isLengthAsked) for (const tokens of prompts) checkRoom(tokens.length, options.maxTokens!, model.contextLength);
  const seed = BigInt(options.seed ?? drawSeed());
  const tally = createTally(n);
  const meters = prompts.flatMap(() => Array.from({ length: n }, metrics.beginAnswer));
  const measure = (index: number, event: GenerateEvent): void => meters[index]!(event);
  try {
    const streams = prompts.flatMap((tokens, p) =>
      Array.from({ length: n }, (_, i) =>
        engine.submit(tokens, { ...options, seed: answerSeed(seed, p * n + i), signal: call.signal }),
      ),
    );
    return {
      seed: saidSeed(seed),
      nChoices: streams.length,
      tally,
      events: counted(mergeStreams<GenerateEvent>(streams), [tally.add, measure], call, () => tally.usage),
    };
  } catch (error) {
    call.abort(error);
    throw error;
  }
}

function saidSeed(seed: bigint): number | string {
  if (seed === SEED_OF_ZERO) return 0;
  return seed <= Number.MAX_SAFE_INTEGER ? Number(seed) : String(seed);
}

async function* counted(
  events: AsyncGenerator<Merged<GenerateEvent>, void, void>,
  watchers: readonly ((index: number, event: GenerateEvent) => void)[],
  call: Call,
  usage: () => UsageBody,
): AsyncGenerator<Merged<GenerateEvent>, void, void> {
  try {
    for await (const merged of events) {
      for (const watch of watchers) watch(merged.index, merged.event);
      yield merged;
    }
  } finally {
    call.setUsage(usage());
  }
}

/** The last token of an answer takes no position. */
function checkRoom(nPrompt: number, maxTokens: number, contextLength: number): void {
  if (nPrompt + maxTokens <= contextLength + 1 || nPrompt > contextLength) return;
  throw new ToolkitError(
    'CONTEXT_EXCEEDED',
    `prompt of ${nPrompt} tokens and an answer of ${maxTokens}, expected at most ${contextLength + 1} together`,
  );
}
