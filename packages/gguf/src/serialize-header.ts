// Lays tensors out in the order given and writes the header: magic, counts, metadata, tensor table, padding.

import { type ErrorCode, quote, ToolkitError } from '@llama-ts/base';
import { ByteWriter } from './byte-writer.js';
import { ALIGNMENT_BYTES, MAX_DIMENSIONS, MAX_NAME_BYTES } from './limits.js';
import { appendMetadata, type GgufMetadata } from './metadata.js';
import { isTensorType, TENSOR_TYPES_WRITTEN, type TensorType, tensorByteLength, typeLayout } from './tensor-type.js';

/** "GGUF" read as a little-endian number. */
const MAGIC = 0x46554747;
const VERSION = 3;
const FIRST_COUNT_OFFSET_BYTES = 8;

/** A tensor to write. */
export interface TensorSpec {
  /** A name of up to 63 bytes in UTF-8. */
  readonly name: string;
  readonly type: TensorType;
  /** 1 to 4 lengths, outermost first: (rows, cols) for a matrix. The file stores them the other way round. */
  readonly shape: readonly number[];
}

/** A tensor and its place in the file. */
export interface TensorInfo extends TensorSpec {
  /** Offset of the first byte, counted from the start of the file; a multiple of 32. */
  readonly byteOffset: number;
  /** Bytes of data; zeros up to the next multiple of 32 follow. */
  readonly byteLength: number;
}

/** A header and the layout that it describes. */
export interface SerializedHeader {
  /** The file up to its data, padded to a multiple of 32 bytes. */
  readonly bytes: Uint8Array;
  /** The tensors in file order, which is the order they were given in. */
  readonly tensors: readonly TensorInfo[];
  /** The whole file's size. */
  readonly fileByteLength: number;
}

/**
 * Writes a header of GGUF version 3.
 *
 * @throws INVALID_ARGUMENT, LIMIT_EXCEEDED
 * @example
 * const { bytes } = serializeHeader([{ name: 'output_norm.weight', type: 'F32', shape: [2048] }], [
 *   ['general.architecture', { kind: 'string', value: 'llama' }],
 * ]);
 */
export function serializeHeader(specs: readonly TensorSpec[], metadata: GgufMetadata = []): SerializedHeader {
  const writer = new ByteWriter();
  writer.uint32(MAGIC);
  writer.uint32(VERSION);
  writer.uint64(BigInt(specs.length));
  writer.uint64(0n);
  const metadataCount = appendMetadata(writer, metadata);
  const { placed, dataByteLength } = appendTensorTable(writer, specs);
  writer.pad(ALIGNMENT_BYTES);
  const bytes = writer.bytes;
  new DataView(bytes.buffer).setBigUint64(FIRST_COUNT_OFFSET_BYTES + 8, BigInt(metadataCount), true);
  const tensors = placed.map((tensor) => ({ ...tensor, byteOffset: bytes.byteLength + tensor.byteOffset }));
  return { bytes, tensors, fileByteLength: bytes.byteLength + dataByteLength };
}

/** Appends an entry per tensor; the offsets in the file, and in `placed`, count from the start of the data. */
function appendTensorTable(
  writer: ByteWriter,
  specs: readonly TensorSpec[],
): { placed: TensorInfo[]; dataByteLength: number } {
  const names = new Set<string>();
  const placed: TensorInfo[] = [];
  let dataByteLength = 0;
  for (const spec of specs) {
    const { name, type, shape } = spec;
    const byteLength = checkedByteLength(spec);
    if (names.has(name)) throw fail('INVALID_ARGUMENT', `tensor ${quote(name)} twice, expected once`);
    names.add(name);
    writer.string(name);
    writer.uint32(shape.length);
    for (const length of [...shape].reverse()) writer.uint64(BigInt(length));
    writer.uint32(typeLayout(type).id);
    writer.uint64(BigInt(dataByteLength));
    placed.push({ name, type, shape: [...shape], byteOffset: dataByteLength, byteLength });
    dataByteLength += paddedByteLength(byteLength);
    if (!Number.isSafeInteger(dataByteLength)) {
      throw fail('INVALID_ARGUMENT', `tensors past 2^53 − 1 bytes at ${quote(name)}, expected fewer`);
    }
  }
  return { placed, dataByteLength };
}

/** Bytes that data of this length takes up in a file. */
export function paddedByteLength(byteLength: number): number {
  return Math.ceil(byteLength / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

function checkedByteLength({ name, type, shape }: TensorSpec): number {
  const where = `tensor ${quote(name)}`;
  if (name === '' || /\p{Surrogate}/u.test(name)) throw fail('INVALID_ARGUMENT', `${where}, expected well-formed text`);
  const nameBytes = Buffer.byteLength(name);
  if (nameBytes > MAX_NAME_BYTES) {
    throw fail('LIMIT_EXCEEDED', `${where}: a name of ${nameBytes} bytes, expected at most ${MAX_NAME_BYTES}`);
  }
  if (!isTensorType(type)) {
    const expected = TENSOR_TYPES_WRITTEN.join(', ');
    throw fail('INVALID_ARGUMENT', `${where}: type ${quote(String(type))}, expected ${expected}`);
  }
  if (shape.length < 1 || shape.length > MAX_DIMENSIONS) {
    throw fail('INVALID_ARGUMENT', `${where}: ${shape.length} dimensions, expected 1 to ${MAX_DIMENSIONS}`);
  }
  const odd = shape.find((length) => !Number.isSafeInteger(length) || length < 1);
  if (odd !== undefined) throw fail('INVALID_ARGUMENT', `${where}: shape has ${odd}, expected integers from 1`);
  const byteLength = tensorByteLength(type, shape);
  if (Number.isNaN(byteLength)) {
    const { blockValues } = typeLayout(type);
    throw fail(
      'INVALID_ARGUMENT',
      `${where}: rows of ${shape.at(-1)}, expected a multiple of ${blockValues} for ${type}`,
    );
  }
  if (!Number.isSafeInteger(byteLength)) {
    throw fail('INVALID_ARGUMENT', `${where}: shape [${shape.join(', ')}], expected at most 2^53 − 1 bytes`);
  }
  return byteLength;
}

function fail(code: ErrorCode, message: string): ToolkitError {
  return new ToolkitError(code, `gguf header: ${message}`);
}
