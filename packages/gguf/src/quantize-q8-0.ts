// Q8_0 blocks by llama.cpp's own rule, so that its tools would have written the same bytes.

import { ToolkitError } from '@llama-ts/base';
import { float16Bits } from './half-formats.js';
import { Q8_0_BLOCK_BYTES, Q8_0_BLOCK_VALUES } from './tensor-type.js';

const MAX_QUANTIZED = 127;
/** Bits of a float16 infinity; smaller bits are finite scales. */
const F16_INFINITY = 0x7c00;

/**
 * Q8_0 tensor data: per 32 consecutive values a scale of max|x| / 127 in half precision, then x / scale as int8, rounded
 * half away from zero. The division uses the scale before it is rounded, as llama.cpp does.
 *
 * @param values a multiple of 32 of them; a part of a tensor may be encoded at a time
 * @param into 34 bytes per 32 values, which are filled and returned; default new ones
 * @throws INVALID_ARGUMENT for another length; NON_FINITE for NaN, infinity, or a scale past half precision (max|x| over
 *   about 8.3 million)
 * @see https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-quants.c quantize_row_q8_0_ref
 */
export function quantizeQ8_0(values: Float32Array, into?: Uint8Array): Uint8Array {
  if (values.length % Q8_0_BLOCK_VALUES !== 0) {
    const message = `Q8_0: ${values.length} values, expected a multiple of ${Q8_0_BLOCK_VALUES}`;
    throw new ToolkitError('INVALID_ARGUMENT', message);
  }
  const bytes = into ?? new Uint8Array((values.length / Q8_0_BLOCK_VALUES) * Q8_0_BLOCK_BYTES);
  for (let start = 0, offset = 0; start < values.length; start += Q8_0_BLOCK_VALUES, offset += Q8_0_BLOCK_BYTES) {
    quantizeBlock(values, start, bytes, offset);
  }
  return bytes;
}

function quantizeBlock(values: Float32Array, start: number, bytes: Uint8Array, offset: number): void {
  let max = 0;
  for (let i = start; i < start + Q8_0_BLOCK_VALUES; i++) max = Math.max(max, Math.abs(values[i]!));
  const scale = Math.fround(max / MAX_QUANTIZED);
  const scaleBits = float16Bits(scale);
  if (!(scaleBits < F16_INFINITY)) throw nonFinite(values, start, max);
  bytes[offset] = scaleBits;
  bytes[offset + 1] = scaleBits >>> 8;
  // 1 / scale is infinite for a subnormal scale, which is 0 in half precision: the values then do not matter.
  const inverse = Math.fround(1 / scale);
  if (!Number.isFinite(inverse)) {
    bytes.fill(0, offset + 2, offset + Q8_0_BLOCK_BYTES);
    return;
  }
  for (let i = 0; i < Q8_0_BLOCK_VALUES; i++) {
    const quotient = Math.fround(values[start + i]! * inverse);
    const magnitude = Math.floor(Math.abs(quotient) + 0.5);
    bytes[offset + 2 + i] = quotient < 0 ? -magnitude : magnitude;
  }
}

function nonFinite(values: Float32Array, start: number, max: number): ToolkitError {
  const block = values.subarray(start, start + Q8_0_BLOCK_VALUES);
  const odd = block.findIndex((value) => !Number.isFinite(value));
  const message =
    odd < 0
      ? `Q8_0: values up to ${max} from ${start} on, expected a scale within half precision`
      : `Q8_0: value ${start + odd} is ${block[odd]}, expected a finite number`;
  const suggestions = ['as it is: encodeF32(values)'];
  return new ToolkitError('NON_FINITE', message, { suggestions });
}
