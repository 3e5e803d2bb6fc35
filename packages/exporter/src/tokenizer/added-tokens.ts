// Reads the added tokens of a tokenizer.json and of a tokenizer_config.json, with their flags.

import { isObject, type JsonObject } from '@llama-ts/base';
import type { AddedToken, TokenizerData } from '@llama-ts/format';
import { show } from '../json-fields.js';
import { addedOf, badTokenizer } from './token-table.js';

/** An added token, and whether it is special. */
export interface AddedEntry extends AddedToken {
  readonly isSpecial: boolean;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const flags = { lstrip: 'lstrip', rstrip: 'rstrip', singleWord: 'single_word', normalized: 'normalized' } as const;

/**
 * Reads `added_tokens`. A token without `special` is special, as all were in older files.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function parseAddedTokens(added: unknown, name: string): AddedEntry[] {
  if (added != null && !Array.isArray(added)) throw badTokenizer(name, 'added_tokens is not a list');
  const names = new Set<string>();
  return ((added as unknown[] | null | undefined) ?? []).map((token, i) => {
    if (!isObject(token) || typeof token.content !== 'string' || LONE_SURROGATE.test(token.content)) {
      throw badTokenizer(name, `added_tokens[${i}] ${show(token)}, expected an object with id and content`);
    }
    if (names.has(token.content)) throw badTokenizer(name, `added token ${show(token.content)} is given twice`);
    names.add(token.content);
    return readEntry(token, token.id as number, token.content);
  });
}

/** Splits entries by kind. */
export function splitEntries(entries: readonly AddedEntry[]): Pick<TokenizerData, 'specialTokens' | 'addedTokens'> {
  const of = (isWanted: boolean): AddedToken[] =>
    entries.filter(({ isSpecial }) => isSpecial === isWanted).map(({ isSpecial, ...token }) => token);
  return addedOf(of(true), of(false));
}

/**
 * Adds what tokenizer_config.json says in `added_tokens_decoder`, as transformers does: its flags take the place of
 * tokenizer.json's, what either calls special is special, and tokens of the vocabulary may be named too.
 *
 * @param name the file's name, for messages
 */
export function withConfiguredTokens(
  tokenizer: TokenizerData,
  decoder: unknown,
  name: string,
): { readonly tokenizer: TokenizerData; readonly warnings: readonly string[] } {
  if (!isObject(decoder)) return { tokenizer, warnings: [] };
  const entries = new Map<number, AddedEntry>();
  for (const token of tokenizer.specialTokens) entries.set(token.id, { ...token, isSpecial: true });
  for (const token of tokenizer.addedTokens ?? []) entries.set(token.id, { ...token, isSpecial: false });
  const warnings: string[] = [];
  for (const [key, token] of Object.entries(decoder)) {
    const id = Number(key);
    if (!isObject(token) || typeof token.content !== 'string') {
      warnings.push(`${name}: added_tokens_decoder ${show(key)} is no token; it is left out`);
      continue;
    }
    const known = entries.get(id);
    if (textOf(tokenizer, id) !== token.content) {
      warnings.push(
        `${name}: added token ${id} ${show(token.content)} is not in the tokenizer's vocabulary; it is left out`,
      );
      continue;
    }
    const read = readEntry(token, id, token.content);
    const isSpecial = read.isSpecial || known?.isSpecial === true;
    const inVocabulary = !isSpecial && (known === undefined || known.inVocabulary === true);
    entries.set(id, { ...read, isSpecial, ...(inVocabulary ? { inVocabulary } : {}) });
  }
  return { tokenizer: { ...tokenizer, ...splitEntries([...entries.values()]) }, warnings };
}

/** Flags that are not set are left out. */
function readEntry(token: JsonObject, id: number, name: string): AddedEntry {
  const set = Object.entries(flags).filter(([, field]) => token[field] === true);
  return { id, name, ...Object.fromEntries(set.map(([flag]) => [flag, true])), isSpecial: token.special !== false };
}

function textOf({ nTokens, tokenBytes, tokenOffsets }: TokenizerData, id: number): string | null {
  if (!(id >= 0 && id < nTokens)) return null;
  return new TextDecoder().decode(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]));
}
