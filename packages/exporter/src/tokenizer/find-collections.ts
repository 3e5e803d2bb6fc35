// Finds vocabulary and merges in the bytes of a tokenizer.json, and reads what is plain of them in the same pass.

import { latin1, MAX_JSON_DEPTH } from '@llama-ts/base';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  endOfString,
  type JsonCursor,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './json-cursor.js';
import { type PlainVocab, takePlainMerges, takePlainVocab } from './plain-collections.js';

/** `model` is a key at this depth, its fields are one deeper. */
const MODEL_DEPTH = 1;

/** Where something is in the bytes, brackets included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A collection where it was found. */
export interface Collection<Content> extends ByteRange {
  /** null where it is not plain, or no JSON at all. */
  readonly content: Content | null;
}

/** The large fields of `model`. */
export interface ModelCollections {
  /** An object. */
  readonly vocab: Collection<PlainVocab>;
  /** A list; its content is (nMerges, 2) ids of the vocabulary. */
  readonly merges: Collection<Uint32Array>;
}

/** Finds the collections; null if one is missing or given twice, if brackets do not match, or if they nest too deep. */
export function findCollections(bytes: Uint8Array): ModelCollections | null {
  let vocab: Collection<PlainVocab> | null = null;
  let merges: Collection<Uint32Array> | null = null;
  /** The last key at each depth, by its bytes. */
  const keys: string[] = [];
  let depth = 0;
  let text = { start: 0, end: 0 };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      text = { start: i + 1, end };
      i = end;
    } else if (byte === COLON) {
      keys[depth] = latin1(bytes.subarray(text.start, text.end));
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const key = keys[depth];
      if (depth === 0 || (depth === MODEL_DEPTH && key === 'model')) {
        keys[++depth] = '';
        continue;
      }
      let end: number;
      if (depth > MODEL_DEPTH && key === 'vocab' && byte === OPEN_OBJECT) {
        if (vocab !== null) return null;
        vocab = readCollection(bytes, i, takePlainVocab);
        end = vocab?.end ?? 0;
      } else if (depth > MODEL_DEPTH && key === 'merges' && byte === OPEN_ARRAY) {
        if (merges !== null) return null;
        const index = vocab?.content?.index;
        merges = readCollection(bytes, i, (cursor) => (index ? takePlainMerges(cursor, index) : null));
        end = merges?.end ?? 0;
      } else {
        end = endOfBrackets(bytes, i, depth);
      }
      if (end === 0) return null;
      text = { start: end, end };
      i = end - 1;
    }
  }
  return vocab && merges && { vocab, merges };
}

/** Reads the collection at `start`; null where it has no end, or is too deep. */
function readCollection<Content>(
  bytes: Uint8Array,
  start: number,
  takePlain: (cursor: JsonCursor) => Content | null,
): Collection<Content> | null {
  const cursor: JsonCursor = { bytes, at: start };
  const content = takePlain(cursor);
  const end = content === null ? endOfBrackets(bytes, start, MODEL_DEPTH + 1) : cursor.at;
  const close = bytes[start] === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY;
  return bytes[end - 1] === close ? { start, end, content } : null;
}

/** Index past the bracket that closes the one at `start`, which is `depth` deep; past the end where none does, 0 where all is too deep. */
function endOfBrackets(bytes: Uint8Array, start: number, depth: number): number {
  let depthHere = depth;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i = endOfString(bytes, i);
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (++depthHere > MAX_JSON_DEPTH) return 0;
    } else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depthHere === depth) {
      return i + 1;
    }
  }
  return bytes.length + 1;
}
