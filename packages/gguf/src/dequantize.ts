// Blocks of quantized values as float32: the bits that llama.cpp's reference functions give.
//
// Every product and sum here is exact in float64 (float16 scales times integers of a few bits), so that storing it as float32
// rounds once, as the one inexact operation of llama.cpp does.
//
// See dequantize_row_* in ggml/src/ggml-quants.c of llama.cpp, and the blocks in ggml-common.h.

import { ToolkitError } from '@llama-ts/base';
import { dequantizeQ2_K, dequantizeQ3_K, dequantizeQ4_K, dequantizeQ5_K, dequantizeQ6_K } from './dequantize-k.js';
import { type GgmlType, ggmlByteLength, ggmlTypes } from './ggml-types.js';
import { float16Values } from './half-values.js';
import { iq4NlValues } from './stored-blocks.js';

/** Fills `into` from the blocks in `bytes`; there are as many as `into` has values for. */
export type DequantizeBlocks = (bytes: Uint8Array, into: Float32Array) => void;

const BLOCK = 32;
const HALF = 16;
/** Twice the values of FP4 (E2M1), by their four bits. @see ggml-common.h, kvalues_mxfp4 */
const doubledFp4Values: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/** Types whose blocks are dequantized. */
export const QUANTIZED_TYPES_READ = [
  ...['Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'IQ4_NL', 'MXFP4', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K'],
] as readonly QuantizedType[];

/** A type whose blocks are dequantized. */
export type QuantizedType =
  | Extract<GgmlType, 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'IQ4_NL' | 'MXFP4'>
  | Extract<GgmlType, 'Q2_K' | 'Q3_K' | 'Q4_K' | 'Q5_K' | 'Q6_K'>;

const functions: Readonly<Record<QuantizedType, DequantizeBlocks>> = {
  Q8_0: dequantizeQ8_0,
  Q4_0: dequantizeQ4_0,
  Q4_1: dequantizeQ4_1,
  Q5_0: dequantizeQ5_0,
  Q5_1: dequantizeQ5_1,
  IQ4_NL: dequantizeIq4Nl,
  MXFP4: dequantizeMxfp4,
  Q2_K: dequantizeQ2_K,
  Q3_K: dequantizeQ3_K,
  Q4_K: dequantizeQ4_K,
  Q5_K: dequantizeQ5_K,
  Q6_K: dequantizeQ6_K,
};

/** Whether the blocks of a type are dequantized here. */
export function isQuantizedTypeRead(type: GgmlType): type is QuantizedType {
  return Object.hasOwn(functions, type);
}

/**
 * Blocks as float32.
 *
 * @param bytes whole blocks
 * @param into (n) as many values as the blocks hold; default new ones
 * @throws INVALID_ARGUMENT for another number of values
 * @example const weights = dequantize('Q4_K', await file.read('blk.0.ffn_up.weight'));
 */
export function dequantize(type: QuantizedType, bytes: Uint8Array, into?: Float32Array): Float32Array {
  const { blockBytes, blockValues } = ggmlTypes[type];
  const values = into ?? new Float32Array(Math.floor(bytes.byteLength / blockBytes) * blockValues);
  if (ggmlByteLength(type, values.length) !== bytes.byteLength) {
    const message = `${type}: ${bytes.byteLength} bytes for ${values.length} values, expected whole blocks of ${blockBytes} bytes`;
    throw new ToolkitError('INVALID_ARGUMENT', `${message} and ${blockValues} values`);
  }
  functions[type](bytes, values);
  return values;
}

function dequantizeQ8_0(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, out = 0; out < into.length; at += 34, out += BLOCK) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let i = 0; i < BLOCK; i++) into[out + i] = signed[at + 2 + i]! * scale;
  }
}

function dequantizeQ4_0(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 18, out += BLOCK) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let i = 0; i < HALF; i++) {
      const byte = bytes[at + 2 + i]!;
      into[out + i] = ((byte & 15) - 8) * scale;
      into[out + HALF + i] = ((byte >> 4) - 8) * scale;
    }
  }
}

function dequantizeQ4_1(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 20, out += BLOCK) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const min = halves[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
    for (let i = 0; i < HALF; i++) {
      const byte = bytes[at + 4 + i]!;
      into[out + i] = (byte & 15) * scale + min;
      into[out + HALF + i] = (byte >> 4) * scale + min;
    }
  }
}

/** The fifth bits of a block's values, as a word: bit i is that of value i. */
function fifthBits(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function dequantizeQ5_0(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 22, out += BLOCK) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const high = fifthBits(bytes, at + 2);
    for (let i = 0; i < HALF; i++) {
      const byte = bytes[at + 6 + i]!;
      into[out + i] = (((byte & 15) | (((high >>> i) & 1) << 4)) - 16) * scale;
      into[out + HALF + i] = (((byte >> 4) | (((high >>> (HALF + i)) & 1) << 4)) - 16) * scale;
    }
  }
}

function dequantizeQ5_1(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 24, out += BLOCK) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const min = halves[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
    const high = fifthBits(bytes, at + 4);
    for (let i = 0; i < HALF; i++) {
      const byte = bytes[at + 8 + i]!;
      into[out + i] = ((byte & 15) | (((high >>> i) & 1) << 4)) * scale + min;
      into[out + HALF + i] = ((byte >> 4) | (((high >>> (HALF + i)) & 1) << 4)) * scale + min;
    }
  }
}

function dequantizeIq4Nl(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 18, out += BLOCK) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let i = 0; i < HALF; i++) {
      const byte = bytes[at + 2 + i]!;
      into[out + i] = iq4NlValues[byte & 15]! * scale;
      into[out + HALF + i] = iq4NlValues[byte >> 4]! * scale;
    }
  }
}

/** The scale is a power of two by its exponent (E8M0), halved, as the values are doubled. */
function dequantizeMxfp4(bytes: Uint8Array, into: Float32Array): void {
  for (let at = 0, out = 0; out < into.length; at += 17, out += BLOCK) {
    const scale = 2 ** (bytes[at]! - 128);
    for (let i = 0; i < HALF; i++) {
      const byte = bytes[at + 1 + i]!;
      into[out + i] = doubledFp4Values[byte & 15]! * scale;
      into[out + HALF + i] = doubledFp4Values[byte >> 4]! * scale;
    }
  }
}
