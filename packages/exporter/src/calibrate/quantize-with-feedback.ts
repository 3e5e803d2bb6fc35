// Quantizes a matrix from its last column to its first: the errors of each block of columns are fed back to those before.

import { PANEL_GROUP_SIZE, type Q4Encoding } from '@llama-ts/format';
import { halfToFloat, type Kernels, type Q4PanelMatrix, writePanelGroup } from '@llama-ts/kernels';
import type { Factor } from './factor.js';
import { type GroupColumns, groupSearch } from './group-search.js';
import { BLOCK, panelWidth, transpose } from './lower-matrix.js';

/** Columns that take the errors of a block together, so that the buffer for them stays small. */
export const FEEDBACK_COLUMNS = 512;

/** Buffers of {@link quantizeWithFeedback}, each as long as said or longer. */
export interface FeedbackBuffers {
  /** (cols, rows) */
  readonly wanted: Float32Array;
  /** (rows, BLOCK) */
  readonly errors: Float32Array;
  /** (cols, BLOCK) */
  readonly coefficients: Float32Array;
  /** (FEEDBACK_COLUMNS, rows) */
  readonly corrections: Float32Array;
}

/**
 * Quantizes `weights` (rows, cols) into the panels of `matrix`, and puts the stored weights in their place.
 *
 * @param target the weights to come near to: `weights` themselves, or others (rows, cols)
 * @returns the largest |weight − stored weight|
 * @see docs/arithmetic.md, rule 16
 */
export async function quantizeWithFeedback(
  matrix: Q4PanelMatrix,
  encoding: Q4Encoding,
  weights: Float32Array,
  { lower, pivots }: Factor,
  { wanted, errors, coefficients, corrections }: FeedbackBuffers,
  kernels: Kernels,
  signal?: AbortSignal,
): Promise<number> {
  const { rows, cols } = matrix;
  const { codebook } = encoding;
  const search = groupSearch(codebook);
  transpose(wanted, weights, rows, cols);
  matrix.panels.fill(0);
  let largest = 0;
  for (let block = lower.panels.length - 1; block >= 0; block--) {
    const first = block * BLOCK;
    const width = panelWidth(cols, block);
    const panel = lower.panels[block]!;
    const inWanted = new Float64Array(PANEL_GROUP_SIZE);
    for (let start = width - PANEL_GROUP_SIZE; start >= 0; start -= PANEL_GROUP_SIZE) {
      const columns = groupColumns(panel, pivots.subarray(first), start, width);
      const group = (first + start) / PANEL_GROUP_SIZE;
      for (let row = 0; row < rows; row++) {
        for (let c = 0; c < PANEL_GROUP_SIZE; c++) inWanted[c] = wanted[(first + start + c) * rows + row]!;
        for (let i = start + PANEL_GROUP_SIZE; i < width; i++) {
          const error = errors[row * width + i]!;
          const at = i * width + start;
          for (let c = 0; c < PANEL_GROUP_SIZE; c++) inWanted[c] = inWanted[c]! + error * panel[at + c]!;
        }
        const at = row * cols + first + start;
        const original = weights.subarray(at, at + PANEL_GROUP_SIZE);
        const choice = search(inWanted, original, columns);
        writePanelGroup(matrix, row, group, choice.scale, choice.indices);
        errors.set(choice.errors, row * width + start);
        const scale = halfToFloat[choice.scale]!;
        for (let c = 0; c < PANEL_GROUP_SIZE; c++) {
          largest = Math.max(largest, Math.abs(choice.errors[c]!));
          original[c] = codebook[choice.indices[c]!]! * scale;
        }
      }
    }
    signal?.throwIfAborted();
    const values = errors.subarray(0, rows * width);
    const feedback: Float32Array = coefficients.subarray(0, first * width);
    for (let k = 0; k < block; k++) {
      const start = (block - k) * BLOCK * BLOCK;
      const tile = lower.panels[k]!.subarray(start, start + width * BLOCK); // (width, BLOCK)
      transpose(feedback.subarray(k * BLOCK * width), tile, width, BLOCK);
    }
    for (let column = 0; column < first; column += FEEDBACK_COLUMNS) {
      const end = Math.min(first, column + FEEDBACK_COLUMNS);
      const out = corrections.subarray(0, (end - column) * rows);
      const x = feedback.subarray(column * width, end * width);
      kernels.linear([out], [{ dtype: 'F32', rows, cols: width, values }], x);
      kernels.add(wanted.subarray(column * rows, end * rows), out);
    }
    await kernels.run(signal);
  }
  return largest;
}

/** The part of a block's factor that a group of its columns needs. */
function groupColumns(panel: Float32Array, pivots: Float64Array, start: number, width: number): GroupColumns {
  const feedback = new Float64Array(PANEL_GROUP_SIZE * PANEL_GROUP_SIZE);
  for (let c = 0; c < PANEL_GROUP_SIZE; c++) {
    for (let i = c + 1; i < PANEL_GROUP_SIZE; i++) {
      feedback[c * PANEL_GROUP_SIZE + i] = panel[(start + i) * width + start + c]!;
    }
  }
  return { feedback, pivots: pivots.slice(start, start + PANEL_GROUP_SIZE) };
}
