// Lays tensors out and writes the header, byte for byte as the reference implementation does.

import { type ErrorCode, quote, ToolkitError } from '@llama-ts/base';
import { DTYPES, type Dtype, isDtype, tensorSize } from './dtype.js';
import { LENGTH_FIELD_BYTES, METADATA_KEY } from './header-entries.js';
import { MAX_DIMENSIONS, MAX_HEADER_BYTES, MAX_METADATA_ENTRIES, MAX_TENSORS } from './limits.js';
import type { TensorInfo } from './tensor-info.js';

/** The data begins at a multiple of this, so that a mapped file can be viewed as any dtype. */
const DATA_ALIGNMENT_BYTES = 8;

/** A tensor to write. */
export interface TensorSpec {
  /** Any well-formed text but `__metadata__`. */
  readonly name: string;
  readonly dtype: Dtype;
  /** Lengths of the dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
}

/** Free text by key, written in this order; a Map or Object.entries(…). */
export type Metadata = Iterable<readonly [key: string, value: string]>;

/** A header and the layout that it describes. */
export interface SerializedHeader {
  /** Length field, JSON and padding: the file up to its data. */
  readonly bytes: Uint8Array;
  /** The tensors in file order: by descending alignment of the dtype, then by name in code point order. */
  readonly tensors: readonly TensorInfo[];
  /** The whole file's size. */
  readonly fileByteLength: number;
}

/**
 * Writes a header. It always reads back: the reader's limits hold here too.
 *
 * @throws INVALID_ARGUMENT, LIMIT_EXCEEDED
 * @example
 * const { bytes, tensors } = serializeHeader([{ name: 'w', dtype: 'F32', shape: [2, 3] }], [['format', 'pt']]);
 */
export function serializeHeader(specs: readonly TensorSpec[], metadata?: Metadata): SerializedHeader {
  if (specs.length > MAX_TENSORS) {
    throw fail('LIMIT_EXCEEDED', `${specs.length} tensors, expected at most ${MAX_TENSORS} in a file`);
  }
  const members = metadata === undefined ? [] : [`${JSON.stringify(METADATA_KEY)}:${metadataJson(metadata)}`];
  const names = new Set<string>();
  const placed: TensorInfo[] = [];
  let dataOffset = 0;
  for (const { name, dtype, shape } of [...specs].sort(compareSpecs)) {
    if (names.has(name)) throw fail('INVALID_ARGUMENT', `tensor ${quote(name)} twice, expected once`);
    names.add(name);
    const byteLength = checkedByteLength({ name, dtype, shape });
    placed.push({ name, dtype, shape: [...shape], byteOffset: dataOffset, byteLength });
    const end = dataOffset + byteLength;
    if (!Number.isSafeInteger(end)) throw fail('INVALID_ARGUMENT', `tensors past 2^53 − 1 bytes, expected fewer`);
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [dataOffset, end] })}`);
    dataOffset = end;
  }
  const bytes = frame(`{${members.join(',')}}`);
  const tensors = placed.map((tensor) => ({ ...tensor, byteOffset: bytes.byteLength + tensor.byteOffset }));
  return { bytes, tensors, fileByteLength: bytes.byteLength + dataOffset };
}

/** Puts the length before the JSON and pads it with spaces. */
function frame(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const paddedByteLength = Math.ceil(text.byteLength / DATA_ALIGNMENT_BYTES) * DATA_ALIGNMENT_BYTES;
  if (paddedByteLength > MAX_HEADER_BYTES) {
    throw fail('LIMIT_EXCEEDED', `a header of ${paddedByteLength} bytes, expected at most ${MAX_HEADER_BYTES}`);
  }
  const bytes = new Uint8Array(LENGTH_FIELD_BYTES + paddedByteLength).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(paddedByteLength), true);
  bytes.set(text, LENGTH_FIELD_BYTES);
  return bytes;
}

function compareSpecs(left: TensorSpec, right: TensorSpec): number {
  return DTYPES.indexOf(right.dtype) - DTYPES.indexOf(left.dtype) || compareCodePoints(left.name, right.name);
}

/** The order of UTF-8 bytes. JavaScript's own order differs where surrogates meet U+E000 to U+FFFF. */
function compareCodePoints(left: string, right: string): number {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(left), encoder.encode(right)];
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? a.length - b.length : a[at]! - (b[at] ?? -1);
}

function checkedByteLength({ name, dtype, shape }: TensorSpec): number {
  const where = `tensor ${quote(name)}`;
  if (name === METADATA_KEY) throw fail('INVALID_ARGUMENT', `${where}, expected another name: this one is reserved`);
  checkWellFormed(name, where);
  if (!isDtype(dtype))
    throw fail('INVALID_ARGUMENT', `${where}: dtype ${quote(String(dtype))}, expected ${DTYPES.join(', ')}`);
  const odd = shape.find((length) => !Number.isSafeInteger(length) || length < 0 || Object.is(length, -0));
  if (odd !== undefined) throw fail('INVALID_ARGUMENT', `${where}: shape has ${odd}, expected integers from 0`);
  if (shape.length > MAX_DIMENSIONS) {
    throw fail('LIMIT_EXCEEDED', `${where}: ${shape.length} dimensions, expected at most ${MAX_DIMENSIONS}`);
  }
  const size = tensorSize(dtype, shape);
  if ('byteLength' in size) return size.byteLength;
  const expected = size.problem === 'overflow' ? 'at most 2^53 − 1 bits' : 'whole bytes';
  throw fail('INVALID_ARGUMENT', `${where}: shape [${shape.join(', ')}] of ${dtype}, expected ${expected}`);
}

function metadataJson(metadata: Metadata): string {
  const members = new Map<string, string>();
  for (const [key, value] of metadata) {
    const where = `${METADATA_KEY} key ${quote(key)}`;
    if (members.has(key)) throw fail('INVALID_ARGUMENT', `${where} twice, expected once`);
    if (typeof value !== 'string') throw fail('INVALID_ARGUMENT', `${where}: ${typeof value}, expected a string`);
    checkWellFormed(key, where);
    checkWellFormed(value, where);
    members.set(key, `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  if (members.size > MAX_METADATA_ENTRIES) {
    throw fail('LIMIT_EXCEEDED', `${METADATA_KEY} of ${members.size}, expected at most ${MAX_METADATA_ENTRIES}`);
  }
  return `{${[...members.values()].join(',')}}`;
}

function checkWellFormed(text: string, where: string): void {
  if (/\p{Surrogate}/u.test(text))
    throw fail('INVALID_ARGUMENT', `${where}: a lone surrogate, expected well-formed text`);
}

function fail(code: ErrorCode, message: string): ToolkitError {
  return new ToolkitError(code, `safetensors header: ${message}`);
}
