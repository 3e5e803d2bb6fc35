// Opens a .bin file: header, exact length, trailer and norms are checked before anything is sized by them.

import { type ByteSource, equalBytes, isToolkitError, sha256, ToolkitError } from '@llama-ts/base';
import { badTrailer } from './bytes.js';
import { exportAgain } from './export-again.js';
import { type BinHeader, decodeHeader, HEADER_BYTES, headerByteLength, neededHeaderBytes } from './header.js';
import { type BinLayout, type BinTensor, layout } from './layout.js';
import { decodeFooter, decodeTrailer, FOOTER_BYTES, type Trailer } from './trailer.js';

/** Norms read in parallel: each waits longer for the disk or a thread than its bytes take to read. */
const PARALLEL_READS = 16;

/** Header, trailer and weights of a .bin file. */
export interface BinFile {
  readonly header: BinHeader;
  readonly layout: BinLayout;
  /** null for a plain file, as the reference exporter writes it. */
  readonly trailer: Trailer | null;
}

/**
 * Reads everything but the matrices.
 *
 * @throws ToolkitError `NOT_A_MODEL`, `BAD_VERSION`, `BAD_HEADER`, `BAD_LENGTH`, `BAD_TRAILER`, `BAD_WEIGHTS`
 */
export async function readBinFile(source: ByteSource): Promise<BinFile> {
  const bin = await readBinOutline(source);
  await checkNorms(source, bin);
  return bin;
}

/**
 * Reads header and trailer only: no weight is looked at, norms neither.
 *
 * @throws ToolkitError `NOT_A_MODEL`, `BAD_VERSION`, `BAD_HEADER`, `BAD_LENGTH`, `BAD_TRAILER`
 */
export async function readBinOutline(source: ByteSource): Promise<BinFile> {
  const { name, byteLength } = source;
  const start = await readHeaderBytes(source);
  const header = decodeHeader(start, name);
  const places = placesIn(source, header);
  if (byteLength === places.weightsEnd) return { header, layout: places, trailer: null };
  try {
    const trailer = await readTrailer(source, header, places);
    const headerBytes = start.subarray(0, headerByteLength(header));
    if (!equalBytes(sha256(headerBytes), trailer.checksums.header)) {
      throw new ToolkitError('BAD_HEADER', `${name}: the header does not have the sha256 that the trailer states`);
    }
    checkAgreement(header, trailer, name);
    return { header, layout: places, trailer };
  } catch (error) {
    if (!isToolkitError(error) || error.suggestions.length > 0) throw error;
    throw new ToolkitError(error.code, error.message, {
      suggestions: [`the file is damaged, export it again: ${exportAgain(name, header.version)}`],
      cause: error.cause,
    });
  }
}

/**
 * Reads the header only and compares the file's length with it: a file with all its weights can be mapped.
 *
 * @throws ToolkitError `NOT_A_MODEL`, `BAD_VERSION`, `BAD_HEADER`, `BAD_LENGTH`
 */
export async function readBinHeader(source: ByteSource): Promise<BinHeader> {
  const header = decodeHeader(await readHeaderBytes(source), source.name);
  placesIn(source, header);
  return header;
}

/**
 * The bytes that the header is in, or all that the file has of them.
 *
 * @throws ToolkitError `NOT_A_MODEL`, `BAD_VERSION`, `BAD_HEADER`
 */
export async function readHeaderBytes(source: ByteSource): Promise<Uint8Array> {
  const { name, byteLength } = source;
  const start = await source.read(0, Math.min(HEADER_BYTES, byteLength));
  const needed = Math.min(neededHeaderBytes(start, name), byteLength);
  return needed === start.byteLength ? start : source.read(0, needed);
}

/** @throws ToolkitError `NOT_A_MODEL`, `BAD_LENGTH` */
function placesIn({ name, byteLength }: ByteSource, header: BinHeader): BinLayout {
  const places = layout(header);
  if (byteLength < places.weightsEnd) throw wrongLength(header, byteLength, places.weightsEnd, name);
  return places;
}

async function readTrailer(source: ByteSource, header: BinHeader, places: BinLayout): Promise<Trailer> {
  const { name, byteLength } = source;
  const { weightsEnd } = places;
  const footerByteLength = Math.min(FOOTER_BYTES, byteLength - weightsEnd);
  let footer: Uint8Array;
  try {
    footer = await source.read(byteLength - footerByteLength, footerByteLength);
    decodeFooter(footer, weightsEnd, byteLength, name);
  } catch (error) {
    // v0 has no magic, so a tail that is no trailer most likely means that this is no v0 file at all.
    if (header.version === 0) throw wrongLength(header, byteLength, weightsEnd, name, error);
    throw error;
  }
  const bytes = await source.read(weightsEnd, byteLength - weightsEnd);
  return decodeTrailer(bytes, places.tensors.length, name);
}

/** The trailer repeats some of the header; where they differ, one of them is of another model. */
function checkAgreement(header: BinHeader, trailer: Trailer, name: string): void {
  const { dimensions } = header;
  const { description, tokenizer } = trailer;
  const pairs: readonly (readonly [string, number, number])[] = [
    ['headDim', description.headDim, dimensions.dim / dimensions.nHeads],
    ['contextLength', description.contextLength, dimensions.maxSeqLen],
    ['tokenizer size', tokenizer?.nTokens ?? dimensions.vocabSize, dimensions.vocabSize],
  ];
  for (const [field, found, expected] of pairs) {
    if (found !== expected)
      throw badTrailer(`${name}: trailer ${field} ${found}, expected ${expected} as in the header`);
  }
  for (const id of [...description.eosIds, ...(description.bosId === null ? [] : [description.bosId])]) {
    if (id >= dimensions.vocabSize)
      throw badTrailer(`${name}: trailer names token ${id}, expected ids below ${dimensions.vocabSize}`);
  }
}

async function checkNorms(source: ByteSource, { header: { version }, layout: { tensors } }: BinFile): Promise<void> {
  const norms = tensors.filter(({ shape }) => shape.length === 1);
  for (let first = 0; first < norms.length; first += PARALLEL_READS) {
    const some = norms.slice(first, first + PARALLEL_READS);
    const values = await Promise.all(some.map((norm) => readFloats(source, norm)));
    for (const [i, norm] of some.entries()) checkFinite(values[i]!, norm, source.name, version);
  }
}

/** (nValues) */
async function readFloats(source: ByteSource, { byteOffset, nValues }: BinTensor): Promise<Float32Array> {
  const values = new Float32Array(nValues);
  await source.readInto(byteOffset, new Uint8Array(values.buffer));
  return values;
}

function checkFinite(values: Float32Array, { name, byteOffset }: BinTensor, file: string, version: number): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new ToolkitError(
      'BAD_WEIGHTS',
      `${file}: ${name}[${i}] is ${values[i]} at byte ${byteOffset + 4 * i}, expected a finite number`,
      { suggestions: [`the file is damaged, export it again: ${exportAgain(file, version)}`] },
    );
  }
}

function wrongLength(header: BinHeader, found: number, expected: number, name: string, cause?: unknown): ToolkitError {
  const message = `${name}: ${found} bytes, expected ${expected} for the v${header.version} model its header describes`;
  const suggestions = [`the file is incomplete or no model, export it again: ${exportAgain(name, header.version)}`];
  return header.version === 0
    ? new ToolkitError('NOT_A_MODEL', message, { suggestions, cause })
    : new ToolkitError('BAD_LENGTH', message, { suggestions, cause });
}
