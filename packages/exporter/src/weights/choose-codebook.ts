// Chooses the codebook of a tensor: of two published ones and one that is fitted to a sample, that with the least error.
//
// Every sum is float64 in a fixed order, of + − × ÷ alone, so that every machine chooses the same (docs/arithmetic.md, rule 13).

import { CODEBOOK_LENGTH, MAX_VALUE, PANEL_ROWS, panelBytes, type Q4Encoding, q4Encoding } from '@llama-ts/format';
import { type Kernels, panelRows, type SourceDtype, sourceDtypeBytes } from '@llama-ts/kernels';
import { iq4NlCodebook, q4_0Codebook } from './codebooks.js';
import { panelMatrix } from './panel-matrix.js';

/** The first rows of a tensor. */
export interface FirstRows {
  /** (rows, columns), little-endian; at least {@link SAMPLED_FROM} weights, or all of the tensor */
  readonly source: Uint8Array;
  readonly dtype: SourceDtype;
  readonly rows: number;
  readonly columns: number;
}

/** Weights at the start of a tensor that the sample is taken from. */
const SAMPLED_FROM = 2 ** 19;
/** Weights of the sample, about. */
const SAMPLE_WEIGHTS = 2 ** 17;
/** Times that the fitted codebook is improved. */
const FIT_ROUNDS = 4;

/** A sample that was quantized with one codebook. */
interface Trial {
  readonly codebook: readonly number[];
  /** Σ (weight − stored weight)² */
  readonly error: number;
  /** The codebook that suits these indices and scales best; null where two entries would be equal. */
  readonly improved: readonly number[] | null;
}

/** The encoding of a tensor in 4 bits. */
export async function chooseCodebook(first: FirstRows, kernels: Kernels, signal?: AbortSignal): Promise<Q4Encoding> {
  const sample = takeSample(first, kernels);
  const attempt = (codebook: readonly number[]): Promise<Trial> => tryCodebook(codebook, sample, kernels, signal);
  const trials = [await attempt(q4_0Codebook), await attempt(iq4NlCodebook)];
  let fitted = trials[1]!;
  for (let round = 0; round < FIT_ROUNDS && fitted.improved !== null; round++) {
    fitted = await attempt(fitted.improved);
    trials.push(fitted);
  }
  let best = trials[0]!;
  for (const trial of trials) if (trial.error < best.error) best = trial;
  return q4Encoding(best.codebook);
}

/** Rows of a tensor, and buffers to quantize them in. */
interface Sample {
  readonly source: Uint8Array;
  readonly dtype: SourceDtype;
  /** (rows, columns) */
  readonly weights: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly panels: Uint8Array;
  readonly largest: Float32Array;
}

/** Whole panels at even distances from the first rows; all rows of a tensor with fewer than sixteen. */
function takeSample({ source, dtype, rows, columns }: FirstRows, { allocate }: Kernels): Sample {
  const rowBytes = columns * sourceDtypeBytes[dtype];
  const nFrom = Math.max(1, Math.floor(Math.min(rows, Math.max(PANEL_ROWS, SAMPLED_FROM / columns)) / PANEL_ROWS));
  const nPanels = Math.min(nFrom, Math.max(1, Math.floor(SAMPLE_WEIGHTS / (PANEL_ROWS * columns))));
  const rowsOfPanel = Math.min(PANEL_ROWS, rows);
  const sampled = allocate.uint8(nPanels * rowsOfPanel * rowBytes);
  for (let i = 0; i < nPanels; i++) {
    const firstRow = Math.floor((i * nFrom) / nPanels) * PANEL_ROWS;
    const from = source.subarray(firstRow * rowBytes, (firstRow + rowsOfPanel) * rowBytes);
    sampled.set(from, i * rowsOfPanel * rowBytes);
  }
  const sampledRows = nPanels * rowsOfPanel;
  return {
    source: sampled,
    dtype,
    weights: allocate.float32(sampledRows * columns),
    rows: sampledRows,
    columns,
    panels: allocate.uint8(nPanels * panelBytes(q4Encoding(iq4NlCodebook), columns)),
    largest: allocate.float32(1),
  };
}

async function tryCodebook(
  codebook: readonly number[],
  { source, dtype, weights, rows, columns, panels, largest }: Sample,
  kernels: Kernels,
  signal: AbortSignal | undefined,
): Promise<Trial> {
  const matrix = panelMatrix(q4Encoding(codebook), rows, columns, panels);
  kernels.widen(weights, source, dtype);
  kernels.quantizePanels(matrix, largest, source, dtype);
  await kernels.run(signal);
  const reader = panelRows(matrix);
  const products = new Float64Array(CODEBOOK_LENGTH);
  const squares = new Float64Array(CODEBOOK_LENGTH);
  const indexOf = new Map(codebook.map((entry, index) => [entry, index]));
  const indices = Uint8Array.from({ length: 256 }, (_, i) => indexOf.get(i - 128) ?? 0);
  const groupSize = q4Encoding(codebook).groupSize;
  let error = 0;
  for (let row = 0; row < rows; row++) {
    const [values, scales] = [reader.values(row), reader.scales(row)];
    for (let column = 0; column < columns; column++) {
      const weight = weights[row * columns + column]!;
      const value = values[column]!;
      const scale = scales[Math.floor(column / groupSize)]!;
      const difference = weight - value * scale;
      error += difference * difference;
      const index = indices[value + 128]!;
      products[index] = products[index]! + weight * scale;
      squares[index] = squares[index]! + scale * scale;
    }
  }
  return { codebook, error, improved: improve(codebook, products, squares) };
}

/** The entries with the least error for the chosen indices and scales, in whole numbers of which the largest is 127. */
function improve(codebook: readonly number[], products: Float64Array, squares: Float64Array): readonly number[] | null {
  const exact = codebook.map((entry, i) => (squares[i]! > 0 ? products[i]! / squares[i]! : entry));
  const largest = exact.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  if (!(largest > 0 && largest < Infinity)) return null;
  const entries = exact.map((entry) => roundHalfToEven((entry * MAX_VALUE) / largest)).sort((a, b) => a - b);
  return new Set(entries).size === CODEBOOK_LENGTH ? entries : null;
}

/** Adding and subtracting 1.5 * 2^52 rounds a float64. */
function roundHalfToEven(x: number): number {
  const rounder = 6755399441055744;
  return x + rounder - rounder;
}
