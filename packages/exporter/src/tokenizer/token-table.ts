// Packs tokens into the form a .bin file carries, once every id is known to be there exactly once.

import { MAX_TOKEN_BYTES, MAX_VOCAB_SIZE, type SpecialToken, type TokenizerData, ToolkitError } from '@llama-ts/format';
import { show } from '../json-fields.js';

/** Tokens by id while a tokenizer file is read. */
export type TokenTable = Map<number, Uint8Array>;

/** The error of a tokenizer file that cannot be used. */
export function badTokenizer(name: string, message: string): ToolkitError {
  return new ToolkitError('BAD_TOKENIZER', `${name}: ${message}`, {
    suggestions: ['download the tokenizer again from the model’s page, of the same revision as its weights'],
  });
}

/** Adds a token. @throws ToolkitError `BAD_TOKENIZER` for an id that is taken or out of range, or a bad length */
export function addToken(table: TokenTable, id: unknown, bytes: Uint8Array, name: string): number {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MAX_VOCAB_SIZE) {
    throw badTokenizer(name, `token id ${show(id)}, expected a whole number from 0 to ${MAX_VOCAB_SIZE - 1}`);
  }
  if (table.has(id)) throw badTokenizer(name, `token id ${id} is given twice, expected once`);
  if (bytes.byteLength < 1 || bytes.byteLength > MAX_TOKEN_BYTES) {
    throw badTokenizer(name, `token ${id} of ${bytes.byteLength} bytes, expected 1 to ${MAX_TOKEN_BYTES}`);
  }
  table.set(id, bytes);
  return id;
}

/** @throws ToolkitError `BAD_TOKENIZER` for an id that is missing, or a byte that no plain token is */
export function packTokens(
  table: TokenTable,
  specialTokens: readonly SpecialToken[],
  rest: Pick<TokenizerData, 'ignoreMerges' | 'merges'>,
  name: string,
): TokenizerData {
  const nTokens = table.size;
  const tokenOffsets = new Uint32Array(nTokens + 1);
  const specials = [...specialTokens].sort((a, b) => a.id - b.id);
  const specialIds = new Set(specials.map(({ id }) => id));
  const missingBytes = new Set(Array.from({ length: 256 }, (_, byte) => byte));
  for (let id = 0; id < nTokens; id++) {
    const bytes = table.get(id);
    if (bytes === undefined) throw badTokenizer(name, `no token ${id}, expected every id from 0 to ${nTokens - 1}`);
    tokenOffsets[id + 1] = tokenOffsets[id]! + bytes.byteLength;
    if (bytes.byteLength === 1 && !specialIds.has(id)) missingBytes.delete(bytes[0]!);
  }
  const [missing] = missingBytes;
  if (missing !== undefined) {
    throw badTokenizer(name, `no token for byte 0x${missing.toString(16).padStart(2, '0')}, expected all 256`);
  }
  const tokenBytes = new Uint8Array(tokenOffsets[nTokens]!);
  for (let id = 0; id < nTokens; id++) tokenBytes.set(table.get(id)!, tokenOffsets[id]);
  return { splitPattern: 'llama3', nTokens, tokenBytes, tokenOffsets, specialTokens: specials, ...rest };
}
