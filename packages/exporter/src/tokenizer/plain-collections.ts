// Reads vocabulary and merges as files usually have them straight from the bytes, without a string or an object per token.
// It reports no errors: anything unusual is left to the reader of parsed collections.

import { MAX_TOKEN_BYTES, MAX_VOCAB_SIZE } from '@llama-ts/format';
import { byteOfCodePoint } from './byte-alphabet.js';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  type JsonCursor,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  takeByte,
  takeId,
  takeMark,
} from './json-cursor.js';
import { indexTokens, type TokenIndex } from './token-index.js';
import { appendToken, createTokenTable, doubled, hasToken, type TokenTable } from './token-table.js';

const SPACE = 0x20;
/** More than the merges of Llama 3 take; what is not used takes no memory. */
const ROOM_FOR_MERGED_IDS = 1 << 20;
/** Bytes below are ASCII. */
const FIRST_LEAD = 0x80;

/** A vocabulary of which no two tokens are alike. */
export interface PlainVocab {
  readonly table: TokenTable;
  readonly index: TokenIndex;
}

/** Bytes of the symbols read so far. */
interface Symbols {
  readonly bytes: Uint8Array;
  length: number;
}

/** Steps over an object of symbols and ids; null for what is unusual. */
export function takePlainVocab(cursor: JsonCursor): PlainVocab | null {
  const table = createTokenTable();
  const token = noSymbols();
  for (let mark: number = OPEN_OBJECT; takeMark(cursor, mark); mark = COMMA) {
    token.length = 0;
    const isKey = takeMark(cursor, QUOTE) && takeSymbols(cursor, token) && takeByte(cursor, QUOTE);
    const id = isKey && takeMark(cursor, COLON) ? takeId(cursor) : -1;
    if (id < 0 || id >= MAX_VOCAB_SIZE || hasToken(table, id) || token.length === 0) return null;
    appendToken(table, id, token.bytes, token.length);
  }
  const index = takeMark(cursor, CLOSE_OBJECT) ? indexTokens(table) : null;
  return index && { table, index };
}

/**
 * Steps over a list of `"a b"` or `["a", "b"]`.
 *
 * @returns (nMerges, 2) ids, or null for what is unusual
 */
export function takePlainMerges(cursor: JsonCursor, index: TokenIndex): Uint32Array | null {
  const pair = noSymbols();
  let ids = new Uint32Array(ROOM_FOR_MERGED_IDS);
  let nIds = 0;
  for (let mark: number = OPEN_ARRAY; takeMark(cursor, mark); mark = COMMA) {
    const middle = takePair(cursor, pair);
    const left = index.find(pair.bytes, 0, middle);
    const right = index.find(pair.bytes, middle, pair.length);
    if (left < 0 || right < 0 || index.find(pair.bytes, 0, pair.length) < 0) return null;
    if (nIds === ids.length) ids = doubled(ids);
    ids[nIds++] = left;
    ids[nIds++] = right;
  }
  return takeMark(cursor, CLOSE_ARRAY) ? ids.slice(0, nIds) : null;
}

/** Steps over two tokens. @returns the length of the first, or 0 for what is unusual */
function takePair(cursor: JsonCursor, pair: Symbols): number {
  pair.length = 0;
  const isList = takeMark(cursor, OPEN_ARRAY);
  if (!takeMark(cursor, QUOTE) || !takeSymbols(cursor, pair)) return 0;
  const middle = pair.length;
  const isParted = isList
    ? takeByte(cursor, QUOTE) && takeMark(cursor, COMMA) && takeMark(cursor, QUOTE)
    : takeByte(cursor, SPACE);
  const isWhole = isParted && takeSymbols(cursor, pair) && takeByte(cursor, QUOTE);
  return isWhole && (!isList || takeMark(cursor, CLOSE_ARRAY)) ? middle : 0;
}

/** Bytes of the longest token. */
function noSymbols(): Symbols {
  return { bytes: new Uint8Array(MAX_TOKEN_BYTES), length: 0 };
}

/** Steps over the symbols at the start of a string and appends their bytes; false where the table is full. */
function takeSymbols(cursor: JsonCursor, symbols: Symbols): boolean {
  const { bytes: json } = cursor;
  const { bytes } = symbols;
  let { at } = cursor;
  let { length } = symbols;
  for (; length <= bytes.length; length++) {
    let codePoint = json[at]!;
    let width = 1;
    if (codePoint === QUOTE) break;
    if (codePoint === BACKSLASH) {
      codePoint = json[at + 1]!;
      width = 2;
      if (codePoint !== QUOTE && codePoint !== BACKSLASH) break;
    } else if (codePoint >= FIRST_LEAD) {
      codePoint = codePointOfTwo(codePoint, json[at + 1]!);
      width = 2;
    }
    const byte = byteOfCodePoint[codePoint] ?? -1;
    if (byte < 0) break;
    bytes[length] = byte;
    at += width;
  }
  cursor.at = at;
  symbols.length = length;
  return length <= bytes.length;
}

/** The code point that two bytes of UTF-8 are; −1 for none. */
function codePointOfTwo(lead: number, trail: number): number {
  const isTwo = lead >= 0xc2 && lead <= 0xdf && trail >> 6 === 0b10;
  return isTwo ? ((lead & 0x1f) << 6) | (trail & 0x3f) : -1;
}
