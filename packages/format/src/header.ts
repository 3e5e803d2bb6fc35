// The header of a .bin file: which version it is and the dimensions every other offset follows from.

import { isText, recogniseFormat, ToolkitError } from '@llama-ts/base';
import { exportAgain } from './export-again.js';
import { MAX_DIM, MAX_GROUP_SIZE, MAX_HEADS, MAX_LAYERS, MAX_SEQ_LEN, MAX_VOCAB_SIZE } from './limits.js';
import type { ModelDimensions } from './model-config.js';
import { decodeTensorTable, encodeTensorTable, tableEnd } from './tensor-table.js';
import { PANEL_GROUP_SIZE, type WeightEncoding } from './weight-encoding.js';

/** Versions of the .bin format. */
export type BinVersion = 0 | 1 | 2 | 3;

/** The fields of a header. */
export interface BinHeader {
  readonly version: BinVersion;
  readonly dimensions: ModelDimensions;
  /** Values per scale in v2 and v3; null in v0 and v1. */
  readonly groupSize: number | null;
  /** v3: how each tensor is stored, in the order of the layout. Other versions store all matrices alike. */
  readonly encodings?: readonly WeightEncoding[] | undefined;
}

/** "ak42", the magic of v1, v2 and v3. */
export const MAGIC = 0x616b3432;
const MAGIC_BYTE_SWAPPED = 0x32346b61;

/** Bytes of a v1 or v2 header; a v3 header goes on with the table of tensors. */
export const HEADER_BYTES = 256;

/** Bytes of a v0 header: seven int32 and no magic. */
const LEGACY_HEADER_BYTES = 28;

const DIMENSIONS_OFFSET = 8;
const SHARED_FLAG_OFFSET = 36;
/** Not a multiple of four: the reference packs it right after the one-byte flag. */
const GROUP_SIZE_OFFSET = 37;

const dimensionFields = [
  ['dim', MAX_DIM],
  ['hiddenDim', MAX_DIM],
  ['nLayers', MAX_LAYERS],
  ['nHeads', MAX_HEADS],
  ['nKvHeads', MAX_HEADS],
  ['vocabSize', MAX_VOCAB_SIZE],
  ['maxSeqLen', MAX_SEQ_LEN],
] as const;

/** Bytes up to the first tensor: the header, in v3 with the table of tensors and the zeros after it. */
export function headerByteLength({ version, dimensions }: Pick<BinHeader, 'version' | 'dimensions'>): number {
  if (version === 3) return tableEnd(dimensions);
  return version === 0 ? LEGACY_HEADER_BYTES : HEADER_BYTES;
}

/** The header as bytes; those of v0, v1 and v2 as the reference exporter writes them. */
export function encodeHeader(header: BinHeader): Uint8Array {
  const bytes = new Uint8Array(headerByteLength(header));
  const view = new DataView(bytes.buffer);
  const { dimensions } = header;
  const start = header.version === 0 ? 0 : DIMENSIONS_OFFSET;
  dimensionFields.forEach(([field], i) => {
    view.setInt32(start + 4 * i, dimensions[field], true);
  });
  if (header.version === 0) {
    if (!dimensions.sharedClassifier) view.setInt32(20, -dimensions.vocabSize, true);
    return bytes;
  }
  view.setUint32(0, MAGIC, true);
  view.setInt32(4, header.version, true);
  view.setUint8(SHARED_FLAG_OFFSET, dimensions.sharedClassifier ? 1 : 0);
  if (header.version === 2) view.setInt32(GROUP_SIZE_OFFSET, header.groupSize!, true);
  if (header.version === 3) bytes.set(encodeTensorTable(dimensions, header.encodings!), HEADER_BYTES);
  return bytes;
}

/**
 * Bytes that {@link decodeHeader} needs of a file: more than 256 for the table of tensors of v3.
 *
 * @param bytes the file's first 256 bytes, or all it has
 * @throws ToolkitError `NOT_A_MODEL`, `BAD_VERSION`, `BAD_HEADER`
 */
export function neededHeaderBytes(bytes: Uint8Array, name: string): number {
  return Math.max(HEADER_BYTES, headerByteLength(decodeFixedHeader(bytes, name)));
}

/**
 * Reads the first bytes of a .bin file.
 *
 * @param bytes the file's first bytes, as many as {@link neededHeaderBytes}, or all it has
 * @param name the file's name, for messages
 * @throws ToolkitError `NOT_A_MODEL`, `BAD_VERSION`, `BAD_HEADER`, `BAD_LENGTH`
 */
export function decodeHeader(bytes: Uint8Array, name: string): BinHeader {
  const header = decodeFixedHeader(bytes, name);
  if (header.version !== 3) return header;
  return { ...header, encodings: decodeTensorTable(bytes.subarray(HEADER_BYTES), header.dimensions, name) };
}

