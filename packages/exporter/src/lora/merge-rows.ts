// Merges an adapter into rows of a tensor.
//
// Every sum is float64 in ascending order and every result is rounded to float32 once, so that all machines give the same bits.

import { float16Values } from '@llama-ts/gguf';
import type { SourceDtype } from '@llama-ts/kernels';

/** The matrices of one module's adapter. */
export interface LoraProduct {
  /** (rank, columns) */
  readonly a: Float32Array;
  /** (rows, rank) */
  readonly b: Float32Array;
  /** (rows), the length of each row of a DoRA; null for plain LoRA */
  readonly magnitude: Float32Array | null;
  readonly scaling: number;
}

/**
 * Adds `scaling * b @ a` to rows; with a magnitude then gives each row that length.
 *
 * @param weights (rows.length, columns), changed in place
 * @param rows row of `b` and `magnitude` for each row of `weights`
 * @see peft, tuners/lora/layer.py, Linear.merge, and dora.py, get_weight_norm
 */
export function mergeRows(
  weights: Float32Array,
  rows: readonly number[],
  { a, b, magnitude, scaling }: LoraProduct,
): void {
  const columns = weights.length / rows.length;
  const rank = a.length / columns;
  const sums = new Float64Array(columns);
  for (const [i, row] of rows.entries()) {
    sums.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = b[row * rank + k]!;
      const start = k * columns;
      for (let column = 0; column < columns; column++) sums[column] = sums[column]! + factor * a[start + column]!;
    }
    const first = i * columns;
    if (magnitude === null) {
      for (let column = 0; column < columns; column++) {
        weights[first + column] = weights[first + column]! + scaling * sums[column]!;
      }
      continue;
    }
    let squares = 0;
    for (let column = 0; column < columns; column++) {
      const merged = weights[first + column]! + scaling * sums[column]!;
      sums[column] = merged;
      squares += merged * merged;
    }
    const stretch = magnitude[row]! / Math.sqrt(squares);
    for (let column = 0; column < columns; column++) weights[first + column] = stretch * sums[column]!;
  }
}

/** Little-endian values as float32, exactly. @param into (n) default new ones */
export function widenValues(bytes: Uint8Array, dtype: SourceDtype, into?: Float32Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = into ?? new Float32Array(bytes.byteLength / (dtype === 'F32' ? 4 : 2));
  if (dtype === 'F32') {
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  } else if (dtype === 'F16') {
    const halves = float16Values();
    for (let i = 0; i < values.length; i++) values[i] = halves[view.getUint16(2 * i, true)]!;
  } else {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < words.length; i++) words[i] = view.getUint16(2 * i, true) << 16;
  }
  return values;
}
