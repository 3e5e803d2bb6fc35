// Following generations to their end, and requests of many kinds.

import type { AnswerOptions, GenerateEvent, Model } from '@llama-ts/runtime';
import fc from 'fast-check';
import { collectAnswer } from '../helpers/collect-answer.js';

/** What an answer came to; times are left out. */
export interface Outcome {
  readonly ids: readonly number[];
  readonly text: string;
  readonly reason: string;
}

export async function outcome(events: AsyncIterable<GenerateEvent>): Promise<Outcome> {
  const { ids, text, end } = await collectAnswer(events);
  return { ids, text, reason: end.reason };
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

/** The model without end-of-sequence tokens: its answers end at their maximum of tokens. */
export function withoutEnd(model: Model): Model {
  return { ...model, settings: { ...model.settings, eosIds: [] } };
}

/** The model, and the rows of each sequence in each pass that it computes. */
export function spyOn(model: Model, onPass: (nRows: number) => void = () => undefined) {
  const passes: number[][] = [];
  const spy: Model = {
    ...model,
    async forward(batch, options) {
      passes.push(batch.map(({ tokens }) => tokens.length));
      onPass(batch.reduce((sum, { tokens }) => sum + tokens.length, 0));
      return model.forward(batch, options);
    },
  };
  return { spy, passes };
}
