// How a request wants its tokens chosen, by the runtime's declaration: OpenAI's names, and llama-server's for the rest.

import type { JsonObject } from '@llama-ts/base';
import {
  type AnswerOptions,
  answerFields,
  BadRequest,
  type FieldKind,
  fieldsIn,
  readAnswerFields,
  shownValue,
} from '@llama-ts/runtime';
import type { Field } from './field-table.js';

const openai = fieldsIn('openai');
const named = new Set(Array.from(openai.values(), ({ option }) => option));

/**
 * The random numbers cannot start from 0, a seed that clients send: they start from this number then, which is called 0 in the
 * response too.
 */
export const SEED_OF_ZERO = 0x9e3779b97f4a7c15n;

const seed: FieldKind = {
  expected: answerFields.seed.kind.expected.replace('1', '0'),
  schema: { ...answerFields.seed.kind.schema, minimum: 0 },
  read: (value) => (value === 0 || value === '0' ? SEED_OF_ZERO : answerFields.seed.kind.read(value)),
};

const seedField: Field = { kind: seed, description: 'start the random numbers from N, 0 to 2^64 - 1' };

/** Fields that both kinds of completions have; how each says log-probabilities is its own. */
export const answerOptionFields: Readonly<Record<string, Field>> = Object.fromEntries(
  [...openai, ...[...fieldsIn('llamaServer')].filter(([, { option }]) => !named.has(option))]
    .filter(([, { option }]) => option !== 'logprobs')
    .map(([name, { kind, description }]) => [name, name === 'seed' ? seedField : { kind, description }]),
);

/** @throws BadRequest */
export function readAnswerOptions(values: JsonObject): AnswerOptions {
  const { seed: asked, ...others } = values;
  return {
    ...readAnswerFields(others, 'openai'),
    ...readAnswerFields(others, 'llamaServer'),
    ...(asked === undefined ? {} : { seed: seed.read(asked) as bigint }),
  };
}

/** Whether the last event of a stream is its usage. @throws BadRequest */
export function readIncludeUsage({ stream, stream_options: options }: JsonObject): boolean {
  if (options === undefined) return false;
  if (stream !== true) throw new BadRequest('stream_options', 'stream_options without stream, expected "stream": true');
  const { include_usage: wanted = false, include_obfuscation: _padding, ...others } = options as JsonObject;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new BadRequest('stream_options', `field "stream_options.${other}" is not known here, expected include_usage`);
  }
  if (typeof wanted === 'boolean') return wanted;
  throw new BadRequest('stream_options', `stream_options.include_usage ${shownValue(wanted)}, expected true or false`);
}
