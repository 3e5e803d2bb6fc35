// Writes tensors into files at places that their headers have given them, block by block.

import type { BinTensor } from '@llama-ts/format';
import { tensorByteLength } from '@llama-ts/gguf';
import type { DurableFile } from '../output/durable-file.js';
import { readingOrder } from '../output/reading-order.js';
import type { WeightSource } from '../output/weight-source.js';
import type { WriteEvent } from '../output/write-weights.js';
import type { FloatBlocks } from './float-blocks.js';
import { encodeWeights, type WeightType } from './weight-types.js';

/** A tensor and its place in the output. */
export interface PlacedTensor {
  /** Its name in the output. */
  readonly name: string;
  readonly tensor: BinTensor;
  readonly type: WeightType;
  readonly file: DurableFile;
  readonly byteOffset: number;
}

/** What {@link writeTensors} works with. */
export interface WriteTensorsOptions {
  readonly weights: WeightSource;
  /** Of those weights. */
  readonly blocks: FloatBlocks;
  /** Puts a block's rows into the output's order. */
  readonly arrange?: ((tensor: BinTensor, values: Float32Array) => Float32Array) | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes all tensors of a conversion, in the order in which the source wants them read.
 *
 * @throws what reading, encoding and writing throw
 */
export async function* writeTensors(
  tensors: readonly PlacedTensor[],
  { weights, blocks, arrange, signal }: WriteTensorsOptions,
): AsyncGenerator<WriteEvent, void> {
  const count = tensors.length;
  const totalBytes = tensors.reduce((sum, { tensor, type }) => sum + tensorByteLength(type, tensor.shape), 0);
  yield { type: 'write-start', count, byteLength: totalBytes };
  // One for all blocks: each is written before the next is encoded.
  let buffer = new Uint8Array(0);
  for (const index of readingOrder(
    tensors.map(({ tensor }) => tensor),
    weights,
  )) {
    signal?.throwIfAborted();
    const { name, tensor, type, file, byteOffset } = tensors[index]!;
    yield { type: 'tensor-start', name, index, count };
    let byteLength = 0;
    for await (const values of blocks.read(tensor, signal)) {
      const blockBytes = tensorByteLength(type, [values.length]);
      if (buffer.byteLength < blockBytes) buffer = new Uint8Array(blockBytes);
      const arranged = arrange?.(tensor, values) ?? values;
      const bytes = encodeWeights(arranged, type, name, buffer.subarray(0, blockBytes));
      await file.writeAt(bytes, byteOffset + byteLength);
      byteLength += bytes.byteLength;
      yield { type: 'bytes-written', byteLength: bytes.byteLength };
    }
    yield { type: 'tensor-end', name, index, count, byteLength, maxError: null, isResumed: false };
  }
}
