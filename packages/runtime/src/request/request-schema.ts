// JSON schemas of requests and results, made of their declarations.

import { fieldsIn } from './answer-fields.js';
import { constraintFields } from './request-constraint.js';

/** JSON schema of the value of one field. */
export type FieldSchema = Readonly<Record<string, unknown>>;

const count: FieldSchema = { type: 'integer', minimum: 0 };
const milliseconds: FieldSchema = { type: 'number', minimum: 0 };

/** Fields of a request and the schemas of their values. */
export const requestProperties: Readonly<Record<string, FieldSchema>> = {
  prompt: { type: 'string' },
  messages: {
    type: 'array',
    minItems: 1,
    items: { type: 'object', required: ['role'], properties: { role: { type: 'string' } } },
  },
  special: { type: 'boolean' },
  ...Object.fromEntries(Array.from(fieldsIn('batch'), ([name, { kind }]) => [name, kind.schema])),
  ...constraintFields,
};

/** Fields of a result and the schemas of their values; log-probabilities are named differently by each reporter. */
export const resultProperties = {
  text: { type: 'string' },
  ids: { type: 'array', items: count, description: 'tokens generated, the end token left out' },
  endReason: { type: 'string' },
  stop: { type: ['string', 'integer', 'null'] },
  meetsConstraint: { type: 'boolean' },
  digest: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'sha256 of the tokens and their logits' },
  speculation: {
    type: 'object',
    required: ['nDrafted', 'nAccepted'],
    properties: { nDrafted: count, nAccepted: count },
  },
  nPromptTokens: count,
  nCachedTokens: count,
  nTokens: count,
  promptMilliseconds: milliseconds,
  milliseconds,
} as const satisfies Readonly<Record<string, FieldSchema>>;
