// Writes the tensors of a v3 file into a GGUF file as they are stored, block by block.

import { type BinTensor, columnsOf, PANEL_ROWS, q4Encoding, rowsOf } from '@llama-ts/format';
import { encodeStoredBlocks, tensorByteLength } from '@llama-ts/gguf';
import { MAX_BLOCK_BYTES } from '../output/row-blocks.js';
import type { WriteEvent } from '../output/write-event.js';
import { iq4NlCodebook } from '../weights/codebooks.js';
import { openWeightCodec } from '../weights/weight-codec.js';
import type { FloatBlocksOptions } from './float-blocks.js';
import { storedTypeOf } from './stored-types.js';
import type { PlacedTensor } from './write-tensors.js';

/**
 * Writes tensors; those in panels as their blocks, vectors as float32.
 *
 * @throws what reading and writing throw
 */
export async function* writeStoredTensors(
  tensors: readonly PlacedTensor[],
  { rows, dimensions, kernels, signal }: FloatBlocksOptions,
): AsyncGenerator<WriteEvent, void> {
  const count = tensors.length;
  const byteLengths = tensors.map(({ tensor, type }) => tensorByteLength(type, tensor.shape));
  yield { type: 'write-start', count, byteLength: byteLengths.reduce((sum, n) => sum + n, 0) };
  const rowUnit = unitOf(dimensions.dim / dimensions.nHeads);
  const stepOf = (tensor: BinTensor): number => {
    const unitBytes = 4 * rowUnit * columnsOf(tensor);
    return Math.min(rowsOf(tensor), rowUnit * Math.max(1, Math.floor(MAX_BLOCK_BYTES / unitBytes)));
  };
  const maxValues = Math.max(...tensors.map(({ tensor }) => stepOf(tensor) * columnsOf(tensor)));
  const codec = await openWeightCodec({ maxValues, kernels });
  const floats = new Float32Array(maxValues);
  const bytes = new Uint8Array(4 * maxValues);
  const iq4Nl = q4Encoding(iq4NlCodebook);
  for (const [index, { name, tensor, type, file, byteOffset }] of tensors.entries()) {
    yield { type: 'tensor-start', name, index, count };
    const stored = storedTypeOf(tensor, rows);
    const columns = columnsOf(tensor);
    let written = 0;
    for (let firstRow = 0; firstRow < rowsOf(tensor); firstRow += stepOf(tensor)) {
      const nRows = Math.min(stepOf(tensor), rowsOf(tensor) - firstRow);
      const weights = floats.subarray(0, nRows * columns);
      const weightBytes = new Uint8Array(weights.buffer, 0, weights.byteLength);
      const read = await rows.readRows(tensor, firstRow, nRows, weightBytes, signal);
      await read.hashed;
      let block = weightBytes;
      if (stored !== null) {
        const quantized = stored.isExact ? read.stored! : await codec.quantize(weights, iq4Nl, columns, signal);
        const into = bytes.subarray(0, tensorByteLength(stored.type, [weights.length]));
        block = encodeStoredBlocks(stored.type, quantized.values, quantized.scales, into) as typeof block;
      }
      await file.writeAt(block, byteOffset + written);
      written += block.byteLength;
      yield { type: 'bytes-written', byteLength: block.byteLength };
    }
    const byteLength = tensorByteLength(type, tensor.shape);
    yield { type: 'tensor-end', name, index, count, byteLength, maxError: null, isResumed: false };
  }
  await codec.close();
}

/** Whole heads and whole panels. */
function unitOf(headDim: number): number {
  let unit = headDim;
  while (unit % PANEL_ROWS !== 0) unit += headDim;
  return unit;
}
