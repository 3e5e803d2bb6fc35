// Factors damped second moments: moments + damping = L D Lᵀ, with L unit lower triangular and D diagonal.

import type { Kernels } from '@llama-ts/kernels';
import { BLOCK, type LowerMatrix, panelWidth } from './lower-matrix.js';

/** Share of the mean of the diagonal that is added to it. */
const DAMPING = 0.01;
/** Damping of the next attempt, relative to the last, where a pivot was not above zero. */
const NEXT_DAMPING = 10;

/** Factors of a matrix. */
export interface Factor {
  /** L without its diagonal of ones: entries on the diagonal are not used. */
  readonly lower: LowerMatrix;
  /** D, (size), all above zero */
  readonly pivots: Float64Array;
}

/** Buffers of {@link factorMoments}. */
export interface FactorBuffers {
  readonly lower: LowerMatrix;
  /** (size, BLOCK), or more */
  readonly products: Float32Array;
  /** (panels, BLOCK, BLOCK), or more */
  readonly tiles: Float32Array;
}

/**
 * Factors moments, which stay as they are.
 *
 * @see docs/arithmetic.md, rule 15
 */
export async function factorMoments(
  moments: LowerMatrix,
  buffers: FactorBuffers,
  kernels: Kernels,
  signal?: AbortSignal,
): Promise<Factor> {
  const { lower } = buffers;
  const mean = meanOfDiagonal(moments);
  // Inputs that are always zero leave every weight free.
  const unit = mean > 0 ? mean : 1;
  for (let damping = DAMPING; ; damping *= NEXT_DAMPING) {
    const pivots = await tryFactor(moments, Math.fround(damping * unit), buffers, kernels, signal);
    if (pivots !== null) return { lower, pivots };
  }
}

function meanOfDiagonal({ size, panels }: LowerMatrix): number {
  let sum = 0;
  for (const [j, panel] of panels.entries()) {
    const width = panelWidth(size, j);
    for (let i = 0; i < width; i++) sum += panel[i * width + i]!;
  }
  return sum / size;
}

/** The pivots, or null where one is not above zero. */
async function tryFactor(
  moments: LowerMatrix,
  damping: number,
  { lower, products, tiles }: FactorBuffers,
  kernels: Kernels,
  signal: AbortSignal | undefined,
): Promise<Float64Array | null> {
  const { size } = moments;
  const pivots = new Float64Array(size);
  for (const [j, panel] of lower.panels.entries()) {
    const width = panelWidth(size, j);
    panel.set(moments.panels[j]!);
    for (let i = 0; i < width; i++) panel[i * width + i] = panel[i * width + i]! + damping;
    for (let k = 0; k < j; k++) {
      // The rows of earlier panel k from block j on, and of these the rows of block j times −D.
      const rest = lower.panels[k]!.subarray((j - k) * BLOCK * BLOCK);
      const values = tiles.subarray(k * BLOCK * BLOCK, k * BLOCK * BLOCK + width * BLOCK);
      for (let i = 0; i < values.length; i++) values[i] = -rest[i]! * pivots[k * BLOCK + (i % BLOCK)]!;
      const out = products.subarray(0, panel.length);
      kernels.linear([out], [{ dtype: 'F32', rows: width, cols: BLOCK, values }], rest);
      kernels.add(panel, out);
    }
    await kernels.run(signal);
    if (!eliminate(panel, width, pivots.subarray(j * BLOCK, j * BLOCK + width))) return null;
  }
  return pivots;
}

/** Turns a panel (rows, width), of which the earlier panels were subtracted, into columns of L; false for a bad pivot. */
function eliminate(panel: Float32Array, width: number, pivots: Float64Array): boolean {
  const rows = panel.length / width;
  /** A row of L D, as far as it is known. */
  const scaled = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const end = Math.min(row, width);
    for (let column = 0; column < end; column++) {
      let sum = panel[start + column]!;
      for (let i = 0; i < column; i++) sum -= scaled[i]! * panel[column * width + i]!;
      scaled[column] = sum;
      panel[start + column] = sum / pivots[column]!;
    }
    if (row >= width) continue;
    let pivot = panel[start + row]!;
    for (let i = 0; i < row; i++) pivot -= scaled[i]! * panel[start + i]!;
    if (!(pivot > 0)) return false;
    pivots[row] = pivot;
  }
  return true;
}
