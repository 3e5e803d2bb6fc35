// Folders, checksums and event draining for the exporter's tests.

import { strict as expect } from 'node:assert';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isToolkitError } from '@llama-ts/format';
import { openSafetensorsFolder, type TensorSpec, writeSafetensors } from '@llama-ts/safetensors';

const goldens = fileURLToPath(new URL('../fixtures/golden', import.meta.url));

/** Path in the folder of goldens. */
export const golden = (...parts: string[]): string => join(goldens, ...parts);

/** A folder that lives for one test. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llama-exporter-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A generator's events and what it returned. */
export async function drain<E, R>(generator: AsyncGenerator<E, R>): Promise<{ events: E[]; result: R }> {
  const events: E[] = [];
  for (;;) {
    const next = await generator.next();
    if (next.done === true) return { events, result: next.value };
    events.push(next.value);
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Asserts that a promise rejects with a code, and returns the message. */
export async function rejectsWith(code: string, work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!isToolkitError(error)) throw error;
    expect.equal(error.code, code, error.message);
    return error.message;
  }
  throw new Error(`nothing was thrown, expected ${code}`);
}

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
