// Second moments of the inputs of a linear layer: sums of x xᵀ over the tokens of the calibration text.

import type { Kernels } from '@llama-ts/kernels';
import { BLOCK, type LowerMatrix, panelWidth, transpose } from './lower-matrix.js';

/** Buffers of {@link addMoments}. */
export interface MomentBuffers {
  /** (size, tokens of a chunk), or more */
  readonly transposed: Float32Array;
  /** (size, BLOCK), or more */
  readonly products: Float32Array;
}

/**
 * moments += xᵀ x over the tokens of a chunk, which are summed by themselves first.
 *
 * @param x (tokens, size)
 * @see docs/arithmetic.md, rule 14
 */
export async function addMoments(
  moments: LowerMatrix,
  x: Float32Array,
  { transposed, products }: MomentBuffers,
  kernels: Kernels,
  signal?: AbortSignal,
): Promise<void> {
  const { size, panels } = moments;
  const nTokens = x.length / size;
  const columns = transposed.subarray(0, x.length); // (size, tokens)
  transpose(columns, x, nTokens, size);
  for (const [j, panel] of panels.entries()) {
    const width = panelWidth(size, j);
    const out = products.subarray(0, panel.length);
    const first = j * BLOCK * nTokens;
    const values = columns.subarray(first, first + width * nTokens);
    kernels.linear([out], [{ dtype: 'F32', rows: width, cols: nTokens, values }], columns.subarray(first));
    kernels.add(panel, out);
  }
  await kernels.run(signal);
}
