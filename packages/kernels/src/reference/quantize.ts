// Group quantization. Weights of a file and activations in a forward pass are quantized by the same rule.

// Adding and subtracting 1.5 * 2^52 rounds a float64 to an integer, half to even.
const ROUNDER = 6755399441055744;
const MAX_Q = 127;

const bitsToFloat = new Float32Array(1);
const floatBits = new Uint32Array(bitsToFloat.buffer);

/** Quantizes all of x in groups. The scale of a group with NaN or an infinity is not finite. */
export function quantize(values: Int8Array, scales: Float32Array, x: Float32Array, groupSize: number): void {
  quantizeRange(values, scales, x, 0, x.length, groupSize);
}

/** Quantizes `n` elements of x from `offset` on; `values` and `scales` are written from their start. */
export function quantizeRange(
  values: Int8Array,
  scales: Float32Array,
  x: Float32Array,
  offset: number,
  n: number,
  groupSize: number,
): void {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  for (let start = 0; start < n; start += groupSize) {
    const end = start + groupSize;
    // Magnitudes are ordered as their bits are, and NaN too, on every machine.
    let maxBits = 0;
    for (let i = start; i < end; i++) {
      const magnitude = bits[offset + i]! & 0x7fffffff;
      if (magnitude > maxBits) maxBits = magnitude;
    }
    floatBits[0] = maxBits;
    const scale = Math.fround(bitsToFloat[0]! / MAX_Q);
    scales[start / groupSize] = scale;
    if (scale === 0) {
      values.fill(0, start, end);
      continue;
    }
    for (let i = start; i < end; i++) {
      const q = Math.fround(x[offset + i]! / scale) + ROUNDER - ROUNDER;
      // A subnormal scale has few bits and may be a third too small, so that values must be clamped.
      values[i] = Math.max(-MAX_Q, Math.min(MAX_Q, q));
    }
  }
}

/** out = values * scale of their group. */
export function dequantize(out: Float32Array, values: Int8Array, scales: Float32Array, groupSize: number): void {
  for (let start = 0; start < out.length; start += groupSize) {
    const scale = scales[start / groupSize]!;
    for (let i = start; i < start + groupSize; i++) out[i] = values[i]! * scale;
  }
}
