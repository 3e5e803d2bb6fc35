// Rotary position embedding of adjacent pairs.
import type { RopeTable } from '../kernels.js';

/** Turns x (n, nHeads, headDim) in place by the angles of `positions` (n). */
export function rope(x: Float32Array, { cos, sin }: RopeTable, positions: Int32Array, headDim: number): void {
  const f = Math.fround;
  const rowLength = x.length / positions.length;
  const nPairs = headDim / 2;
  for (let row = 0; row < positions.length; row++) {
    const angles = positions[row]! * nPairs;
    for (let offset = row * rowLength; offset < (row + 1) * rowLength; offset += headDim) {
      for (let i = 0; i < nPairs; i++) {
        const c = cos[angles + i]!;
        const s = sin[angles + i]!;
        const a = x[offset + 2 * i]!;
        const b = x[offset + 2 * i + 1]!;
        x[offset + 2 * i] = f(a * c) - f(b * s);
        x[offset + 2 * i + 1] = f(a * s) + f(b * c);
      }
    }
  }
}
