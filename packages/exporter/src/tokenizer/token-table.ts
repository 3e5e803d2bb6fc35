// Gathers tokens by id, and packs them into the form a .bin file carries once every id is known to be there exactly once.

import { ToolkitError } from '@llama-ts/base';
import { type AddedToken, MAX_TOKEN_BYTES, MAX_VOCAB_SIZE, type TokenizerData } from '@llama-ts/format';
import { show } from '../json-fields.js';

/** More than Llama 3's vocabulary takes, so that its arrays never grow; what is not used of them takes no memory. */
const [ROOM_FOR_IDS, ROOM_FOR_BYTES] = [1 << 18, 1 << 20] as const;

/** Tokens by id while a tokenizer file is read. The arrays are longer than what they hold, and grow by doubling. */
export interface TokenTable {
  nTokens: number;
  /** Bytes of the tokens, end to end as they came. */
  bytes: Uint8Array;
  byteLength: number;
  /** (nTokens) where each token starts in `bytes`, indexed by its id. */
  starts: Uint32Array;
  /** (nTokens) length of each token in bytes, indexed by its id; 0 where no token has the id. */
  lengths: Uint32Array;
}

export function createTokenTable(): TokenTable {
  return {
    nTokens: 0,
    bytes: new Uint8Array(ROOM_FOR_BYTES),
    byteLength: 0,
    starts: new Uint32Array(ROOM_FOR_IDS),
    lengths: new Uint32Array(ROOM_FOR_IDS),
  };
}

/** The error of a tokenizer file that cannot be used. */
export function badTokenizer(name: string, message: string): ToolkitError {
  return new ToolkitError('BAD_TOKENIZER', `${name}: ${message}`, {
    suggestions: ['download the tokenizer again, of the same revision as its weights, then run the same command again'],
  });
}

export function hasToken({ lengths }: TokenTable, id: number): boolean {
  return id < lengths.length && lengths[id] !== 0;
}

/** Adds a token. @throws ToolkitError `BAD_TOKENIZER` for an id that is taken or out of range, or a bad length */
export function addToken(table: TokenTable, id: unknown, token: Uint8Array, name: string): number {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MAX_VOCAB_SIZE) {
    throw badTokenizer(name, `token id ${show(id)}, expected a whole number from 0 to ${MAX_VOCAB_SIZE - 1}`);
  }
  if (hasToken(table, id)) throw badTokenizer(name, `token id ${id} is given twice, expected once`);
  if (token.byteLength < 1 || token.byteLength > MAX_TOKEN_BYTES) {
    throw badTokenizer(name, `token ${id} of ${token.byteLength} bytes, expected 1 to ${MAX_TOKEN_BYTES}`);
  }
  appendToken(table, id, token, token.byteLength);
  return id;
}

/** Adds the token that an array begins with, under an id that is free and in range. */
export function appendToken(table: TokenTable, id: number, token: Uint8Array, length: number): void {
  makeRoom(table, id, length);
  for (let i = 0; i < length; i++) table.bytes[table.byteLength + i] = token[i]!;
  table.starts[id] = table.byteLength;
  table.lengths[id] = length;
  table.byteLength += length;
  table.nTokens++;
}

function makeRoom(table: TokenTable, id: number, length: number): void {
  while (table.byteLength + length > table.bytes.length) table.bytes = doubled(table.bytes);
  while (id >= table.lengths.length) {
    table.starts = doubled(table.starts);
    table.lengths = doubled(table.lengths);
  }
}

/** A copy of an array at twice its length. */
export function doubled<A extends Uint8Array | Uint32Array>(values: A): A {
  const larger = new (values.constructor as new (length: number) => A)(2 * values.length);
  larger.set(values);
  return larger;
}

/** @throws ToolkitError `BAD_TOKENIZER` for an id that is missing, or a byte that no plain token is */
export function packTokens(
  table: TokenTable,
  added: Pick<TokenizerData, 'specialTokens' | 'addedTokens'>,
  rest: Pick<TokenizerData, 'ignoreMerges' | 'merges'>,
  name: string,
): TokenizerData {
  const { nTokens, bytes, starts, lengths } = table;
  const tokenBytes = new Uint8Array(table.byteLength);
  const tokenOffsets = new Uint32Array(nTokens + 1);
  const { specialTokens, addedTokens = [] } = added;
  const apart = [...specialTokens, ...addedTokens.filter(({ inVocabulary }) => !inVocabulary)];
  const apartIds = new Set(apart.map(({ id }) => id));
  const missingBytes = new Set(Array.from({ length: 256 }, (_, byte) => byte));
  for (let id = 0; id < nTokens; id++) {
    if (!hasToken(table, id)) throw badTokenizer(name, `no token ${id}, expected every id from 0 to ${nTokens - 1}`);
    const [start, length, offset] = [starts[id]!, lengths[id]!, tokenOffsets[id]!];
    for (let i = 0; i < length; i++) tokenBytes[offset + i] = bytes[start + i]!;
    tokenOffsets[id + 1] = offset + length;
    if (length === 1 && !apartIds.has(id)) missingBytes.delete(bytes[start]!);
  }
  const [missing] = missingBytes;
  if (missing !== undefined) {
    throw badTokenizer(name, `no token for byte 0x${missing.toString(16).padStart(2, '0')}, expected all 256`);
  }
  return { splitPattern: 'llama3', nTokens, tokenBytes, tokenOffsets, ...addedOf(specialTokens, addedTokens), ...rest };
}

/** Added tokens as a tokenizer's data holds them. */
export function addedOf(
  specialTokens: readonly AddedToken[],
  addedTokens: readonly AddedToken[],
): Pick<TokenizerData, 'specialTokens' | 'addedTokens'> {
  const byId = (a: AddedToken, b: AddedToken): number => a.id - b.id;
  const others = addedTokens.length === 0 ? {} : { addedTokens: [...addedTokens].sort(byId) };
  return { specialTokens: [...specialTokens].sort(byId), ...others };
}

/** The same tokenizer for a larger vocabulary: the ids at its end are unused. */
export function padTokenizer(tokenizer: TokenizerData, vocabSize: number): TokenizerData {
  const tokenOffsets = new Uint32Array(vocabSize + 1).fill(tokenizer.tokenBytes.byteLength);
  tokenOffsets.set(tokenizer.tokenOffsets);
  return { ...tokenizer, nTokens: vocabSize, tokenOffsets };
}
