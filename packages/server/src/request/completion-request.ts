// A request for a completion of texts: its fields, and what they say.

import type { JsonObject } from '@llama-ts/base';
import { type AnswerOptions, answerFields, BadRequest, booleanKind } from '@llama-ts/runtime';
import { answerOptionFields, readAnswerOptions, readIncludeUsage } from './answer-options.js';
import { checkFields, type FieldTable } from './field-table.js';
import { completionFields, harmlessFields, MAX_CHOICES } from './kinds.js';
import { type Prompts, prompts, promptsOf } from './prompts.js';

/** A request for completions. */
export interface CompletionRequest {
  readonly model: string | undefined;
  readonly prompts: Prompts;
  /** What names of special tokens in a text are. */
  readonly specials: 'text' | 'tokens';
  readonly options: AnswerOptions;
  /** Answers to each prompt. */
  readonly n: number;
  readonly isStream: boolean;
  readonly includeUsage: boolean;
}

/** OpenAI's. */
const DEFAULT_MAX_TOKENS = 16;

/** Fields of a completion. */
export const completionTable: FieldTable = {
  required: ['prompt'],
  fields: {
    ...completionFields,
    ...answerOptionFields,
    prompt: { kind: prompts, description: 'give a text to continue, or tokens, or a list of either' },
    special: { kind: booleanKind, description: 'read names of special tokens in the prompt as the tokens' },
    logprobs: answerFields.logprobs,
  },
  ignored: harmlessFields,
  refused: {
    best_of: { remedy: 'use n', harmless: [1] },
    echo: { remedy: 'put the prompt before the answer yourself', harmless: [false] },
    suffix: { remedy: 'the model continues a text, and fills no gap', harmless: [''] },
    grammar: { remedy: 'use /v1/chat/completions with a JSON schema' },
  },
};

/** @throws BadRequest */
export function readCompletionRequest(body: JsonObject): CompletionRequest {
  const values = checkFields(body, completionTable);
  const { logprobs, ...others } = values;
  const n = (values.n as number | undefined) ?? 1;
  const given = promptsOf(values.prompt)!;
  if (given.length * n > MAX_CHOICES) {
    const found = `${given.length} prompts with ${n} answers each`;
    throw new BadRequest('n', `${found}, expected at most ${MAX_CHOICES} answers in all`);
  }
  return {
    model: values.model as string | undefined,
    prompts: given,
    specials: values.special === true ? 'tokens' : 'text',
    options: {
      maxTokens: DEFAULT_MAX_TOKENS,
      ...readAnswerOptions(others),
      ...(logprobs === undefined ? {} : { logprobs: logprobs as number }),
    },
    n,
    isStream: values.stream === true,
    includeUsage: readIncludeUsage(values),
  };
}
