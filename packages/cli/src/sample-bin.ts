// The bundled sample model as a .bin file, exported once into the user's cache folder.

import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exportModel, TOOL } from '@llama-ts/exporter';
import { isToolkitError } from '@llama-ts/format';
import type { BackendName } from '@llama-ts/kernels';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { withKernelsOf } from './chosen-kernels.js';
import { openSampleModel } from './open-named-source.js';

/** Digits of the checksum in the file's name: enough to tell versions of one small model apart. */
const KEY_DIGITS = 16;
const POLL_MS = 100;

/** How {@link sampleBin} makes the file. */
export interface SampleBinOptions {
  /** Whose kernels convert the weights; undefined for the fastest that run here. */
  readonly backend: BackendName | undefined;
  readonly signal: AbortSignal;
}

/**
 * Path of the sample model's file, which is written if it is not there yet.
 *
 * @param cacheFolder folder for files that can be made again
 * @throws ToolkitError what openKernels and exportModel throw
 */
export async function sampleBin(cacheFolder: string, options: SampleBinOptions): Promise<string> {
  const path = join(cacheFolder, `${sampleModelName}-${await sampleKey()}.bin`);
  await mkdir(cacheFolder, { recursive: true });
  while (!(await isThere(path))) {
    await writeSample(path, options).catch(async (error: unknown) => {
      // Another command is writing it at this moment.
      if (!isToolkitError(error) || error.code !== 'OUTPUT_BUSY') throw error;
      options.signal.throwIfAborted();
      await delay(POLL_MS);
    });
  }
  return path;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeSample(path: string, { backend, signal }: SampleBinOptions): Promise<void> {
  const source = await openSampleModel(signal);
  try {
    await withKernelsOf(backend, async (kernels) => {
      const events = exportModel({ source, output: path, force: true, kernels, signal });
      while ((await events.next()).done !== true);
    });
  } finally {
    await source.close();
  }
}

/** Changes with the model's files and with the exporter. */
async function sampleKey(): Promise<string> {
  const hash = createHash('sha256').update(TOOL);
  const entries = await readdir(sampleModelPath, { withFileTypes: true });
  for (const name of entries
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort()) {
    hash.update(name).update(await readFile(join(sampleModelPath, name)));
  }
  return hash.digest('hex').slice(0, KEY_DIGITS);
}
