// Takes vocabulary and merges out of a tokenizer.json piece by piece: parsed whole, they take ten times the file's bytes.

import { MAX_JSON_DEPTH } from '@llama-ts/format';
import { type JsonObject, parseJson, parseShallowJson } from '../json-fields.js';
import { badTokenizer } from './token-table.js';

/** Bytes parsed at a time, about. */
const PIECE_BYTES = 64 * 1024;
const NAMES = ['vocab', 'merges'] as const;
const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/** `model` is a key at this depth, its fields are one deeper. */
const MODEL_DEPTH = 1;

type Name = (typeof NAMES)[number];

/** The large fields of `model`, entry by entry; each can be walked once. A field that is no collection is left out. */
export interface ModelCollections {
  /** Of an object `[key, value]`. */
  readonly vocab?: Iterable<readonly [string, unknown]>;
  /** Of a list its elements. */
  readonly merges?: Iterable<unknown>;
}

/** A collection in the bytes, brackets included. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Parses everything but the collections, which fail as they are walked where they are no JSON.
 *
 * @param name the file's name, for messages
 * @returns `json` with empty collections in their place
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function splitTokenizerJson(
  bytes: Uint8Array,
  name: string,
): { readonly json: JsonObject; readonly collections: ModelCollections } {
  const ranges = findCollections(bytes);
  const vocab = ranges?.get('vocab');
  const merges = ranges?.get('merges');
  if (vocab === undefined || merges === undefined) {
    return { json: parseJson(bytes, name, 'BAD_TOKENIZER'), collections: {} };
  }
  const collections = {
    vocab: walk(bytes, vocab, name, (json) => Object.entries(json)),
    merges: walk(bytes, merges, name, (json) => json as unknown as unknown[]),
  };
  return { json: parseJson(withoutInsides(bytes, [vocab, merges]), name, 'BAD_TOKENIZER'), collections };
}

/** Where `model.vocab` is an object and `model.merges` a list; null where one is given twice, nothing fits, or all is too deep. */
function findCollections(bytes: Uint8Array): Map<Name, Range> | null {
  const found = new Map<Name, Range>();
  /** The last key at each depth that matters, by its bytes. */
  const keys: string[] = [];
  let depth = 0;
  let text = { start: 0, end: 0 };
  let open: { name: Name; start: number } | null = null;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      text = { start: i + 1, end };
      i = end;
    } else if (byte === COLON && depth <= MODEL_DEPTH + 1) {
      keys[depth] = Buffer.from(bytes.subarray(text.start, text.end)).toString('latin1');
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const name = depth === MODEL_DEPTH + 1 && keys[MODEL_DEPTH] === 'model' ? nameOf(keys[depth], byte) : null;
      if (name !== null) {
        if (found.has(name)) return null;
        open = { name, start: i };
      }
      if (++depth > MAX_JSON_DEPTH) return null;
      keys[depth] = '';
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
      if (open === null || depth !== MODEL_DEPTH + 1) continue;
      if (byte !== (open.name === 'vocab' ? CLOSE_OBJECT : CLOSE_ARRAY)) return null;
      found.set(open.name, { start: open.start, end: i + 1 });
      open = null;
    }
  }
  return found;
}

function nameOf(key: string | undefined, open: number): Name | null {
  if (key === 'vocab' && open === OPEN_OBJECT) return 'vocab';
  return key === 'merges' && open === OPEN_ARRAY ? 'merges' : null;
}

/** Index of the quote that ends the string beginning at `start`; the length where there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function withoutInsides(bytes: Uint8Array, ranges: readonly Range[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, start + 1));
    at = end - 1;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/** Parses a collection piece by piece. */
function* walk<T>(
  bytes: Uint8Array,
  { start, end }: Range,
  name: string,
  entriesOf: (json: JsonObject) => readonly T[],
): Generator<T> {
  const [before, after] = bytes[start] === OPEN_OBJECT ? ['{"piece":{', '}}'] : ['{"piece":[', ']}'];
  const bracket = end - 1;
  for (let at = start + 1; at <= bracket; ) {
    const pieceEnd = endOfPiece(bytes, at, bracket);
    const piece = Buffer.concat([Buffer.from(before), bytes.subarray(at, pieceEnd), Buffer.from(after)]);
    const entries = entriesOf(parseShallowJson(piece, name, 'BAD_TOKENIZER').piece as JsonObject);
    const isWhole = at === start + 1 && pieceEnd === bracket;
    if (entries.length === 0 && !isWhole)
      throw badTokenizer(name, `is not JSON: a comma without an entry before byte ${pieceEnd}`);
    yield* entries;
    at = pieceEnd + 1;
  }
}

/** Index of the first comma between two entries past a piece's length; that of the bracket where there is none. */
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
