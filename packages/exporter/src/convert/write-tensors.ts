// Writes tensors into files at the places that their headers give them, block by block.

import type { DurableFile } from '@llama-ts/durable';
import type { BinTensor } from '@llama-ts/format';
import { type TensorType, tensorByteLength } from '@llama-ts/gguf';
import type { WriteEvent } from '../output/write-event.js';
import { type FloatBlocksOptions, floatBlocks } from './float-blocks.js';
import { encodeWeights, type WeightType } from './weight-types.js';

/** A tensor and its place in the output. */
export interface PlacedTensor {
  /** Its name in the output. */
  readonly name: string;
  readonly tensor: BinTensor;
  readonly type: TensorType;
  readonly file: DurableFile;
  readonly byteOffset: number;
}

/** Options of {@link writeTensors}. */
export interface WriteTensorsOptions extends FloatBlocksOptions {
  /** Puts a block's rows into the output's order. */
  readonly arrange?: ((tensor: BinTensor, values: Float32Array) => Float32Array) | undefined;
}

/**
 * Writes tensors, in the order in which the source wants them read.
 *
 * @throws what reading, encoding and writing throw
 */
export async function* writeTensors(
  tensors: readonly PlacedTensor[],
  { arrange, ...options }: WriteTensorsOptions,
): AsyncGenerator<WriteEvent, void> {
  const count = tensors.length;
  const byteLengths = tensors.map(({ tensor, type }) => tensorByteLength(type, tensor.shape));
  yield { type: 'write-start', count, byteLength: byteLengths.reduce((sum, n) => sum + n, 0) };
  // One for all blocks: each is written before the next is encoded.
  let buffer = new Uint8Array(0);
  /** Bytes written of each tensor. Blocks of two tensors may alternate. */
  const written = new Map<number, number>();
  const blocks = floatBlocks(
    tensors.map(({ tensor }) => tensor),
    options,
  );
  for await (const { block, values, release } of blocks) {
    const { index, isLast } = block;
    const { name, tensor, type, file, byteOffset } = tensors[index]!;
    if (!written.has(index)) yield { type: 'tensor-start', name, index, count };
    const start = written.get(index) ?? 0;
    const blockBytes = tensorByteLength(type, [values.length]);
    if (buffer.byteLength < blockBytes) buffer = new Uint8Array(blockBytes);
    const arranged = arrange?.(tensor, values) ?? values;
    const bytes = encodeWeights(arranged, type as WeightType, name, buffer.subarray(0, blockBytes));
    release(Promise.resolve());
    await file.writeAt(bytes, byteOffset + start);
    written.set(index, start + bytes.byteLength);
    yield { type: 'bytes-written', byteLength: bytes.byteLength };
    if (!isLast) continue;
    yield { type: 'tensor-end', name, index, count, byteLength: byteLengths[index]!, maxError: null, isResumed: false };
  }
}
