// The types weights can be stored in outside of .bin files, and the smallest one that loses nothing.

import { isToolkitError, ToolkitError } from '@llama-ts/base';
import type { BinTensor } from '@llama-ts/format';
import { encodeBf16, encodeF16, encodeF32, quantizeQ8_0 } from '@llama-ts/gguf';
import type { SourceDtype } from '@llama-ts/kernels';
import { type FloatBlocksOptions, floatBlocks } from './float-blocks.js';

/** Floating-point types of a checkpoint. */
export type FloatType = SourceDtype;

/** Types of a GGUF file's matrices. */
export type WeightType = FloatType | 'Q8_0';

const WIDER_TYPE = 'choose a type with a wider range: --type bf16';
const MAGNITUDE = 0x7fffffff;
/** 65520: from here on float16 rounds to infinity. */
const F16_OVERFLOW_BITS = 0x477ff000;
const F32_MANTISSA_BITS = 23;
const BF16_DROPPED_BITS = 0xffff;
/** Mantissa bits of a float32 that a normal float16 drops. */
const F16_DROPPED = 13;
/** Biased float32 exponents of float16's smallest subnormal, smallest normal and largest value. */
const F16_EXPONENTS = { tiny: 103, normal: 113, largest: 142 };

/**
 * A block of weights as little-endian bytes, rounded to nearest even (Q8_0: llama.cpp's rule).
 *
 * @param into as many bytes as the type takes, which are filled and returned
 * @throws ToolkitError `TYPE_UNFIT` for weights past float16's range, which the scales of Q8_0 have too
 */
export function encodeWeights(values: Float32Array, type: WeightType, name: string, into: Uint8Array): Uint8Array {
  switch (type) {
    case 'F32':
      return encodeF32(values, into);
    case 'BF16':
      return encodeBf16(values, into);
    case 'F16':
      checkFloat16Range(values, name);
      return encodeF16(values, into);
    case 'Q8_0':
      return quantizeFitting(values, into, name);
  }
}

/** The smallest type that holds every weight exactly: BF16, else F16, else F32. Reads until both are ruled out. */
export async function findExactType(tensors: readonly BinTensor[], options: FloatBlocksOptions): Promise<FloatType> {
  let isBf16 = true;
  let isF16 = true;
  for await (const { values, release } of floatBlocks(tensors, options)) {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    isBf16 &&= (unionOf(bits) & BF16_DROPPED_BITS) === 0;
    isF16 &&= bits.every(isExactFloat16);
    release(Promise.resolve());
    if (!isBf16 && !isF16) return 'F32';
  }
  return isBf16 ? 'BF16' : 'F16';
}

/** The bitwise or of all words. */
function unionOf(words: Uint32Array): number {
  let union = 0;
  for (let i = 0; i < words.length; i++) union |= words[i]!;
  return union;
}

/** Whether the float32 with these bits is a float16 value. */
function isExactFloat16(word: number): boolean {
  const magnitude = word & MAGNITUDE;
  if (magnitude === 0) return true;
  const exponent = magnitude >>> F32_MANTISSA_BITS;
  if (exponent < F16_EXPONENTS.tiny || exponent > F16_EXPONENTS.largest) return false;
  const dropped = F16_DROPPED + Math.max(0, F16_EXPONENTS.normal - exponent);
  const mantissa = (magnitude & ((1 << F32_MANTISSA_BITS) - 1)) | (1 << F32_MANTISSA_BITS);
  return (mantissa & ((1 << dropped) - 1)) === 0;
}

function quantizeFitting(values: Float32Array, into: Uint8Array, name: string): Uint8Array {
  try {
    return quantizeQ8_0(values, into);
  } catch (cause) {
    if (!isToolkitError(cause) || cause.code !== 'NON_FINITE') throw cause;
    throw new ToolkitError('TYPE_UNFIT', `${name}: ${cause.message}`, { suggestions: [WIDER_TYPE], cause });
  }
}

function checkFloat16Range(values: Float32Array, name: string): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & MAGNITUDE) < F16_OVERFLOW_BITS) continue;
    throw new ToolkitError('TYPE_UNFIT', `${name} holds ${values[i]}, expected weights within ±65504 for F16`, {
      suggestions: [WIDER_TYPE],
    });
  }
}
