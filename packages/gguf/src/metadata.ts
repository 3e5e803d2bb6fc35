// Metadata values: every kind the format has, checked and appended to a header.

import { quote, ToolkitError } from '@llama-ts/base';
import type { ByteWriter } from './byte-writer.js';
import { ALIGNMENT_BYTES, MAX_ARRAY_DEPTH, MAX_KEY_BYTES } from './limits.js';

interface KindRules<Value> {
  /** The kind's number in the format. */
  readonly id: number;
  accepts(value: unknown): boolean;
  /** The values that it accepts, for messages. */
  readonly expected: string;
  append(writer: ByteWriter, value: Value): void;
}

/** Kinds of number that a JavaScript number holds. */
export type NumberKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64';

/** One value: `f32` is rounded to float32; integers are within the range of their kind; NaN is refused. */
export type GgufScalar =
  | { readonly kind: NumberKind; readonly value: number }
  | { readonly kind: 'u64' | 'i64'; readonly value: bigint }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string };

/** Values of one kind. Arrays of arrays are in the format, but llama.cpp does not read them. */
export type GgufArray =
  | { readonly kind: 'array'; readonly of: NumberKind; readonly values: ArrayLike<number> }
  | { readonly kind: 'array'; readonly of: 'u64' | 'i64'; readonly values: ArrayLike<bigint> }
  | { readonly kind: 'array'; readonly of: 'bool'; readonly values: readonly boolean[] }
  | { readonly kind: 'array'; readonly of: 'string'; readonly values: readonly string[] }
  | { readonly kind: 'array'; readonly of: 'array'; readonly values: readonly GgufArray[] };

/** A metadata value and its kind. */
export type GgufValue = GgufScalar | GgufArray;

/** Keys and values, written in this order; a Map or Object.entries(…). */
export type GgufMetadata = Iterable<readonly [key: string, value: GgufValue]>;

/** @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md gguf_metadata_value_type */
const SCALAR_KINDS = {
  u8: integer(0, 0, 0xff, (writer, value) => writer.uint8(value)),
  i8: integer(1, -0x80, 0x7f, (writer, value) => writer.int8(value)),
  u16: integer(2, 0, 0xffff, (writer, value) => writer.uint16(value)),
  i16: integer(3, -0x8000, 0x7fff, (writer, value) => writer.int16(value)),
  u32: integer(4, 0, 0xffffffff, (writer, value) => writer.uint32(value)),
  i32: integer(5, -0x80000000, 0x7fffffff, (writer, value) => writer.int32(value)),
  f32: float(6, (writer, value) => writer.float32(value)),
  bool: {
    id: 7,
    accepts: (value: unknown) => typeof value === 'boolean',
    expected: 'true or false',
    append: (writer, value) => writer.uint8(value ? 1 : 0),
  } satisfies KindRules<boolean>,
  string: {
    id: 8,
    accepts: (value: unknown) => typeof value === 'string' && !/\p{Surrogate}/u.test(value),
    expected: 'well-formed text',
    append: (writer, value) => writer.string(value),
  } satisfies KindRules<string>,
  u64: bigInteger(10, 0n, 2n ** 64n - 1n, (writer, value) => writer.uint64(value)),
  i64: bigInteger(11, -(2n ** 63n), 2n ** 63n - 1n, (writer, value) => writer.int64(value)),
  f64: float(12, (writer, value) => writer.float64(value)),
};

const ARRAY_ID = 9;

function integer(id: number, low: number, high: number, append: KindRules<number>['append']): KindRules<number> {
  return {
    id,
    accepts: (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high,
    expected: `a whole number from ${low} to ${high}`,
    append,
  };
}

function bigInteger(id: number, low: bigint, high: bigint, append: KindRules<bigint>['append']): KindRules<bigint> {
  return {
    id,
    accepts: (value: unknown) => typeof value === 'bigint' && value >= low && value <= high,
    expected: `a bigint from ${low} to ${high}`,
    append,
  };
}

function float(id: number, append: KindRules<number>['append']): KindRules<number> {
  return {
    id,
    accepts: (value: unknown) => typeof value === 'number' && !Number.isNaN(value),
    expected: 'a number',
    append,
  };
}

/**
 * Appends all entries and returns their number.
 *
 * @throws INVALID_ARGUMENT, LIMIT_EXCEEDED
 */
export function appendMetadata(writer: ByteWriter, metadata: GgufMetadata): number {
  const keys = new Set<string>();
  for (const [key, value] of metadata) {
    const where = `metadata ${quote(key)}`;
    checkKey(key, where, keys);
    keys.add(key);
    if (key === 'general.alignment' && !(value.kind === 'u32' && value.value === ALIGNMENT_BYTES)) {
      throw fail('INVALID_ARGUMENT', `${where}, expected u32 ${ALIGNMENT_BYTES}, the alignment that is written`);
    }
    writer.string(key);
    if (value.kind === 'array') {
      writer.uint32(ARRAY_ID);
      appendArray(writer, value, where, 1);
    } else {
      const rules = rulesOf(value.kind, where);
      writer.uint32(rules.id);
      appendScalar(writer, rules, value.value, where);
    }
  }
  return keys.size;
}

function checkKey(key: string, where: string, keys: ReadonlySet<string>): void {
  if (!/^[!-~]+$/.test(key)) throw fail('INVALID_ARGUMENT', `${where}, expected a key of printable ASCII`);
  if (key.length > MAX_KEY_BYTES) {
    throw fail('LIMIT_EXCEEDED', `${where}: a key of ${key.length} bytes, expected at most ${MAX_KEY_BYTES}`);
  }
  if (keys.has(key)) throw fail('INVALID_ARGUMENT', `${where} twice, expected once`);
}

function appendArray(writer: ByteWriter, array: GgufArray, where: string, depth: number): void {
  if (depth > MAX_ARRAY_DEPTH) {
    throw fail('LIMIT_EXCEEDED', `${where}: arrays nested over ${MAX_ARRAY_DEPTH} deep, expected fewer`);
  }
  const rules = array.of === 'array' ? null : rulesOf(array.of, where);
  writer.uint32(rules?.id ?? ARRAY_ID);
  writer.uint64(BigInt(array.values.length));
  for (let i = 0; i < array.values.length; i++) {
    if (rules === null) appendArray(writer, array.values[i] as GgufArray, where, depth + 1);
    else appendScalar(writer, rules, array.values[i], `${where}[${i}]`);
  }
}

function appendScalar(writer: ByteWriter, rules: KindRules<unknown>, value: unknown, where: string): void {
  if (!rules.accepts(value)) {
    const found = `${typeof value} ${quote(String(value))}`;
    throw fail('INVALID_ARGUMENT', `${where}: ${found}, expected ${rules.expected}`);
  }
  rules.append(writer, value);
}

function rulesOf(kind: GgufScalar['kind'], where: string): KindRules<unknown> {
  if (Object.hasOwn(SCALAR_KINDS, kind)) return SCALAR_KINDS[kind] as KindRules<unknown>;
  const kinds = [...Object.keys(SCALAR_KINDS), 'array'].join(', ');
  throw fail('INVALID_ARGUMENT', `${where}: kind ${quote(String(kind))}, expected one of ${kinds}`);
}

function fail(code: 'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED', message: string): ToolkitError {
  return new ToolkitError(code, `gguf header: ${message}`);
}
