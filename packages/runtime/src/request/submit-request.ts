// Submits a request to an engine, with defaults for what it does not say.

import type { AnswerOptions } from '../answer/answer-options.js';
import type { GenerateEvent } from '../answer/sequence.js';
import { type EncodeMessagesOptions, encodeMessages } from '../chat/encode-messages.js';
import type { Engine, SubmitOptions } from '../engine/engine.js';
import type { EventStream } from '../engine/event-queue.js';
import type { Model } from '../model/model.js';
import type { AnswerRequest } from './read-request.js';

/** Where and how a request is answered. */
export interface SubmitRequestOptions extends Pick<SubmitOptions, 'speculate' | 'signal'> {
  readonly model: Model;
  /** The engine of that model. */
  readonly engine: Engine;
  /** Options of answers for requests that do not set them. */
  readonly defaults: AnswerOptions;
  /** How to read special names in prompts of requests that do not say. */
  readonly specials: 'text' | 'tokens';
  /** The day, for templates that ask the clock. */
  readonly today: Date;
  /** Which of the model's templates formats conversations. Default its default one. */
  readonly templateName?: EncodeMessagesOptions['templateName'];
}

/** @throws ToolkitError what {@link encodeMessages} and {@link Engine.submit} throw */
export function submitRequest(
  { prompt, specials, options }: AnswerRequest,
  { model, engine, defaults, specials: defaultSpecials, today, templateName, speculate, signal }: SubmitRequestOptions,
): EventStream<GenerateEvent> {
  const input = typeof prompt === 'string' ? prompt : encodeMessages(model, prompt, { today, templateName });
  return engine.submit(input, { ...defaults, ...options, specials: specials ?? defaultSpecials, speculate, signal });
}
