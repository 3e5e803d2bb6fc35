// Reads metadata entries: a key, a kind and a value each. Arrays of strings stay bytes until a string is asked for.

import { quote } from '@llama-ts/base';
import { MAX_KEY_BYTES, MAX_READ_BOOLS, MAX_READ_STRINGS } from '../limits.js';
import type { NumberKind } from '../metadata.js';
import { ggufError } from './gguf-error.js';
import type { HeaderCursor } from './header-cursor.js';
import { readText } from './read-text.js';

/** An array of strings of a header. */
export interface GgufStrings {
  /** Strings in the array. */
  readonly length: number;
  /** The bytes of a string, which must not be changed. @param index from 0 to length - 1 */
  bytesAt(index: number): Uint8Array;
  /** @throws GGUF_HEADER where the bytes are not UTF-8 */
  at(index: number): string;
}

/** Numbers of an array, each of its kind. */
export type GgufNumbers = ArrayLike<number> & Iterable<number>;

/** A metadata value that was read, and its kind. */
export type ReadGgufValue =
  | { readonly kind: NumberKind; readonly value: number }
  | { readonly kind: 'u64' | 'i64'; readonly value: bigint }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly of: NumberKind; readonly values: GgufNumbers }
  | { readonly kind: 'array'; readonly of: 'u64' | 'i64'; readonly values: BigUint64Array | BigInt64Array }
  | { readonly kind: 'array'; readonly of: 'bool'; readonly values: readonly boolean[] }
  | { readonly kind: 'array'; readonly of: 'string'; readonly values: GgufStrings };

type ScalarKind = NumberKind | 'u64' | 'i64' | 'bool' | 'string';

/** Kinds by their number. @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md gguf_metadata_value_type */
const KINDS: readonly (ScalarKind | 'array')[] = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  'array',
  'u64',
  'i64',
  'f64',
];

/** Bytes of a value; of a string, of its length. */
const kindBytes: Readonly<Record<ScalarKind, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  string: 8,
  u64: 8,
  i64: 8,
  f64: 8,
};

/** Reads an entry. @throws GGUF_HEADER, GGUF_TRUNCATED, LIMIT_EXCEEDED */
export function readEntry(cursor: HeaderCursor): readonly [key: string, value: ReadGgufValue] {
  const start = cursor.at;
  const keyBytes = cursor.string('a key');
  if (keyBytes.byteLength === 0 || keyBytes.byteLength > MAX_KEY_BYTES) {
    const found = `a key of ${keyBytes.byteLength} bytes at byte ${start}`;
    throw ggufError('GGUF_HEADER', cursor.name, `${found}, expected 1 to ${MAX_KEY_BYTES}`);
  }
  const key = readText(keyBytes, `the key at byte ${start}`, cursor.name);
  const where = `metadata ${quote(key)}`;
  const kind = readKind(cursor, where);
  return [key, kind === 'array' ? readArray(cursor, where) : readScalar(cursor, kind, where)];
}

function readKind(cursor: HeaderCursor, where: string): ScalarKind | 'array' {
  const start = cursor.at;
  const id = cursor.uint32();
  const kind = KINDS[id];
  if (kind !== undefined) return kind;
  throw ggufError('GGUF_HEADER', cursor.name, `${where} of kind ${id} at byte ${start}, expected 0 to 12`);
}

function readScalar(cursor: HeaderCursor, kind: ScalarKind, where: string): ReadGgufValue {
  switch (kind) {
    case 'u8':
      return { kind, value: cursor.uint8() };
    case 'i8':
      return { kind, value: cursor.int8() };
    case 'u16':
      return { kind, value: cursor.uint16() };
    case 'i16':
      return { kind, value: cursor.int16() };
    case 'u32':
      return { kind, value: cursor.uint32() };
    case 'i32':
      return { kind, value: cursor.int32() };
    case 'f32':
      return { kind, value: cursor.float32() };
    case 'f64':
      return { kind, value: cursor.float64() };
    case 'u64':
      return { kind, value: cursor.uint64() };
    case 'i64':
      return { kind, value: cursor.int64() };
    case 'bool':
      return { kind, value: readBool(cursor, where) };
    case 'string':
      return { kind, value: readText(cursor.string(where), where, cursor.name) };
  }
}

function readBool(cursor: HeaderCursor, where: string): boolean {
  const start = cursor.at;
  const byte = cursor.uint8();
  if (byte > 1) throw ggufError('GGUF_HEADER', cursor.name, `${where} is ${byte} at byte ${start}, expected 0 or 1`);
  return byte === 1;
}

function readArray(cursor: HeaderCursor, where: string): ReadGgufValue {
  const kind = readKind(cursor, where);
  if (kind === 'array') {
    const problem = `${where} is an array of arrays, expected one of scalars, as llama.cpp reads no other`;
    throw ggufError('GGUF_HEADER', cursor.name, problem);
  }
  const count = cursor.count(kindBytes[kind], `values of ${where}`);
  const most = kind === 'bool' ? MAX_READ_BOOLS : kind === 'string' ? MAX_READ_STRINGS : Number.POSITIVE_INFINITY;
  if (count > most) {
    const problem = `${where} is an array of ${count} values of kind ${kind}, expected at most ${most}`;
    throw ggufError('LIMIT_EXCEEDED', cursor.name, problem);
  }
  if (kind === 'string') return { kind: 'array', of: kind, values: readStrings(cursor, count, where) };
  if (kind === 'bool') {
    return { kind: 'array', of: kind, values: Array.from({ length: count }, () => readBool(cursor, where)) };
  }
  // The copy begins at a multiple of any width. The bytes are little-endian, and so is every machine that this runs on.
  const { buffer } = cursor.bytes(count * kindBytes[kind]).slice();
  switch (kind) {
    case 'u64':
      return { kind: 'array', of: kind, values: new BigUint64Array(buffer) };
    case 'i64':
      return { kind: 'array', of: kind, values: new BigInt64Array(buffer) };
    default:
      return { kind: 'array', of: kind, values: numbersOf(kind, buffer) };
  }
}

function numbersOf(kind: NumberKind, buffer: ArrayBufferLike): GgufNumbers {
  switch (kind) {
    case 'u8':
      return new Uint8Array(buffer);
    case 'i8':
      return new Int8Array(buffer);
    case 'u16':
      return new Uint16Array(buffer);
    case 'i16':
      return new Int16Array(buffer);
    case 'u32':
      return new Uint32Array(buffer);
    case 'i32':
      return new Int32Array(buffer);
    case 'f32':
      return new Float32Array(buffer);
    case 'f64':
      return new Float64Array(buffer);
  }
}

function readStrings(cursor: HeaderCursor, count: number, where: string): GgufStrings {
  const start = cursor.at;
  /** (count) where each string ends, from `start` on: it begins a length after the end of the one before it. */
  const ends = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    cursor.string(where);
    ends[i] = cursor.at - start;
  }
  const end = cursor.at;
  cursor.at = start;
  const all = cursor.bytes(end - start);
  const { name } = cursor;
  const bytesAt = (index: number): Uint8Array =>
    all.subarray((index === 0 ? 0 : ends[index - 1]!) + kindBytes.string, ends[index]);
  return { length: count, bytesAt, at: (index) => readText(bytesAt(index), `${where}[${index}]`, name) };
}
