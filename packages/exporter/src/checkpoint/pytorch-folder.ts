// Opens pytorch_model.bin, or the shards that pytorch_model.bin.index.json lists, as one.

import { joinPath, pathStatus, quote, ToolkitError } from '@llama-ts/base';
import { openPytorch, type PytorchFile } from '@llama-ts/pytorch';
import { parseIndex, type ReadOptions, type ShardTensorInfo } from '@llama-ts/safetensors';
import { readSmallFile } from '../json-fields.js';
import { PYTORCH_FILE, PYTORCH_INDEX_FILE } from './weight-files.js';
import type { WeightFolder } from './weight-folder.js';

/** An index of 405B parameters has about 100 kB. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024;

/**
 * Opens every file of a folder's weights. A lone `pytorch_model.bin` is preferred to an index.
 *
 * @throws ToolkitError `SAFETENSORS_INDEX` for a damaged index, and what openPytorch throws
 */
export async function openPytorchFolder(
  folder: string,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<WeightFolder> {
  const isSingle = (await pathStatus(joinPath(folder, PYTORCH_FILE)).catch(() => null)) !== null;
  const shards = isSingle ? [PYTORCH_FILE] : await shardsOf(folder, options.signal);
  return openPytorchFiles(folder, shards, options);
}

/**
 * Opens files of torch.save as one.
 *
 * @param paths relative to the folder
 * @throws ToolkitError `SAFETENSORS_INDEX` for a tensor in two of them, and what openPytorch throws
 */
export async function openPytorchFiles(
  folder: string,
  paths: readonly string[],
  options: { readonly signal?: AbortSignal | undefined },
): Promise<WeightFolder> {
  const files = new Map<string, PytorchFile>();
  const tensors = new Map<string, ShardTensorInfo>();
  const close = async (): Promise<void> => {
    await Promise.all([...files.values()].map((file) => file.close()));
  };
  try {
    for (const path of paths) {
      const file = await openPytorch(joinPath(folder, path), options);
      files.set(path, file);
      for (const tensor of file.tensors.values()) {
        const other = tensors.get(tensor.name);
        if (other !== undefined) throw inTwo(folder, tensor.name, other.shard, path);
        tensors.set(tensor.name, { ...tensor, shard: path });
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    files,
    tensors,
    warnings: [],
    async read(name: string, read?: ReadOptions) {
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        throw new ToolkitError(
          'TENSOR_NOT_FOUND',
          `${folder}: no tensor ${quote(name)}, expected one of ${tensors.size}`,
        );
      }
      return files.get(tensor.shard)!.read(name, read);
    },
    close,
  };
}

async function shardsOf(folder: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const path = joinPath(folder, PYTORCH_INDEX_FILE);
  const bytes = await readSmallFile(path, { code: 'BAD_CONFIG', maxBytes: MAX_INDEX_BYTES, signal });
  return parseIndex(bytes ?? new Uint8Array(0), path).shards;
}

function inTwo(folder: string, tensor: string, first: string, second: string): ToolkitError {
  const message = `${folder}: tensor ${quote(tensor)} is in ${quote(first)} and in ${quote(second)}, expected in one`;
  return new ToolkitError('SAFETENSORS_INDEX', message, {
    suggestions: ['remove the shard that is out of date, then run the same command again'],
  });
}
