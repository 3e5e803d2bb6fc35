// Scales of quantized weights stored as the largest magnitudes of groups, in bfloat16.

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/** 1 / 127 in two parts, the same as in native/kernels/scales.h. */
const reciprocalHigh = 33026 / 2 ** 22;
const reciprocalLow = Math.fround(1 / 127 - reciprocalHigh);

/** The scale of each bfloat16 maximum, by its 16 bits: maximum / 127, except for some that are nearly subnormal. */
const scaleTable = new Float32Array(65536).map((_, maximum) => {
  bits[0] = maximum << 16;
  return Math.fround(floats[0]! * reciprocalHigh) + Math.fround(floats[0]! * reciprocalLow);
});

/** The scale of a group, by the 16 bits of its bfloat16 maximum. */
export function scaleOfMaximum(bits: number): number {
  return scaleTable[bits]!;
}

/** maxima = scales * 127 in bfloat16, rounded half to even. Returns whether each maximum gives back its scale, bit for bit. */
export function groupMaxima(maxima: Uint16Array, scales: Float32Array): boolean {
  const scaleBits = new Uint32Array(scales.buffer, scales.byteOffset, scales.length);
  let isExact = true;
  for (let i = 0; i < scales.length; i++) {
    floats[0] = scales[i]! * 127;
    const product = bits[0]!;
    maxima[i] = (product + 0x7fff + ((product >>> 16) & 1)) >>> 16;
    floats[0] = scaleTable[maxima[i]!]!;
    isExact &&= bits[0] === scaleBits[i];
  }
  return isExact;
}
