// Opens a file of torch.save as a source: llama2.c's training checkpoint, or one of Meta's weight files in its folder.

import { basename, dirname, type JsonObject, shellQuote, ToolkitError } from '@llama-ts/base';
import { tensorName } from '@llama-ts/format';
import { isDict, openPytorch, type PytorchFile, type PytorchTensor } from '@llama-ts/pytorch';
import { readMetaSettings } from '../meta/known-sizes.js';
import { openMetaModel } from '../meta/open-meta-model.js';
import type { FolderTokenizer } from '../tokenizer/read-tokenizer.js';
import { CONSOLIDATED, isMetaFolder, openMetaFolder } from './meta-source.js';
import type { CompleteSource } from './model-source.js';
import type { OpenSourceOptions, SourceOpener } from './source-opener.js';

/** How files of torch.save are named: llama2.c's and Meta's. */
const ENDING = /\.(?:pth|pt)$/i;

/** Whether a name ends like a file of torch.save. */
export function isPytorchName(name: string): boolean {
  return ENDING.test(name);
}

/** Opens files that are named as torch.save's are. */
export const pytorchOpener: SourceOpener = async (found, options) =>
  found.kind === 'file' && isPytorchName(found.path) ? openPytorchSource(found.path, options) : null;

/**
 * Opens llama2.c's checkpoint, or the folder of one of Meta's weight files.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT` for a file without settings, and what openPytorch, openMetaFolder and openMetaModel throw
 */
export async function openPytorchSource(
  path: string,
  { stated, signal }: Pick<OpenSourceOptions, 'stated' | 'signal'>,
): Promise<CompleteSource> {
  signal?.throwIfAborted();
  const folder = dirname(path);
  if (CONSOLIDATED.test(basename(path)) && (await isMetaFolder(folder)))
    return openMetaFolder(folder, { stated, signal });
  const file = await openPytorch(path, { signal });
  try {
    const params = readMetaSettings(modelArgs(file, path), stated ?? {}, `${path}, model_args`);
    return await openMetaModel({
      folder,
      name: basename(path).replace(ENDING, ''),
      params,
      shards: [{ path: basename(path), file, tensors: bareNames(file) }],
      files: [],
      readText: async () => noText(path),
      signal,
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The settings that llama2.c keeps beside the weights. */
function modelArgs({ root }: PytorchFile, path: string): JsonObject {
  const args = isDict(root) ? root.entries.get('model_args') : undefined;
  if (isDict(args)) return Object.fromEntries([...args.entries].map(([key, value]) => [String(key), value]));
  const message = `${path}: holds tensors and no settings (model_args), expected params.json beside it, or a folder with config.json`;
  throw new ToolkitError('NOT_A_CHECKPOINT', message, {
    suggestions: [`look for the settings of the model: ls ${shellQuote(dirname(path))}`],
  });
}

/** torch.compile puts `_orig_mod.` before each name. */
function bareNames({ tensors }: PytorchFile): ReadonlyMap<string, PytorchTensor> {
  const embedding = tensorName('embedding', null);
  const prefix = [...tensors.keys()].find((name) => name.endsWith(`.${embedding}`))?.slice(0, -embedding.length) ?? '';
  return new Map(
    [...tensors].map(([name, tensor]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, tensor]),
  );
}

/** llama2.c's tokenizers are files of their own. */
function noText(path: string): FolderTokenizer {
  return {
    tokenizer: null,
    postProcessor: undefined,
    chatTemplate: null,
    config: null,
    specialTokensMap: null,
    files: [],
    warnings: [`${path}: holds no tokenizer; the output will hold none`],
  };
}
