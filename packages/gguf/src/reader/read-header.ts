// Reads a header of GGUF version 2 or 3: magic, counts, metadata, table of tensors.

import { type ByteSource, equalBytes, quote, recogniseFormat, SNIFF_BYTES } from '@llama-ts/base';
import { ALIGNMENT_BYTES, MAX_ALIGNMENT_BYTES, MAX_METADATA_ENTRIES, MAX_TENSORS } from '../limits.js';
import { ggufError } from './gguf-error.js';
import { HeaderCursor } from './header-cursor.js';
import { type ReadGgufValue, readEntry } from './read-metadata.js';
import { type GgufTensor, MIN_TENSOR_ENTRY_BYTES, padded, placeTensors, readTensor } from './tensor-table.js';

/** What the header of a file says. */
export interface GgufHeader {
  /** Version of the format. */
  readonly version: number;
  /** Tensors begin at multiples of this, in bytes. */
  readonly alignment: number;
  /** Entries in the order of the file. */
  readonly metadata: ReadonlyMap<string, ReadGgufValue>;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  /** Where the data begins. */
  readonly dataByteOffset: number;
}

const MAGIC = new TextEncoder().encode('GGUF');
/** Magic, version, counts. */
const HEAD_BYTES = 24;
const VERSIONS: readonly number[] = [2, 3];
/** Bytes of an entry: length of the key, a character of it, kind, a value of one byte. */
const MIN_ENTRY_BYTES = 14;

/**
 * Reads the header and compares it with the file's size.
 *
 * @throws NOT_GGUF, GGUF_HEADER, GGUF_TENSOR, GGUF_TRUNCATED, LIMIT_EXCEEDED, and what reading throws
 */
export async function readHeader(source: ByteSource, signal?: AbortSignal): Promise<GgufHeader> {
  await checkMagic(source, signal);
  const cursor = new HeaderCursor(source, signal);
  const { version, nTensors, nEntries } = await cursor.step(() => readCounts(cursor));
  const metadata = new Map<string, ReadGgufValue>();
  for (let i = 0; i < nEntries; i++) {
    const [key, value] = await cursor.step(() => readEntry(cursor));
    if (metadata.has(key)) {
      throw ggufError('GGUF_HEADER', cursor.name, `metadata ${quote(key)} twice, expected once`);
    }
    metadata.set(key, value);
  }
  const alignment = alignmentOf(metadata, cursor.name);
  const tensors: GgufTensor[] = [];
  for (let i = 0; i < nTensors; i++) tensors.push(await cursor.step(() => readTensor(cursor)));
  const dataByteOffset = tensors.length === 0 ? cursor.at : padded(cursor.at, alignment);
  const placed = placeTensors(tensors, cursor, { dataByteOffset, alignment });
  return { version, alignment, metadata, tensors: placed, dataByteOffset };
}

async function checkMagic(source: ByteSource, signal: AbortSignal | undefined): Promise<void> {
  const { name, byteLength } = source;
  const head = await source.read(0, Math.min(SNIFF_BYTES, byteLength), signal);
  if (equalBytes(head.subarray(0, MAGIC.byteLength), MAGIC)) {
    if (byteLength >= HEAD_BYTES) return;
    throw ggufError('GGUF_TRUNCATED', name, `${byteLength} bytes, expected at least ${HEAD_BYTES}`);
  }
  const format = recogniseFormat(head);
  const found = byteLength === 0 ? 'is empty' : `is ${format?.what ?? 'not GGUF'}`;
  throw ggufError('NOT_GGUF', name, `${found}, expected a GGUF file`);
}

function readCounts(cursor: HeaderCursor): { version: number; nTensors: number; nEntries: number } {
  cursor.bytes(MAGIC.byteLength);
  const version = cursor.uint32();
  checkVersion(version, cursor.name);
  const nTensors = cursor.count(MIN_TENSOR_ENTRY_BYTES, 'tensors');
  const nEntries = cursor.count(MIN_ENTRY_BYTES, 'metadata entries');
  for (const [count, most, what] of [
    [nTensors, MAX_TENSORS, 'tensors'],
    [nEntries, MAX_METADATA_ENTRIES, 'metadata entries'],
  ] as const) {
    if (count <= most) continue;
    throw ggufError('LIMIT_EXCEEDED', cursor.name, `${count} ${what}, expected at most ${most}`);
  }
  return { version, nTensors, nEntries };
}

function checkVersion(version: number, name: string): void {
  if (VERSIONS.includes(version)) return;
  // The magic is the same in both byte orders, and versions are small.
  if ((version & 0xffff) === 0 && version !== 0) {
    throw ggufError('GGUF_HEADER', name, 'is a big-endian GGUF file, expected a little-endian one', [
      'turn its bytes around with gguf-convert-endian of llama.cpp, then run the same command again',
    ]);
  }
  throw ggufError('GGUF_HEADER', name, `version ${version} at byte 4, expected 2 or 3`, [
    version === 1
      ? 'convert the model again with a llama.cpp of today, then run the same command again'
      : 'download the file again, then run the same command again',
  ]);
}

function alignmentOf(metadata: ReadonlyMap<string, ReadGgufValue>, name: string): number {
  const value = metadata.get('general.alignment');
  if (value === undefined) return ALIGNMENT_BYTES;
  const alignment = value.kind === 'u32' ? value.value : 0;
  if (alignment >= 1 && alignment <= MAX_ALIGNMENT_BYTES && Number.isInteger(Math.log2(alignment))) return alignment;
  const found = value.kind === 'u32' ? String(value.value) : `of kind ${value.kind}`;
  const expected = `a power of two up to ${MAX_ALIGNMENT_BYTES}, as u32`;
  throw ggufError('GGUF_HEADER', name, `general.alignment ${found}, expected ${expected}`);
}
