// The bundled sample model as a .bin file, exported once into the user's cache folder; where there is none to write to, for
// each run into a temporary folder.

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, isToolkitError, TOOL, ToolkitError } from '@llama-ts/base';
import { describeFileFailure, FILE_LAYER, makeFolder } from '@llama-ts/durable';
import { exportModel } from '@llama-ts/exporter';
import type { BackendName } from '@llama-ts/kernels';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { withKernelsOf } from '../environment/chosen-kernels.js';
import { exitCodeOf, exitCodes } from '../failure/exit-codes.js';
import { openSampleModel } from './open-named-source.js';

/** Digits of the checksum in the file's name: enough to tell versions of one small model apart. */
const KEY_DIGITS = 16;
const POLL_MS = 100;
/** The export of the sample model takes a second; who holds its lock for longer does not write it. */
const MAX_WAIT_MS = 20_000;
const SUGGESTION = 'keep it in a folder of your own: export XDG_CACHE_HOME=FOLDER';

/** How {@link sampleBin} makes the file. */
export interface SampleBinOptions {
  /** Whose kernels convert the weights; undefined for the fastest that run here. */
  readonly backend: BackendName | undefined;
  readonly signal: AbortSignal;
}

/** The sample model's file. */
export interface SampleBin {
  readonly path: string;
  /** Why it is in no cache; null where it is. */
  readonly whyNotCached: ToolkitError | null;
  /** Removes a file that is in no cache. Call it when the model is closed. */
  release(): Promise<void>;
}

/**
 * The sample model's file, which is written if it is not there yet.
 *
 * @param cacheFolder folder for files that can be made again; null where the user has none
 * @throws ToolkitError `CACHE_READ_ONLY` or `CACHE_FAILED` where no temporary folder can be written either; what openKernels
 *   and exportModel throw
 */
export async function sampleBin(cacheFolder: string | null, options: SampleBinOptions): Promise<SampleBin> {
  const name = `${sampleModelName}-${await sampleKey()}.bin`;
  if (cacheFolder === null) return temporarySample(name, noHome(), options);
  try {
    const path = await cachedSample(cacheFolder, name, options);
    return { path, whyNotCached: null, release: async () => undefined };
  } catch (error) {
    options.signal.throwIfAborted();
    const described = describeFailure(error, cacheFolder);
    if (!isToolkitError(described) || !isOfTheDisk(described.code)) throw described;
    return temporarySample(name, new ToolkitError(described.code, described.message), options);
  }
}

async function cachedSample(cacheFolder: string, name: string, options: SampleBinOptions): Promise<string> {
  const path = join(cacheFolder, name);
  await makeFolder(FILE_LAYER, cacheFolder);
  for (let waitedMs = 0; !(await isThere(path)); waitedMs += POLL_MS) {
    try {
      await writeSample(path, options);
    } catch (error) {
      // Another command is writing it at this moment.
      if (!isToolkitError(error) || error.code !== 'OUTPUT_BUSY' || waitedMs >= MAX_WAIT_MS) throw error;
      await delay(POLL_MS, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
    }
  }
  return path;
}

async function temporarySample(
  name: string,
  whyNotCached: ToolkitError,
  options: SampleBinOptions,
): Promise<SampleBin> {
  let folder: string;
  try {
    folder = await mkdtemp(join(tmpdir(), 'llama-sample-'));
  } catch (error) {
    const { message } = describeFailure(error, tmpdir()) as Error;
    throw new ToolkitError('CACHE_FAILED', `${whyNotCached.message}; ${message}`, {
      suggestions: [SUGGESTION, 'take a folder of your own: export TMPDIR=FOLDER'],
      cause: error,
    });
  }
  const removeNow = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', removeNow);
  const release = async (): Promise<void> => {
    process.off('exit', removeNow);
    await rm(folder, { recursive: true, force: true });
  };
  const path = join(folder, name);
  try {
    await writeSample(path, options);
  } catch (error) {
    await release();
    throw error;
  }
  return { path, whyNotCached, release };
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

function isOfTheDisk(code: ErrorCode): boolean {
  return code.startsWith('OUTPUT_') || exitCodeOf(code) === exitCodes.disk;
}

/** Says why a folder cannot be used. The caller adds suggestions if it finds no other folder. */
function describeFailure(error: unknown, folder: string): unknown {
  return describeFileFailure(error, {
    what: `${folder}: cannot be written`,
    whenFull: [],
    readOnly: { code: 'CACHE_READ_ONLY', suggestions: [] },
    other: { code: 'CACHE_FAILED', suggestions: [] },
  });
}

function noHome(): ToolkitError {
  return new ToolkitError('CACHE_FAILED', 'the user has no home folder');
}
