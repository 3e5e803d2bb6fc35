// The table of tensors that follows the header of a v3 file: a record for each tensor, with its encoding and its place.
//
//   record     64 bytes: u32 encoding, u32 0, u64 byte offset, u64 byte length, the codebook (16 int8), 24 zeros
//   table      records in file order, then zeros up to a multiple of 4,096, where the first tensor starts

import { ToolkitError } from '@llama-ts/base';
import { exportAgain } from './export-again.js';
import type { ModelDimensions } from './model-config.js';
import { columnsOf, rowsOf, type TensorShape, tensorShapes } from './tensor-shapes.js';
import {
  CODEBOOK_LENGTH,
  float32Encoding,
  MAX_VALUE,
  q4Encoding,
  q8Encoding,
  valueBytes,
  type WeightEncoding,
} from './weight-encoding.js';

/** Bytes of a record. */
const RECORD_BYTES = 64;
/** Where the table starts: after the fixed fields. */
const TABLE_OFFSET = 256;
/** Tensors start at multiples of it: a page of memory, and of a disk. */
const TENSOR_ALIGNMENT = 4096;
const BYTE_OFFSET = 8;
const BYTE_LENGTH = 16;
const CODEBOOK = 24;
const RESERVED = CODEBOOK + CODEBOOK_LENGTH;

const codes = { F32: 0, Q8: 1, Q4: 2 } as const;

/** The next byte at which a tensor of v3 may start. */
export function alignTensor(byteOffset: number): number {
  return Math.ceil(byteOffset / TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT;
}

/** Where the first tensor starts. */
export function tableEnd(dimensions: ModelDimensions): number {
  const { nLayers, sharedClassifier } = dimensions;
  const [perLayer, global] = [9, sharedClassifier ? 2 : 3];
  return alignTensor(TABLE_OFFSET + RECORD_BYTES * (perLayer * nLayers + global));
}

/**
 * The table as bytes, from byte 256 to the first tensor.
 *
 * @param encodings of each tensor, in file order
 */
export function encodeTensorTable(dimensions: ModelDimensions, encodings: readonly WeightEncoding[]): Uint8Array {
  const start = tableEnd(dimensions);
  const bytes = new Uint8Array(start - TABLE_OFFSET);
  const view = new DataView(bytes.buffer);
  let byteOffset = start;
  for (const [i, tensor] of tensorShapes(3, dimensions).entries()) {
    const encoding = encodings[i]!;
    const record = RECORD_BYTES * i;
    const byteLength = paddedBytes(encoding, tensor);
    view.setUint32(record, codes[encoding.id as keyof typeof codes], true);
    view.setBigUint64(record + BYTE_OFFSET, BigInt(byteOffset), true);
    view.setBigUint64(record + BYTE_LENGTH, BigInt(byteLength), true);
    if (encoding.id === 'Q4') bytes.set(Int8Array.from(encoding.codebook), record + CODEBOOK);
    byteOffset += byteLength;
  }
  return bytes;
}

/**
 * Reads the table.
 *
 * @param bytes of the file from byte 256 on
 * @returns the encoding of each tensor, in file order
 * @throws ToolkitError `BAD_LENGTH` if the file ends within the table; `BAD_HEADER`
 */
export function decodeTensorTable(bytes: Uint8Array, dimensions: ModelDimensions, name: string): WeightEncoding[] {
  const start = tableEnd(dimensions);
  if (bytes.byteLength < start - TABLE_OFFSET) {
    throw new ToolkitError(
      'BAD_LENGTH',
      `${name}: ${TABLE_OFFSET + bytes.byteLength} bytes, expected a table of tensors up to byte ${start}`,
      { suggestions: [`the file is incomplete, export it again: ${exportAgain(name, 3)}`] },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, start - TABLE_OFFSET);
  const shapes = tensorShapes(3, dimensions);
  const encodings: WeightEncoding[] = [];
  let byteOffset = start;
  for (const [i, tensor] of shapes.entries()) {
    const record: RecordReader = { view, start: RECORD_BYTES * i, tensor: tensor.name, file: name };
    const encoding = decodeEncoding(record, tensor);
    const byteLength = paddedBytes(encoding, tensor);
    expectField(record, BYTE_OFFSET, 'byte offset', readUint64(record, BYTE_OFFSET), byteOffset);
    expectField(record, BYTE_LENGTH, 'byte length', readUint64(record, BYTE_LENGTH), byteLength);
    byteOffset += byteLength;
    encodings.push(encoding);
  }
  for (let i = RECORD_BYTES * shapes.length; i < view.byteLength; i++) {
    if (view.getUint8(i) !== 0) {
      throw badTable(`${name}: padding ${view.getUint8(i)} at byte ${TABLE_OFFSET + i}, expected 0`, name);
    }
  }
  return encodings;
}

/** One record, and the names that its errors mention. */
interface RecordReader {
  /** The table. */
  readonly view: DataView;
  /** The record's first byte in the table. */
  readonly start: number;
  readonly tensor: string;
  readonly file: string;
}

function decodeEncoding(record: RecordReader, { shape }: TensorShape): WeightEncoding {
  const { view, start } = record;
  const code = view.getUint32(start, true);
  const allowed = shape.length === 1 ? [codes.F32] : [codes.Q8, codes.Q4];
  if (!(allowed as number[]).includes(code)) {
    const expected = shape.length === 1 ? '0 (F32) for a vector' : '1 (Q8) or 2 (Q4) for a matrix';
    throw badRecord(record, 0, `encoding ${code}`, expected);
  }
  expectField(record, 4, 'reserved field', view.getUint32(start + 4, true), 0);
  for (let i = code === codes.Q4 ? RESERVED : CODEBOOK; i < RECORD_BYTES; i++) {
    expectField(record, i, 'reserved byte', view.getUint8(start + i), 0);
  }
  if (code === codes.F32) return float32Encoding;
  if (code === codes.Q8) return q8Encoding;
  const codebook = Array.from({ length: CODEBOOK_LENGTH }, (_, i) => view.getInt8(start + CODEBOOK + i));
  const bad = codebook.findIndex((entry) => entry < -MAX_VALUE);
  if (bad >= 0) {
    throw badRecord(record, CODEBOOK + bad, `codebook entry ${codebook[bad]}`, `${-MAX_VALUE} to ${MAX_VALUE}`);
  }
  return q4Encoding(codebook);
}

/** Bytes of a tensor, with the zeros up to the next one. */
function paddedBytes(encoding: WeightEncoding, tensor: TensorShape): number {
  return alignTensor(valueBytes(encoding, rowsOf(tensor), columnsOf(tensor)));
}

function readUint64({ view, start }: RecordReader, field: number): number {
  return Number(view.getBigUint64(start + field, true));
}

function expectField(record: RecordReader, field: number, what: string, found: number, expected: number): void {
  if (found !== expected) throw badRecord(record, field, `${what} ${found}`, `${expected}`);
}

function badRecord({ start, tensor, file }: RecordReader, field: number, found: string, expected: string) {
  const at = TABLE_OFFSET + start + field;
  return badTable(`${file}: ${found} of ${tensor} at byte ${at}, expected ${expected}`, file);
}

function badTable(message: string, file: string): ToolkitError {
  return new ToolkitError('BAD_HEADER', message, {
    suggestions: [`the file is damaged, export it again: ${exportAgain(file, 3)}`],
  });
}
