// Writes a model as a complete Hugging Face folder: configuration, tokenizer, and weights in safetensors.

import { joinPath } from '@llama-ts/base';
import { createDurableFile, createDurableFolder, type DurableFile, type FileLayer } from '@llama-ts/durable';
import type { BinTensor } from '@llama-ts/format';
import type { WriteEvent } from '../output/write-event.js';
import type { CompleteFacts } from '../source/model-source.js';
import { modelTensors } from '../weights/model-tensors.js';
import type { FloatBlocksOptions } from './float-blocks.js';
import { divideIntoShards, halfSplitRows, type Shard, shardHeader, tensorBytes } from './hf-shards.js';
import { hfTexts } from './hf-texts.js';
import type { FloatType } from './weight-types.js';
import { type PlacedTensor, writeTensors } from './write-tensors.js';

/** Names that this writer may give, in this or an earlier run: what `force` may replace. */
export const HF_FILES =
  /^(?:config|generation_config|tokenizer|tokenizer_config|model\.safetensors\.index)\.json$|^model(?:-\d+-of-\d+)?\.safetensors$/;

/** Options of {@link writeHfFolder}. */
export interface WriteHfOptions extends Omit<FloatBlocksOptions, 'dimensions'> {
  readonly facts: CompleteFacts;
  /** Files that must not be written over. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly type: FloatType;
  /** Bytes of tensors in one file at most, unless a single tensor is larger. */
  readonly maxShardBytes: number;
  /** Throws if the source changed, or is not what the hub lists. */
  readonly checkSource: () => Promise<void>;
  readonly force: boolean | undefined;
  readonly files: FileLayer | undefined;
}

/**
 * Writes the folder and returns its length in bytes.
 *
 * @throws ToolkitError `TYPE_UNFIT`, `BAD_WEIGHTS`, and what the output throws
 */
export async function* writeHfFolder(options: WriteHfOptions): AsyncGenerator<WriteEvent, number> {
  const { facts, inputs, output, type, maxShardBytes, checkSource, force, files, signal } = options;
  const { dimensions } = facts;
  const headDim = dimensions.dim / dimensions.nHeads;
  const tensors = modelTensors(dimensions);
  const shards = divideIntoShards(tensors, type, maxShardBytes);
  const folder = await createDurableFolder(output, { force, files, inputs, ownFiles: HF_FILES });
  const opened: OpenShard[] = [];
  try {
    // Weights come in the order of their source, so all files are open at once. The first checks the disk space for all.
    for (const shard of shards) {
      const expectedBytes = opened.length === 0 ? tensorBytes(tensors, type) : 0;
      opened.push(await openShard(shard, { folder: folder.path, type, files, expectedBytes }));
    }
    const arrange = (tensor: BinTensor, values: Float32Array): Float32Array => halfSplitRows(tensor, values, headDim);
    const placed = opened.flatMap((shard) => shard.placed);
    yield* writeTensors(placed, { ...options, dimensions, arrange });
    let byteLength = 0;
    for (const { file, fileByteLength } of opened) {
      await file.commit(fileByteLength);
      byteLength += fileByteLength;
    }
    for (const { name, bytes } of hfTexts(facts, shards, type)) {
      byteLength += await writeWhole(joinPath(folder.path, name), bytes(), files);
    }
    signal?.throwIfAborted();
    await checkSource();
    await folder.commit();
    return byteLength;
  } finally {
    for (const { file } of opened) await file.discard();
    await folder.discard();
  }
}

/** A file of weights under way. */
interface OpenShard {
  readonly file: DurableFile;
  readonly placed: readonly PlacedTensor[];
  readonly fileByteLength: number;
}

interface OpenShardOptions {
  readonly folder: string;
  readonly type: FloatType;
  readonly files: FileLayer | undefined;
  readonly expectedBytes: number;
}

/** Creates a file and writes its header. */
async function openShard(shard: Shard, options: OpenShardOptions): Promise<OpenShard> {
  const { folder, type, files, expectedBytes } = options;
  const header = shardHeader(shard, type);
  const byName = new Map(shard.tensors.map(({ name, tensor }) => [name, tensor]));
  const file = await createDurableFile(joinPath(folder, shard.fileName), { files, expectedBytes });
  try {
    await file.writeAt(header.bytes, 0);
  } catch (error) {
    await file.discard();
    throw error;
  }
  const placed = header.tensors.map(({ name, byteOffset }): PlacedTensor => {
    return { name, type, file, byteOffset, tensor: byName.get(name)! };
  });
  return { file, placed, fileByteLength: header.fileByteLength };
}

/** Writes a file and returns its length in bytes. */
async function writeWhole(path: string, bytes: Uint8Array, files: FileLayer | undefined): Promise<number> {
  const file = await createDurableFile(path, { files });
  try {
    await file.writeAt(bytes, 0);
    await file.commit(bytes.byteLength);
    return bytes.byteLength;
  } finally {
    await file.discard();
  }
}
