// Reads vocabulary and merges once they are parsed, and says what is wrong with them.

import { equalBytes } from '@llama-ts/base';
import { show } from '../json-fields.js';
import type { AddedEntry } from './added-tokens.js';
import { decodeByteSymbols } from './byte-alphabet.js';
import { addToken, badTokenizer, type TokenTable } from './token-table.js';

/** Entries of a vocabulary. */
export interface AddedVocab {
  /** Ids by token. */
  readonly idOf: ReadonlyMap<string, number>;
  /** Ids of added tokens that are not special and that the vocabulary lists as well. */
  readonly listed: ReadonlySet<number>;
}

/**
 * Adds the entries of a vocabulary to the table.
 *
 * @param added by name: the vocabulary may list them as well
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function addVocab(
  entries: Iterable<readonly [string, unknown]>,
  table: TokenTable,
  added: ReadonlyMap<string, AddedEntry>,
  name: string,
): AddedVocab {
  const idOf = new Map<string, number>();
  const listed = new Set<number>();
  for (const [token, id] of entries) {
    const known = added.get(token);
    const bytes = decodeByteSymbols(token);
    if (known !== undefined) {
      if (bytes !== null && !equalBytes(bytes, new TextEncoder().encode(token))) {
        throw badTokenizer(
          name,
          `added token ${show(token)} is spelled like other bytes of model.vocab, expected another name`,
        );
      }
      if (known.id !== id) {
        throw badTokenizer(name, `added token ${show(token)} has id ${known.id}, and model.vocab gives it ${show(id)}`);
      }
      if (!known.isSpecial) {
        idOf.set(token, id);
        listed.add(id);
      }
      continue;
    }
    if (bytes === null) throw badTokenizer(name, `token ${show(token)} holds a character that stands for no byte`);
    if (idOf.has(token)) throw badTokenizer(name, `token ${show(token)} is in model.vocab twice, expected once`);
    idOf.set(token, addToken(table, id, bytes, name));
  }
  return { idOf, listed };
}

/**
 * Reads `"a b"` strings or `["a", "b"]` pairs.
 *
 * @param field that holds them, for messages
 * @returns (nMerges, 2) ids
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function parseMerges(
  merges: Iterable<unknown>,
  idOf: ReadonlyMap<string, number>,
  name: string,
  field = 'model.merges',
): Uint32Array {
  const ids: number[] = [];
  for (const merge of merges) {
    const i = ids.length / 2;
    const parts: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== 'string' || typeof right !== 'string') {
      throw badTokenizer(name, `${field}[${i}] ${show(merge)}, expected two tokens`);
    }
    for (const token of [left, right, left + right]) {
      if (!idOf.has(token)) throw badTokenizer(name, `${field}[${i}] names ${show(token)}, which is no token`);
    }
    ids.push(idOf.get(left)!, idOf.get(right)!);
  }
  return Uint32Array.from(ids);
}
