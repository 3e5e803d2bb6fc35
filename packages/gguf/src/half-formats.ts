// float32 to the two 16-bit formats, rounded to nearest even as hardware does, and to little-endian bytes.

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

const MAGNITUDE = 0x7fffffff;
const INFINITY_BITS = 0x7f800000;
/** 65520: from here on float16 rounds to infinity. */
const F16_OVERFLOW_BITS = 0x477ff000;
/** 2^-14: below it float16 is subnormal. */
const F16_NORMAL_BITS = 0x38800000;
/** 112 in the exponent's place: the difference of the two biases. */
const F16_REBIAS = 0x38000000;
/** 0.5: its last place is worth 2^-24, as is that of a subnormal float16. */
const F16_SUBNORMAL_MAGIC = 0x3f000000;

/** The float16 nearest to a float32 value, ties to even, as its 16 bits; a NaN stays one and becomes quiet. */
export function float16Bits(value: number): number {
  float[0] = value;
  const all = bits[0]!;
  const sign = (all >>> 16) & 0x8000;
  const magnitude = all & MAGNITUDE;
  if (magnitude > INFINITY_BITS) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= F16_OVERFLOW_BITS) return sign | 0x7c00;
  if (magnitude >= F16_NORMAL_BITS) {
    return sign | ((magnitude - F16_REBIAS + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Adding 0.5 makes the float32 addition round where a subnormal float16 ends.
  bits[0] = magnitude;
  float[0] = float[0]! + 0.5;
  return sign | (bits[0]! - F16_SUBNORMAL_MAGIC);
}

/** The bfloat16 nearest to a float32 value, ties to even, as its 16 bits; a NaN stays one and becomes quiet. */
export function bfloat16Bits(value: number): number {
  float[0] = value;
  const all = bits[0]!;
  if ((all & MAGNITUDE) > INFINITY_BITS) return (all >>> 16) | 0x40;
  return (all + 0x7fff + ((all >>> 16) & 1)) >>> 16;
}

/**
 * F32 tensor data: the values as little-endian bytes.
 *
 * @param into 4 bytes a value, which are filled and returned; default new ones
 */
export function encodeF32(values: Float32Array, into: Uint8Array = new Uint8Array(values.length * 4)): Uint8Array {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i]!, true);
  return into;
}

/**
 * F16 tensor data: the values rounded to nearest even; those past ±65504 become infinite.
 *
 * @param into 2 bytes a value, which are filled and returned; default new ones
 */
export function encodeF16(values: Float32Array, into: Uint8Array = new Uint8Array(values.length * 2)): Uint8Array {
  return encode16(values, into, float16Bits);
}

/**
 * BF16 tensor data: the values rounded to nearest even; exact where they came from bfloat16.
 *
 * @param into 2 bytes a value, which are filled and returned; default new ones
 */
export function encodeBf16(values: Float32Array, into: Uint8Array = new Uint8Array(values.length * 2)): Uint8Array {
  return encode16(values, into, bfloat16Bits);
}

function encode16(values: Float32Array, into: Uint8Array, bitsOf: (value: number) => number): Uint8Array {
  for (let i = 0; i < values.length; i++) {
    const half = bitsOf(values[i]!);
    into[2 * i] = half;
    into[2 * i + 1] = half >>> 8;
  }
  return into;
}
