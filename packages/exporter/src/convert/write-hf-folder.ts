// Writes a model as a complete Hugging Face folder: configuration, tokenizer, and weights in safetensors.

import { join } from 'node:path';
import { serializeHeader } from '@llama-ts/safetensors';
import type { FileLayer } from '../files/file-layer.js';
import { createDurableFile } from '../output/durable-file.js';
import type { WriteEvent } from '../output/write-weights.js';
import { type ConvertSource, modelTensors } from './convert-source.js';
import { createDurableFolder } from './durable-folder.js';
import type { FloatBlocks } from './float-blocks.js';
import { hfConfig, hfGenerationConfig, hfTokenizerConfig } from './hf-settings.js';
import { divideIntoShards, halfSplitRows, shardIndex, tensorBytes } from './hf-shards.js';
import { hfTokenizerJson } from './hf-tokenizer-json.js';
import type { FloatType } from './weight-types.js';
import { writeTensors } from './write-tensors.js';

/** Names that this writer may give, in this or an earlier run: what `force` may replace. */
const OWN_FILES =
  /^(?:config|generation_config|tokenizer|tokenizer_config|model\.safetensors\.index)\.json$|^model(?:-\d+-of-\d+)?\.safetensors$/;

/** What {@link writeHfFolder} works with. */
export interface WriteHfOptions {
  readonly source: ConvertSource;
  readonly blocks: FloatBlocks;
  readonly output: string;
  readonly type: FloatType;
  /** Bytes of tensors in one file at most, unless a single tensor is larger. */
  readonly maxShardBytes: number;
  /** Throws once the source is another than at the start. */
  readonly checkUnchanged: () => Promise<void>;
  readonly force: boolean | undefined;
  readonly files: FileLayer | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes the folder and returns its length in bytes.
 *
 * @throws ToolkitError `TYPE_UNFIT`, `BAD_WEIGHTS`, and what the output throws
 */
export async function* writeHfFolder(options: WriteHfOptions): AsyncGenerator<WriteEvent, number> {
  const { source, blocks, output, type, maxShardBytes, checkUnchanged, force, files, signal } = options;
  const { dimensions, settings, tokenizer } = source;
  const headDim = dimensions.dim / dimensions.nHeads;
  const tensors = modelTensors(dimensions);
  const shards = divideIntoShards(tensors, type, maxShardBytes);
  const folder = await createDurableFolder(output, { force, inputs: source.inputs, ownFiles: OWN_FILES });
  try {
    const totalBytes = tensorBytes(tensors, type);
    yield { type: 'write-start', count: tensors.length, byteLength: totalBytes };
    let byteLength = 0;
    let firstIndex = 0;
    for (const shard of shards) {
      const specs = shard.tensors.map(({ name, tensor }) => ({ name, dtype: type, shape: tensor.shape }));
      const header = serializeHeader(specs, [['format', 'pt']]);
      const byName = new Map(shard.tensors.map(({ name, tensor }) => [name, tensor]));
      const placed = header.tensors.map(({ name, byteOffset }) => ({
        ...{ name, type, byteOffset },
        tensor: byName.get(name)!,
      }));
      // The first one is refused unless there is room for all.
      const expectedBytes = totalBytes - byteLength;
      const file = await createDurableFile(join(folder.path, shard.fileName), { files, expectedBytes });
      try {
        await file.writeAt(header.bytes, 0);
        const arrange = (tensor: (typeof tensors)[number], values: Float32Array): Float32Array =>
          halfSplitRows(tensor, values, headDim);
        yield* writeTensors(placed, { file, blocks, arrange, count: tensors.length, firstIndex, signal });
        await file.commit(header.fileByteLength);
      } finally {
        await file.discard();
      }
      byteLength += header.fileByteLength;
      firstIndex += placed.length;
    }
    const texts: readonly (readonly [name: string, content: object])[] = [
      ...(shards.length > 1 ? [['model.safetensors.index.json', shardIndex(shards, type)] as const] : []),
      ...(tokenizer === null
        ? []
        : ([
            ['tokenizer.json', hfTokenizerJson(tokenizer, settings.bosId)],
            ['tokenizer_config.json', hfTokenizerConfig(source, tokenizer)],
          ] as const)),
      ['generation_config.json', hfGenerationConfig(source)],
      ['config.json', hfConfig(source, type)],
    ];
    for (const [name, content] of texts) byteLength += await writeJson(join(folder.path, name), content);
    signal?.throwIfAborted();
    await checkUnchanged();
    await folder.commit();
    return byteLength;
  } finally {
    await folder.discard();
  }
}

async function writeJson(path: string, content: object): Promise<number> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
  const file = await createDurableFile(path, {});
  try {
    await file.writeAt(bytes, 0);
    await file.commit(bytes.byteLength);
    return bytes.byteLength;
  } finally {
    await file.discard();
  }
}
