// Reads a tensor as float32 in blocks of rows, so that memory does not grow with the model.

import { type BinTensor, columnsOf, rowsOf } from '@llama-ts/format';
import { type Kernels, openKernels, sourceDtypeBytes } from '@llama-ts/kernels';
import type { WeightSource } from '../output/weight-source.js';
import { notFinite } from '../weights/check-finite.js';
import { hasRotatedRows } from '../weights/rotated-rows.js';

/** Source bytes of one block. */
const MAX_BLOCK_BYTES = 4 * 1024 * 1024;

/** Reads tensors of one model; owns buffers for the largest block. */
export interface FloatBlocks {
  /**
   * Rows (nRows, cols) of a tensor from first to last, whole heads of wq and wk at a time. A block is overwritten by
   * the next one.
   *
   * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity; what the source throws
   */
  read(tensor: BinTensor, signal: AbortSignal | undefined): AsyncGenerator<Float32Array>;
  close(): Promise<void>;
}

/** What {@link openFloatBlocks} reads. */
export interface FloatBlocksOptions {
  readonly weights: WeightSource;
  readonly tensors: readonly BinTensor[];
  /** Rows of a head. */
  readonly headDim: number;
  /** Computes; default: the fastest that runs here. */
  readonly kernels?: Kernels | undefined;
}

/** Allocates buffers for the largest block of the tensors. */
export async function openFloatBlocks(options: FloatBlocksOptions): Promise<FloatBlocks> {
  const { weights, tensors, headDim } = options;
  const kernels = options.kernels ?? (await openKernels());
  const blockValues = (tensor: BinTensor): number => rowsPerBlock(tensor, weights, headDim) * columnsOf(tensor);
  const maxValues = Math.max(...tensors.map(blockValues));
  const maxBytes = Math.max(
    ...tensors.map((tensor) => blockValues(tensor) * sourceDtypeBytes[weights.dtypeOf(tensor)]),
  );
  const sourceBytes = kernels.allocate.uint8(maxBytes);
  const floats = kernels.allocate.float32(maxValues);
  const largest = kernels.allocate.float32(1);
  return {
    async *read(tensor, signal) {
      const dtype = weights.dtypeOf(tensor);
      const step = rowsPerBlock(tensor, weights, headDim);
      for (let firstRow = 0; firstRow < rowsOf(tensor); firstRow += step) {
        const nRows = Math.min(step, rowsOf(tensor) - firstRow);
        const values = floats.subarray(0, nRows * columnsOf(tensor));
        const bytes = sourceBytes.subarray(0, values.length * sourceDtypeBytes[dtype]);
        const { hashed } = await weights.readRows(tensor, firstRow, nRows, bytes, signal);
        kernels.widen(values, bytes, dtype);
        kernels.largestMagnitude(largest, values);
        await Promise.all([kernels.run(signal), hashed]);
        if (!Number.isFinite(largest[0]!)) throw notFinite(tensor, values, firstRow, weights.name);
        yield values;
      }
    },
    async close() {
      if (options.kernels === undefined) await kernels.close();
    },
  };
}

function rowsPerBlock(tensor: BinTensor, weights: WeightSource, headDim: number): number {
  const unit = hasRotatedRows(tensor) ? headDim : 2;
  const unitBytes = unit * columnsOf(tensor) * sourceDtypeBytes[weights.dtypeOf(tensor)];
  return Math.min(unit * Math.max(1, Math.floor(MAX_BLOCK_BYTES / unitBytes)), rowsOf(tensor));
}