/** The fields of the first 256 bytes. */
function decodeFixedHeader(bytes: Uint8Array, name: string): BinHeader {
  if (bytes.byteLength < HEADER_BYTES) {
    checkForeign(bytes, name);
    throw notAModel(
      `${name}: ${bytes.byteLength} bytes, expected a header of ${HEADER_BYTES} and the weights after it`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  if (magic === MAGIC) return decodeVersioned(view, name);
  if (magic === MAGIC_BYTE_SWAPPED) {
    throw notAModel(`${name}: magic at byte 0 is byte-swapped, expected 0x616b3432 in little-endian order`);
  }
  checkForeign(bytes, name);
  return decodeLegacy(view, name);
}

/** @throws ToolkitError `NOT_A_MODEL` for a file whose format is another one */
function checkForeign(bytes: Uint8Array, name: string): void {
  const found = recogniseFormat(bytes) ?? (isText(bytes) ? { id: 'text', what: 'a text' } : null);
  if (found !== null && found.id !== 'bin') throw notAModel(`${name}: this is ${found.what}, expected a .bin model`);
}

function decodeVersioned(view: DataView, name: string): BinHeader {
  const version = view.getInt32(4, true);
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new ToolkitError('BAD_VERSION', `${name}: version ${version} at byte 4, expected 1 to 3 after the magic`, {
      suggestions: [`export the model again: ${exportAgain(name)}`],
    });
  }
  const flag = view.getUint8(SHARED_FLAG_OFFSET);
  if (flag > 1) throw badHeader(name, SHARED_FLAG_OFFSET, `shared classifier flag ${flag}`, '0 or 1');
  const dimensions = decodeDimensions(view, DIMENSIONS_OFFSET, flag === 1, name);
  let groupSize: number | null = null;
  if (version === 2) {
    groupSize = view.getInt32(GROUP_SIZE_OFFSET, true);
    checkGroupSize(groupSize, dimensions, name);
  }
  if (version === 3) {
    groupSize = PANEL_GROUP_SIZE;
    checkPanelColumns(dimensions, name);
  }
  for (let i = version === 2 ? GROUP_SIZE_OFFSET + 4 : GROUP_SIZE_OFFSET; i < HEADER_BYTES; i++) {
    if (view.getUint8(i) !== 0) throw badHeader(name, i, `padding ${view.getUint8(i)}`, '0');
  }
  return { version, dimensions, groupSize };
}

/** v0 has no magic, so any file may be read as v0: a dimension out of range most likely means another kind of file. */
function decodeLegacy(view: DataView, name: string): BinHeader {
  const signedVocabSize = view.getInt32(20, true);
  const copy = new DataView(new ArrayBuffer(LEGACY_HEADER_BYTES));
  for (let i = 0; i < LEGACY_HEADER_BYTES; i += 4) copy.setInt32(i, view.getInt32(i, true), true);
  copy.setInt32(20, Math.abs(signedVocabSize), true);
  try {
    return { version: 0, dimensions: decodeDimensions(copy, 0, signedVocabSize > 0, name), groupSize: null };
  } catch (cause) {
    const magic = view.getUint32(0, true).toString(16).padStart(8, '0');
    throw notAModel(
      `${name}: 0x${magic} at byte 0 is neither the magic 0x616b3432 nor the start of a v0 header`,
      cause,
    );
  }
}

function decodeDimensions(view: DataView, start: number, sharedClassifier: boolean, name: string): ModelDimensions {
  const [dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, maxSeqLen] = dimensionFields.map(([field, max], i) => {
    const byteOffset = start + 4 * i;
    const value = view.getInt32(byteOffset, true);
    if (value <= 0 || value > max) throw badHeader(name, byteOffset, `${field} ${value}`, `1 to ${max}`);
    return value;
  }) as [number, number, number, number, number, number, number];
  const dimensions = { dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, maxSeqLen, sharedClassifier };
  checkHeads(dimensions, name);
  return dimensions;
}

/**
 * Refuses head counts that the format cannot express.
 *
 * @throws ToolkitError `BAD_HEADER`
 */
export function checkHeads({ dim, nHeads, nKvHeads }: ModelDimensions, name: string): void {
  if (dim % nHeads !== 0 || (dim / nHeads) % 2 !== 0) {
    throw new ToolkitError('BAD_HEADER', `${name}: dim ${dim} over ${nHeads} heads, expected an even number per head`);
  }
  if (nHeads % nKvHeads !== 0) {
    throw new ToolkitError(
      'BAD_HEADER',
      `${name}: ${nHeads} heads over ${nKvHeads} key/value heads, expected a multiple`,
    );
  }
}

/**
 * Refuses widths that groups of v3 do not divide.
 *
 * @throws ToolkitError `BAD_HEADER`
 */
function checkPanelColumns({ dim, hiddenDim }: ModelDimensions, name: string): void {
  if (dim % PANEL_GROUP_SIZE === 0 && hiddenDim % PANEL_GROUP_SIZE === 0) return;
  throw new ToolkitError(
    'BAD_HEADER',
    `${name}: dim ${dim} and hiddenDim ${hiddenDim} in a v3 file, expected multiples of ${PANEL_GROUP_SIZE}`,
    { suggestions: [`the file is damaged or no model, export it again: ${exportAgain(name, 3)}`] },
  );
}

function checkGroupSize(groupSize: number, { dim, hiddenDim }: ModelDimensions, name: string): void {
  if (groupSize < 1 || groupSize > MAX_GROUP_SIZE) {
    throw badHeader(name, GROUP_SIZE_OFFSET, `group size ${groupSize}`, `1 to ${MAX_GROUP_SIZE}`);
  }
  if (dim % groupSize !== 0 || hiddenDim % groupSize !== 0) {
    throw badHeader(
      name,
      GROUP_SIZE_OFFSET,
      `group size ${groupSize}`,
      `a divisor of dim ${dim} and hiddenDim ${hiddenDim}`,
    );
  }
}

function badHeader(name: string, byteOffset: number, found: string, expected: string): ToolkitError {
  return new ToolkitError('BAD_HEADER', `${name}: ${found} at byte ${byteOffset}, expected ${expected}`, {
    suggestions: [`the file is damaged or no model, export it again: ${exportAgain(name)}`],
  });
}

function notAModel(message: string, cause?: unknown): ToolkitError {
  return new ToolkitError('NOT_A_MODEL', message, {
    suggestions: ['make one from a checkpoint: llama export meta-llama/Llama-3.2-1B-Instruct'],
    cause,
  });
}
