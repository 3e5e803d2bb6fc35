// Kinds of values that only requests of the server have.

import { isObject } from '@llama-ts/base';
import { booleanKind, type FieldKind, shownValue, wholeNumberKind } from '@llama-ts/runtime';
import type { Field } from './field-table.js';

/** Choices of one request at most, as in OpenAI's API. */
export const MAX_CHOICES = 128;

export const text: FieldKind = {
  expected: 'a text',
  schema: { type: 'string' },
  read: (value) => (typeof value === 'string' ? value : undefined),
};

export const anObject: FieldKind = {
  expected: 'an object',
  schema: { type: 'object' },
  read: (value) => (isObject(value) ? value : undefined),
};

/** A list, of which the reader of the field knows more. */
export const anyList: FieldKind = {
  expected: 'a list',
  schema: { type: 'array' },
  read: (value) => (Array.isArray(value) ? value : undefined),
};

/** A list with at least one item, of which the reader of the field knows more. */
export const aList: FieldKind = {
  expected: 'a list that is not empty',
  schema: { type: 'array', minItems: 1 },
  read: (value) => (Array.isArray(value) && value.length > 0 ? value : undefined),
};

const tokenId = wholeNumberKind(0);

export const tokenList: FieldKind = {
  expected: 'a list of token ids',
  schema: { type: 'array', items: tokenId.schema },
  read: (value) => (Array.isArray(value) && value.every((id) => tokenId.read(id) !== undefined) ? value : undefined),
};

/** One of several texts. */
export function oneOfTexts(...texts: readonly string[]): FieldKind {
  return {
    expected: texts.map((one) => shownValue(one)).join(' or '),
    schema: { type: 'string', enum: texts },
    read: (value) => (texts.includes(value as string) ? value : undefined),
  };
}

/** Either of two kinds. */
export function either(one: FieldKind, other: FieldKind): FieldKind {
  return {
    expected: `${one.expected} or ${other.expected}`,
    schema: { anyOf: [one.schema, other.schema] },
    read: (value) => one.read(value) ?? other.read(value),
  };
}

/** Fields of both kinds of completions. */
export const completionFields: Readonly<Record<string, Field>> = {
  model: { kind: text, description: 'name the model; without it the one that is served' },
  n: { kind: wholeNumberKind(1, MAX_CHOICES), description: 'give N answers to each prompt, each with its own seed' },
  stream: { kind: booleanKind, description: 'send the answer as server-sent events while it is made' },
  stream_options: { kind: anObject, description: 'with stream: {"include_usage": true} sends the usage at the end' },
};

/** Fields of OpenAI's that cannot change an answer here. */
export const harmlessFields: readonly string[] = [
  'user',
  'metadata',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
];
