// Counts group scales by quarters of an octave, for scales of any magnitude.

import type { ScaleBin } from './verify-result.js';

/** A float32 without its 21 low bits keeps its exponent and two bits of its mantissa: a quarter of an octave. */
const DROPPED_BITS = 21;
const N_BINS = 1 << (31 - DROPPED_BITS);

/** (N_BINS), one count for each quarter of an octave of the positive float32 numbers. */
export type ScaleCounts = Float64Array;

export function emptyCounts(): ScaleCounts {
  return new Float64Array(N_BINS);
}

/** @param scales finite, from 0 */
export function countScales(counts: ScaleCounts, scales: Float32Array): void {
  const bits = new Uint32Array(scales.buffer, scales.byteOffset, scales.length);
  for (let i = 0; i < bits.length; i++) counts[(bits[i]! & 0x7fffffff) >>> DROPPED_BITS]!++;
}

/** The bins that hold something, ascending. */
export function scaleBins(counts: ScaleCounts): ScaleBin[] {
  const bins: ScaleBin[] = [];
  const edge = new Float32Array(1);
  const edgeBits = new Uint32Array(edge.buffer);
  for (let bin = 0; bin < N_BINS; bin++) {
    if (counts[bin] === 0) continue;
    edgeBits[0] = bin << DROPPED_BITS;
    bins.push({ from: edge[0]!, count: counts[bin]! });
  }
  return bins;
}
