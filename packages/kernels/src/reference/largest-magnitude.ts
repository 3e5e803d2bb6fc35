// The largest magnitude of an array. Magnitudes are ordered as their bits are, with NaN above all, on every machine.

const SIGN_CLEARED = 0x7fffffff;

/** out (1) = the largest |x|. */
export function largestMagnitude(out: Float32Array, x: Float32Array): void {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  let largest = 0;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & SIGN_CLEARED;
    if (magnitude > largest) largest = magnitude;
  }
  new Uint32Array(out.buffer, out.byteOffset, 1)[0] = largest;
}
