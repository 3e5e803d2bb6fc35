// Reads the table of tensors and compares it with the file's size.

import { quote } from '@llama-ts/base';
import { type GgmlType, ggmlByteLength, ggmlTypeOf, ggmlTypes } from '../ggml-types.js';
import { MAX_DIMENSIONS, MAX_NAME_BYTES } from '../limits.js';
import { ggufError } from './gguf-error.js';
import type { HeaderCursor } from './header-cursor.js';
import { readText } from './read-text.js';

/** A tensor of a file. */
export interface GgufTensor {
  readonly name: string;
  readonly type: GgmlType;
  /** 1 to 4 lengths, outermost first: (rows, cols) for a matrix. */
  readonly shape: readonly number[];
  /** Offset from the start of the file. */
  readonly byteOffset: number;
  /** Bytes of the tensor, without the padding after it. */
  readonly byteLength: number;
}

/** Bytes of an entry without dimensions: length of the name, number of dimensions, type, offset. */
export const MIN_TENSOR_ENTRY_BYTES = 24;

/** Reads an entry; its offset counts from the start of the data. @throws GGUF_TENSOR, GGUF_TRUNCATED */
export function readTensor(cursor: HeaderCursor): GgufTensor {
  const start = cursor.at;
  const fail = (problem: string) => ggufError('GGUF_TENSOR', cursor.name, problem);
  const nameBytes = cursor.string('a tensor’s name');
  if (nameBytes.byteLength === 0 || nameBytes.byteLength > MAX_NAME_BYTES) {
    const found = `a tensor’s name of ${nameBytes.byteLength} bytes at byte ${start}`;
    throw fail(`${found}, expected 1 to ${MAX_NAME_BYTES}`);
  }
  const name = readText(nameBytes, `the tensor’s name at byte ${start}`, cursor.name);
  const where = `tensor ${quote(name)}`;
  const nDimensions = cursor.uint32();
  if (nDimensions < 1 || nDimensions > MAX_DIMENSIONS) {
    throw fail(`${where}: ${nDimensions} dimensions, expected 1 to ${MAX_DIMENSIONS}`);
  }
  const stored = Array.from({ length: nDimensions }, () => cursor.uint64());
  const typeId = cursor.uint32();
  const type = ggmlTypeOf(typeId);
  if (type === null) throw fail(`${where}: type ${typeId}, expected one that ggml has`);
  const offset = cursor.uint64();
  const shape = stored.reverse().map(Number);
  const nValues = shape.reduce((product, length) => product * length, 1);
  if (stored.some((length) => length < 1n) || !Number.isSafeInteger(nValues)) {
    throw fail(`${where}: shape [${stored.join(', ')}], expected lengths from 1 and at most 2^53 − 1 values`);
  }
  const { blockValues } = ggmlTypes[type];
  if (shape.at(-1)! % blockValues !== 0) {
    throw fail(`${where}: rows of ${shape.at(-1)}, expected a multiple of ${blockValues} for ${type}`);
  }
  const byteLength = ggmlByteLength(type, nValues);
  if (!Number.isSafeInteger(byteLength) || offset > BigInt(cursor.byteLength)) {
    throw ggufError(
      'GGUF_TRUNCATED',
      cursor.name,
      `${where} of ${byteLength} bytes at ${offset}, in a file of ${cursor.byteLength} bytes`,
    );
  }
  return { name, type, shape, byteOffset: Number(offset), byteLength };
}

/**
 * Places tensors in the file: each follows the one before it in the table, at the next multiple of the alignment, as
 * llama.cpp requires; the file ends with the last one, with or without its padding.
 *
 * @throws GGUF_TENSOR, GGUF_TRUNCATED
 */
export function placeTensors(
  tensors: readonly GgufTensor[],
  { name, byteLength }: Pick<HeaderCursor, 'name' | 'byteLength'>,
  { dataByteOffset, alignment }: { readonly dataByteOffset: number; readonly alignment: number },
): ReadonlyMap<string, GgufTensor> {
  const placed = new Map<string, GgufTensor>();
  let next = 0;
  let end = dataByteOffset;
  for (const tensor of tensors) {
    const where = `tensor ${quote(tensor.name)}`;
    if (placed.has(tensor.name)) throw ggufError('GGUF_TENSOR', name, `${where} twice, expected once`);
    if (tensor.byteOffset !== next) {
      throw ggufError('GGUF_TENSOR', name, `${where} at byte ${tensor.byteOffset} of the data, expected ${next}`);
    }
    const byteOffset = dataByteOffset + next;
    end = byteOffset + tensor.byteLength;
    if (end > byteLength) {
      const problem = `${where} ends at byte ${end}, in a file of ${byteLength} bytes`;
      throw ggufError('GGUF_TRUNCATED', name, problem);
    }
    placed.set(tensor.name, { ...tensor, byteOffset });
    next = padded(next + tensor.byteLength, alignment);
  }
  if (byteLength > padded(end, alignment)) {
    const problem = `${byteLength - end} bytes after its last tensor, expected at most ${padded(end, alignment) - end}`;
    throw ggufError('GGUF_TENSOR', name, problem);
  }
  return placed;
}

/** The next multiple of an alignment. */
export function padded(byteOffset: number, alignment: number): number {
  return Math.ceil(byteOffset / alignment) * alignment;
}
