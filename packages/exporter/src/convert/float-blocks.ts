// Blocks of weights as float32: the pipeline of .bin files, for formats that encode floats themselves.

import type { BinTensor, ModelDimensions } from '@llama-ts/format';
import type { Kernels } from '@llama-ts/kernels';
import { blockOrder } from '../output/block-order.js';
import { type EncodedBlock, encodeBlocks } from '../output/encode-blocks.js';
import type { WeightRows } from '../weights/weight-rows.js';

/** Options of {@link floatBlocks}. */
export interface FloatBlocksOptions {
  readonly rows: WeightRows;
  readonly dimensions: ModelDimensions;
  readonly kernels: Kernels;
  readonly signal: AbortSignal | undefined;
}

/** A block of float32. */
export interface FloatBlock extends EncodedBlock {
  /** (nRows, cols) */
  readonly values: Float32Array;
}

/**
 * Reads all tensors in the order that suits the source, whole heads of wq and wk at a time.
 *
 * @param tensors float32 ones, of modelTensors
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity; what the source throws
 */
export async function* floatBlocks(
  tensors: readonly BinTensor[],
  { dimensions, ...options }: FloatBlocksOptions,
): AsyncGenerator<FloatBlock> {
  const blocks = blockOrder(tensors, { dimensions, rows: options.rows });
  const headDim = dimensions.dim / dimensions.nHeads;
  for await (const encoded of encodeBlocks(blocks, { ...options, headDim, chosen: new Map() })) {
    const { buffer, byteOffset, byteLength } = encoded.bytes;
    yield { ...encoded, values: new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT) };
  }
}
