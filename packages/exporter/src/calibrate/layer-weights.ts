// The weights of one layer in float32: as the source has them, then as they are stored.

import { type BinTensor, columnsOf, type ModelDimensions, rowsOf, type TensorKind } from '@llama-ts/format';
import type { Float32Matrix, Kernels } from '@llama-ts/kernels';
import { MAX_BLOCK_BYTES, rowBlocks, sourceValueBytes } from '../output/row-blocks.js';
import { notFinite } from '../weights/check-finite.js';
import type { WeightRows } from '../weights/weight-rows.js';

/** The matrices of a layer. */
export const layerMatrices = ['wq', 'wk', 'wv', 'wo', 'w1', 'w3', 'w2'] as const satisfies readonly TensorKind[];

/** Kinds of {@link layerMatrices}. */
export type LayerMatrix = (typeof layerMatrices)[number];

/** Weights of one layer, the same arrays for all layers in turn. */
export interface LayerWeights {
  /** (dim) */
  readonly attentionNorm: Float32Array;
  /** (dim) */
  readonly ffnNorm: Float32Array;
  matrix(kind: LayerMatrix): Float32Matrix;
}

/** Allocates the weights of a layer. @param tensors of any layer */
export function createLayerWeights(dimensions: ModelDimensions, tensors: readonly BinTensor[], kernels: Kernels) {
  const { allocate } = kernels;
  const matrices = new Map(
    layerMatrices.map((kind) => {
      const tensor = tensors.find((found) => found.kind === kind)!;
      const [rows, cols] = [rowsOf(tensor), columnsOf(tensor)];
      return [kind, { dtype: 'F32', rows, cols, values: allocate.float32(rows * cols) } as const];
    }),
  );
  return {
    attentionNorm: allocate.float32(dimensions.dim),
    ffnNorm: allocate.float32(dimensions.dim),
    matrix: (kind: LayerMatrix): Float32Matrix => matrices.get(kind)!,
  };
}

/** Options of {@link floatReader}. */
export interface FloatReaderOptions {
  readonly rows: WeightRows;
  readonly dimensions: ModelDimensions;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a whole tensor as float32, block by block. */
export type ReadFloats = (
  tensor: BinTensor,
  take: (weights: Float32Array, firstRow: number) => void | Promise<void>,
) => Promise<void>;

/**
 * A reader of whole tensors.
 *
 * @returns its reads throw ToolkitError `BAD_WEIGHTS` for NaN or an infinity, and what the source throws
 */
export function floatReader({ rows, dimensions, kernels, signal }: FloatReaderOptions): ReadFloats {
  const { allocate } = kernels;
  let source = allocate.uint8(0);
  let widened = allocate.float32(0);
  const largest = allocate.float32(1);
  return async (tensor, take) => {
    const columns = columnsOf(tensor);
    for (const { firstRow, nRows } of rowBlocks(tensor, 0, { rows, dimensions })) {
      const n = nRows * columns;
      const byteLength = n * sourceValueBytes(tensor, rows);
      if (source.byteLength < byteLength) source = allocate.uint8(Math.max(byteLength, MAX_BLOCK_BYTES));
      if (widened.length < n) widened = allocate.float32(Math.max(n, MAX_BLOCK_BYTES / 2));
      const bytes = source.subarray(0, byteLength);
      const { hashed } = await rows.readRows(tensor, firstRow, nRows, bytes, signal);
      await hashed;
      const weights = widened.subarray(0, n);
      kernels.widen(weights, bytes, rows.dtypeOf(tensor));
      kernels.largestMagnitude(largest, weights);
      await kernels.run(signal);
      if (!Number.isFinite(largest[0])) throw notFinite(tensor, weights, firstRow, rows.name);
      await take(weights, firstRow);
    }
  };
}
