// Elements of a checkpoint as float32, without rounding.
import type { SourceDtype } from '../kernels.js';
import { halfToBits } from './half.js';

/** out = elements of `source`, little-endian, at any alignment. */
export function widen(out: Float32Array, source: Uint8Array, dtype: SourceDtype): void {
  // Bits are copied rather than numbers, so that a NaN keeps its payload.
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  switch (dtype) {
    case 'F32':
      new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(source);
      return;
    case 'BF16':
      for (let i = 0; i < bits.length; i++) bits[i] = (source[2 * i]! << 16) | (source[2 * i + 1]! << 24);
      return;
    case 'F16':
      for (let i = 0; i < bits.length; i++) bits[i] = halfToBits[source[2 * i]! | (source[2 * i + 1]! << 8)]!;
      return;
  }
}
