// Takes vocabulary and merges out of a tokenizer.json piece by piece: parsed whole, they take ten times the file's bytes.

import { concatBytes, type JsonObject } from '@llama-ts/base';
import { parseJson, parseShallowJson } from '../json-fields.js';
import { type ByteRange, findCollections, type ModelCollections } from './find-collections.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, COMMA, endOfString, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-cursor.js';
import { badTokenizer } from './token-table.js';

/** Bytes parsed at a time, about. */
const PIECE_BYTES = 64 * 1024;

/**
 * Parses everything but the collections, which may still be no JSON.
 *
 * @param name the file's name, for messages
 * @returns `json` with empty collections in their place; `collections` is null where `json` is whole
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function splitTokenizerJson(
  bytes: Uint8Array,
  name: string,
): { readonly json: JsonObject; readonly collections: ModelCollections | null } {
  const collections = findCollections(bytes);
  const text = collections === null ? bytes : withoutInsides(bytes, [collections.vocab, collections.merges]);
  return { json: parseJson(text, name, 'BAD_TOKENIZER'), collections };
}

/** Parses a vocabulary piece by piece. @throws ToolkitError `BAD_TOKENIZER` for what is no JSON */
export function walkVocab(bytes: Uint8Array, vocab: ByteRange, name: string): Iterable<readonly [string, unknown]> {
  return walk(bytes, vocab, name, (json) => Object.entries(json));
}

/** Parses merges piece by piece. @throws ToolkitError `BAD_TOKENIZER` for what is no JSON */
export function walkMerges(bytes: Uint8Array, merges: ByteRange, name: string): Iterable<unknown> {
  return walk(bytes, merges, name, (json) => json as unknown as unknown[]);
}

function withoutInsides(bytes: Uint8Array, ranges: readonly ByteRange[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, start + 1));
    at = end - 1;
  }
  return concatBytes([...parts, bytes.subarray(at)]);
}

/** Parses a collection piece by piece. */
function* walk<T>(
  bytes: Uint8Array,
  { start, end }: ByteRange,
  name: string,
  entriesOf: (json: JsonObject) => readonly T[],
): Generator<T> {
  const around = bytes[start] === OPEN_OBJECT ? ['{"piece":{', '}}'] : ['{"piece":[', ']}'];
  const [before, after] = around.map((text) => new TextEncoder().encode(text));
  const bracket = end - 1;
  for (let at = start + 1; at <= bracket; ) {
    const pieceEnd = endOfPiece(bytes, at, bracket);
    const piece = concatBytes([before!, bytes.subarray(at, pieceEnd), after!]);
    const entries = entriesOf(parseShallowJson(piece, name, 'BAD_TOKENIZER').piece as JsonObject);
    const isWhole = at === start + 1 && pieceEnd === bracket;
    if (entries.length === 0 && !isWhole)
      throw badTokenizer(name, `is not JSON: a comma without an entry before byte ${pieceEnd}`);
    yield* entries;
    at = pieceEnd + 1;
  }
}

/** Index of the first comma between two entries after a piece's length; index of the bracket if there is none. */
function endOfPiece(bytes: Uint8Array, start: number, bracket: number): number {
  let depth = 0;
  for (let i = start; i < bracket; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
    else if (byte === COMMA && depth === 0 && i - start >= PIECE_BYTES) return i;
  }
  return bracket;
}
