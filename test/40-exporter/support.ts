// Copies and changes of checkpoints for the exporter's tests.

import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensorsFolder, type TensorSpec, writeSafetensors } from '@llama-ts/safetensors';

export { sha256 } from '../helpers/digests.js';
export { failsWith } from '../helpers/failure.js';
export { drain } from '../helpers/generators.js';
export { golden } from '../helpers/golden.js';
export { withFolder } from '../helpers/scratch-folder.js';

export const readJson = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path, 'utf8'));

/** Copies a model, with changes to its config.json. */
export async function copyModel(from: string, to: string, config: Record<string, unknown> = {}): Promise<void> {
  await cp(from, to, { recursive: true, filter: (path) => !path.includes('oracle') });
  const path = join(to, 'config.json');
  await writeFile(path, JSON.stringify({ ...(await readJson(path)), ...config }));
}

/** Rewrites a folder's weights as one file, each tensor as `change` returns it; null drops it. */
export async function rewriteWeights(
  folder: string,
  change: (tensor: TensorSpec & { data: Uint8Array }) => (TensorSpec & { data: Uint8Array }) | null,
  extra: (TensorSpec & { data: Uint8Array })[] = [],
): Promise<void> {
  const reader = await openSafetensorsFolder(folder);
  const tensors = [...extra];
  for (const { name, dtype, shape } of reader.tensors.values()) {
    const changed = change({ name, dtype, shape, data: await reader.read(name) });
    if (changed !== null) tensors.push(changed);
  }
  await reader.close();
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  await rm(join(folder, 'model.safetensors.index.json'), { force: true });
}
