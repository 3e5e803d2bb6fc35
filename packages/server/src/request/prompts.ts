// Texts and lists of token ids, one or several: what a completion continues and an embedding is made of.

import type { FieldKind } from '@llama-ts/runtime';
import { either, text, tokenList } from './kinds.js';

/** Texts, or tokens as they stand. */
export type Prompts = readonly (string | readonly number[])[];

export const prompts: FieldKind = either(text, {
  expected: 'a list of texts, of token ids, or of lists of token ids',
  schema: { type: 'array', minItems: 1 },
  read: (value) => (promptsOf(value) === null ? undefined : value),
});

/** The prompts that a value is; null for what is none. */
export function promptsOf(value: unknown): Prompts | null {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || value.length === 0) return null;
  if (value.every((one) => typeof one === 'string')) return value;
  if (tokenList.read(value) !== undefined) return [value];
  return value.every((one) => tokenList.read(one) !== undefined && one.length > 0) ? value : null;
}
