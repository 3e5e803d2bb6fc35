// Blocks of the k-quants, 256 values each, as float32: the bits that llama.cpp's reference functions give.
//
// See dequantize_row_q*_K in ggml/src/ggml-quants.c of llama.cpp, and the blocks in ggml-common.h.

import { float16Values } from './half-values.js';

/** 16 bytes of 4-bit scales and minima, 64 bytes of 2-bit values, scale and minimum in float16. */
export function dequantizeQ2_K(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 84) {
    const scale = halves[bytes[at + 80]! | (bytes[at + 81]! << 8)]!;
    const min = halves[bytes[at + 82]! | (bytes[at + 83]! << 8)]!;
    let sub = 0;
    for (let values = at + 16; values < at + 80; values += 32) {
      for (let shift = 0; shift < 8; shift += 2) {
        for (let first = values; first < values + 32; first += 16) {
          const both = bytes[at + sub++]!;
          const subScale = scale * (both & 15);
          const subMin = min * (both >> 4);
          for (let i = first; i < first + 16; i++) into[out++] = subScale * ((bytes[i]! >> shift) & 3) - subMin;
        }
      }
    }
  }
}

/** 32 bytes of third bits, 64 bytes of 2-bit values, 12 bytes of 6-bit scales, a float16 scale. */
export function dequantizeQ3_K(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 110) {
    const scale = halves[bytes[at + 108]! | (bytes[at + 109]! << 8)]!;
    let sub = 0;
    for (let part = 0; part < 2; part++) {
      const values = at + 32 + 32 * part;
      for (let quarter = 0; quarter < 4; quarter++) {
        for (let half = 0; half < 32; half += 16) {
          const subScale = scale * (sixBits(bytes, at + 96, sub++) - 32);
          for (let i = half; i < half + 16; i++) {
            const isThirdSet = (bytes[at + i]! >> (4 * part + quarter)) & 1;
            const value = ((bytes[values + i]! >> (2 * quarter)) & 3) - (isThirdSet === 1 ? 0 : 4);
            into[out++] = subScale * value;
          }
        }
      }
    }
  }
}

/** Scale `sub` of 16 in 12 bytes: four low bits in the first eight bytes, two high bits in the last four. */
function sixBits(bytes: Uint8Array, at: number, sub: number): number {
  const low = (bytes[at + (sub & 7)]! >> (sub < 8 ? 0 : 4)) & 15;
  const high = (bytes[at + 8 + (sub & 3)]! >> (2 * (sub >> 2))) & 3;
  return low | (high << 4);
}

/** Scale and minimum in float16, 12 bytes of 6-bit scales and minima, 128 bytes of 4-bit values. */
export function dequantizeQ4_K(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 144) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const min = halves[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
    for (let sub = 0; sub < 8; sub++, out += 32) {
      const subScale = scale * scaleOf(bytes, at + 4, sub);
      const subMin = min * minimumOf(bytes, at + 4, sub);
      const values = at + 16 + 32 * (sub >> 1);
      const shift = 4 * (sub & 1);
      for (let i = 0; i < 32; i++) into[out + i] = subScale * ((bytes[values + i]! >> shift) & 15) - subMin;
    }
  }
}

/** Like Q4_K, but with 32 bytes of fifth bits before the values. */
export function dequantizeQ5_K(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  for (let at = 0, out = 0; out < into.length; at += 176) {
    const scale = halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const min = halves[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
    for (let sub = 0; sub < 8; sub++, out += 32) {
      const subScale = scale * scaleOf(bytes, at + 4, sub);
      const subMin = min * minimumOf(bytes, at + 4, sub);
      const values = at + 48 + 32 * (sub >> 1);
      const shift = 4 * (sub & 1);
      for (let i = 0; i < 32; i++) {
        const value = ((bytes[values + i]! >> shift) & 15) | (((bytes[at + 16 + i]! >> sub) & 1) << 4);
        into[out + i] = subScale * value - subMin;
      }
    }
  }
}

/** Scale `sub` of 8 in 12 bytes. @see ggml-quants.c, get_scale_min_k4 */
function scaleOf(bytes: Uint8Array, at: number, sub: number): number {
  if (sub < 4) return bytes[at + sub]! & 63;
  return (bytes[at + sub + 4]! & 15) | ((bytes[at + sub - 4]! >> 6) << 4);
}

/** Minimum `sub` of 8 in 12 bytes. */
function minimumOf(bytes: Uint8Array, at: number, sub: number): number {
  if (sub < 4) return bytes[at + sub + 4]! & 63;
  return (bytes[at + sub + 4]! >> 4) | ((bytes[at + sub]! >> 6) << 4);
}

/** 128 bytes of low four bits, 64 bytes of high two bits, 16 int8 scales, a float16 scale. */
export function dequantizeQ6_K(bytes: Uint8Array, into: Float32Array): void {
  const halves = float16Values();
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, out = 0; out < into.length; at += 210) {
    const scale = halves[bytes[at + 208]! | (bytes[at + 209]! << 8)]!;
    for (let part = 0; part < 2; part++) {
      for (let quarter = 0; quarter < 4; quarter++) {
        const low = at + 64 * part + 32 * (quarter & 1);
        const high = at + 128 + 32 * part;
        const scales = at + 192 + 8 * part + 2 * quarter;
        for (let i = 0; i < 32; i++) {
          const bits =
            ((bytes[low + i]! >> (4 * (quarter >> 1))) & 15) | (((bytes[high + i]! >> (2 * quarter)) & 3) << 4);
          into[out++] = scale * signed[scales + (i >> 4)]! * (bits - 32);
        }
      }
    }
  }
}
