// Following generations to their end, and requests of many kinds.

import type { AnswerOptions, GenerateEvent, Model } from '@llama-ts/runtime';
import fc from 'fast-check';

/** What an answer came to; times are left out. */
export interface Outcome {
  readonly ids: readonly number[];
  readonly text: string;
  readonly reason: string;
}

export async function outcome(events: AsyncIterable<GenerateEvent>): Promise<Outcome> {
  const ids: number[] = [];
  let text = '';
  let reason = '';
  for await (const event of events) {
    if (event.type === 'prompt-end') continue;
    text += event.text;
    if (event.type === 'token') ids.push(event.id);
    else reason = event.reason;
  }
  return { ids, text, reason };
}

export interface RandomRequest {
  readonly prompt: readonly number[];
  readonly options: AnswerOptions;
}

/** Prompts and settings that a model of this size takes. */
export function randomRequest({ header, contextLength }: Model): fc.Arbitrary<RandomRequest> {
  const token = fc.nat(header.dimensions.vocabSize - 1);
  return fc.record({
    prompt: fc.array(token, { minLength: 1, maxLength: contextLength }),
    options: fc.record({
      maxTokens: fc.option(fc.nat(20), { nil: undefined }),
      temperature: fc.constantFrom(0, 0.7, 1.5),
      topP: fc.constantFrom(0.5, 0.9, 1),
      seed: fc.integer({ min: 1, max: 1000 }),
    }),
  });
}
