// Blocks of values that are quantized already: Q8_0, Q4_0 and IQ4_NL, as they are.

import { ToolkitError } from '@llama-ts/base';
import { float16Bits } from './half-formats.js';
import { float16Values } from './half-values.js';
import { Q8_0_BLOCK_VALUES, type TensorType, typeLayout } from './tensor-type.js';

/** Types whose blocks are a float16 scale and 32 values. */
export type BlockType = Extract<TensorType, 'Q8_0' | 'Q4_0' | 'IQ4_NL'>;

/** Q4_0: weight = (index - 8) * scale. */
export const q4_0Values: readonly number[] = Array.from({ length: 16 }, (_, i) => i - 8);

/** IQ4_NL: weight = the entry at the index, times the scale. @see ggml-common.h, kvalues_iq4nl */
export const iq4NlValues: readonly number[] = [
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

const SCALE_BYTES = 2;

/**
 * Blocks of values and scales, which lose nothing.
 *
 * @param values (n), a multiple of 32; int8 of Q8_0 from -127 to 127, else numbers that the type has
 * @param scales (n / 32), each a float16 number
 * @param into as many bytes as the blocks take, which are filled and returned
 * @throws ToolkitError `INVALID_ARGUMENT` for a value that the type does not have, and for another number of scales
 */
export function encodeStoredBlocks(
  type: BlockType,
  values: Int8Array,
  scales: Float32Array,
  into: Uint8Array,
): Uint8Array {
  if (values.length !== Q8_0_BLOCK_VALUES * scales.length) {
    const message = `${type}: ${values.length} values and ${scales.length} scales, expected 32 values a scale`;
    throw new ToolkitError('INVALID_ARGUMENT', message);
  }
  const { blockBytes } = typeLayout(type);
  const indices = type === 'Q8_0' ? null : indicesOf(type === 'Q4_0' ? q4_0Values : iq4NlValues);
  for (let block = 0; block < scales.length; block++) {
    const at = block * blockBytes;
    const scale = float16Bits(scales[block]!);
    into[at] = scale;
    into[at + 1] = scale >>> 8;
    const group = values.subarray(block * Q8_0_BLOCK_VALUES, (block + 1) * Q8_0_BLOCK_VALUES);
    if (indices === null) into.set(new Uint8Array(group.buffer, group.byteOffset, group.length), at + SCALE_BYTES);
    else storeNibbles(into, at + SCALE_BYTES, group, indices, type);
  }
  return into;
}

/** Blocks as values and scales. */
export interface StoredBlocks {
  /** (n) int8: of Q8_0 as they are, else entries of the type */
  readonly values: Int8Array;
  /** (n / 32), each a float16 number */
  readonly scales: Float32Array;
}

/**
 * Values and scales of blocks, which lose nothing: the reverse of {@link encodeStoredBlocks}.
 *
 * @param bytes whole blocks
 */
export function decodeStoredBlocks(type: BlockType, bytes: Uint8Array): StoredBlocks {
  const { blockBytes, blockValues } = typeLayout(type);
  const nBlocks = Math.floor(bytes.byteLength / blockBytes);
  const values = new Int8Array(nBlocks * blockValues);
  const scales = new Float32Array(nBlocks);
  const entries = type === 'Q8_0' ? null : Int8Array.from(type === 'Q4_0' ? q4_0Values : iq4NlValues);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const halves = float16Values();
  for (let block = 0, at = 0; block < nBlocks; block++, at += blockBytes) {
    scales[block] = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const first = block * blockValues;
    if (entries === null) {
      for (let i = 0; i < blockValues; i++) values[first + i] = signed[at + SCALE_BYTES + i]!;
      continue;
    }
    const half = blockValues / 2;
    for (let i = 0; i < half; i++) {
      const byte = bytes[at + SCALE_BYTES + i]!;
      values[first + i] = entries[byte & 15]!;
      values[first + half + i] = entries[byte >> 4]!;
    }
  }
  return { values, scales };
}

/** (256) the index of each int8 value, by its byte; 255 for values that are none of these. */
function indicesOf(entries: readonly number[]): Uint8Array {
  const indices = new Uint8Array(256).fill(255);
  entries.forEach((entry, index) => {
    indices[entry & 255] = index;
  });
  return indices;
}

/** The first half of the block goes into the low four bits, the second into the high ones. */
function storeNibbles(into: Uint8Array, start: number, group: Int8Array, indices: Uint8Array, type: BlockType): void {
  const half = group.length / 2;
  for (let i = 0; i < half; i++) {
    const [low, high] = [indices[group[i]! & 255]!, indices[group[i + half]! & 255]!];
    if (low > 15 || high > 15) {
      const value = low > 15 ? group[i] : group[i + half];
      throw new ToolkitError('INVALID_ARGUMENT', `${type}: value ${value}, expected one of the values of the type`);
    }
    into[start + i] = low | (high << 4);
  }
}
