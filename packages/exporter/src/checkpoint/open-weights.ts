// Opens the weights of a checkpoint's folder in whichever format they are.

import { listFolder } from '@llama-ts/base';
import { openSafetensorsFolder } from '@llama-ts/safetensors';
import { openPytorchFolder } from './pytorch-folder.js';
import { pytorchFiles, weightFilesOf } from './weight-files.js';
import type { WeightFolder } from './weight-folder.js';

/** @throws ToolkitError what openSafetensorsFolder and openPytorchFolder throw */
export async function openWeightFolder(
  folder: string,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<WeightFolder> {
  const names = (await listFolder(folder).catch(() => [])).map(({ name }) => name);
  return weightFilesOf(names) === pytorchFiles
    ? openPytorchFolder(folder, options)
    : openSafetensorsFolder(folder, options);
}
