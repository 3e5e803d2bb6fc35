// Writes tensors into a file at places that its header has given them, block by block.

import type { BinTensor } from '@llama-ts/format';
import type { DurableFile } from '../output/durable-file.js';
import type { WriteEvent } from '../output/write-weights.js';
import type { FloatBlocks } from './float-blocks.js';
import { encodeWeights, type WeightType } from './weight-types.js';

/** A tensor and its place in the output. */
export interface PlacedTensor {
  /** Its name in the output. */
  readonly name: string;
  readonly tensor: BinTensor;
  readonly type: WeightType;
  readonly byteOffset: number;
}

/** What {@link writeTensors} works with. */
export interface WriteTensorsOptions {
  readonly file: DurableFile;
  readonly blocks: FloatBlocks;
  /** Puts a block's rows into the output's order. */
  readonly arrange?: ((tensor: BinTensor, values: Float32Array) => Float32Array) | undefined;
  /** Tensors of the whole conversion, and how many came before these. For the events. */
  readonly count: number;
  readonly firstIndex: number;
  readonly signal: AbortSignal | undefined;
}

/** Writes each tensor in turn; `write-start` is the caller's to yield. @throws what reading, encoding and writing throw */
export async function* writeTensors(
  tensors: readonly PlacedTensor[],
  { file, blocks, arrange, count, firstIndex, signal }: WriteTensorsOptions,
): AsyncGenerator<WriteEvent, void> {
  for (const [i, { name, tensor, type, byteOffset }] of tensors.entries()) {
    signal?.throwIfAborted();
    const index = firstIndex + i;
    yield { type: 'tensor-start', name, index, count };
    let byteLength = 0;
    for await (const values of blocks.read(tensor, signal)) {
      const bytes = encodeWeights(arrange?.(tensor, values) ?? values, type, name);
      await file.writeAt(bytes, byteOffset + byteLength);
      byteLength += bytes.byteLength;
      yield { type: 'bytes-written', byteLength: bytes.byteLength };
    }
    yield { type: 'tensor-end', name, index, count, byteLength, maxError: null, isResumed: false };
  }
}
