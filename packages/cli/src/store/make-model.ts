// Makes the model of a name that the store does not have: downloads and exports it, and writes its entry.
//
// Whatever moment it is killed at, the store works: a model gets its name when it is whole, an entry after its model. A model
// without an entry is found by its key when the name is asked for again, or removed with the next tidying.

import { stat } from 'node:fs/promises';
import { byteSize } from '@llama-ts/base';
import type { DurableFile } from '@llama-ts/durable';
import { FILE_LAYER, makeFolder } from '@llama-ts/durable';
import { exportModel, inspectPath } from '@llama-ts/exporter';
import { withKernelsOf } from '../environment/chosen-kernels.js';
import { showWriteProgress } from '../progress/show-write-progress.js';
import {
  type Entry,
  encodeEntry,
  entryPath,
  modelPath,
  nameText,
  readEntry,
  type StoreName,
  sizeOf,
} from './entries.js';
import { lockEntry, whileBusy } from './lock-entry.js';
import type { MakeOptions, OpenOrigin } from './origin.js';
import { openLocalOrigin } from './origin-local.js';
import { openRepositoryOrigin } from './origin-repository.js';
import { removeUnused, tidy } from './remove-models.js';
import { areFresh } from './stamps.js';
import { storeFailure } from './store-failure.js';
import type { StorePaths } from './store-folder.js';
import { variantVersions } from './variants.js';

/** A model that is there now. */
export interface Made {
  readonly entry: Entry;
  readonly path: string;
  /** `made`, `shared`: its model was there, as another name's, or `current`: it was there. */
  readonly state: 'made' | 'shared' | 'current';
  readonly downloadedBytes: number;
  readonly milliseconds: number;
}

/**
 * Makes a model, unless another process has made it meanwhile.
 *
 * @throws ToolkitError `NOT_CONFIRMED`, `STORE_READ_ONLY`, `STORE_FAILED`, `DISK_FULL`, and what downloadSnapshot,
 *   openModelSource and exportModel throw
 */
export async function makeModel(store: StorePaths, name: StoreName, options: MakeOptions): Promise<Made> {
  const { reporter, signal } = options;
  const started = performance.now();
  try {
    for (const folder of [store.files, store.names]) await makeFolder(FILE_LAYER, folder);
    const onWait = ([remedy]: readonly string[]): void =>
      reporter.logToStderr(
        `waiting for another process, which makes ${options.typed}${remedy === undefined ? '' : `\n  ${remedy}`}`,
      );
    const file = await lockEntry(entryPath(store, name), { signal, onWait });
    try {
      const found = await readEntry(store, name);
      const isFresh = found !== null && (found.source.kind === 'repository' || (await areFresh(found.source.stamps)));
      const done =
        isFresh && options.isUpdate !== true
          ? { entry: found, state: 'current' as const, downloadedBytes: 0 }
          : await makeLocked(store, { name, file, found }, { ...options, onWait });
      const path = modelPath(store, done.entry);
      return { ...done, path, milliseconds: Math.round(performance.now() - started) };
    } finally {
      await file.discard();
    }
  } catch (error) {
    throw storeFailure(error, { store, name, typed: options.typed });
  }
}

/** A name that this process alone makes the model of. */
interface LockedName {
  readonly name: StoreName;
  readonly file: DurableFile;
  /** What it meant until now. */
  readonly found: Entry | null;
}

async function makeLocked(
  store: StorePaths,
  { name, file, found }: LockedName,
  options: MakeOptions & { readonly onWait: (suggestions: readonly string[]) => void },
): Promise<Pick<Made, 'entry' | 'state' | 'downloadedBytes'>> {
  const origin =
    name.kind === 'repository'
      ? await openRepositoryOrigin(store, name, options)
      : await openLocalOrigin(store, name, options);
  try {
    const known = origin.key === null ? null : await modelOf(store, origin.key);
    if (known !== null) {
      const entry = { source: origin.source!, variant: name.variant, key: origin.key!, ...known };
      const isSame = found?.key === entry.key;
      if (!isSame || found?.source.kind !== 'repository') await commit(file, entry);
      if (found !== null && !isSame) await removeUnused(store, found.key);
      return { entry, state: isSame ? 'current' : 'shared', downloadedBytes: 0 };
    }
    const opened = await origin.open();
    const isMade = await writeModel(store, { name, opened }, options);
    const { key, source } = opened;
    const entry = { source, variant: name.variant, key, ...(await modelOf(store, key))! };
    await commit(file, entry);
    if (found !== null && found.key !== key) await removeUnused(store, found.key);
    await tidy(store);
    return { entry, state: isMade ? 'made' : 'shared', downloadedBytes: origin.downloadBytes };
  } finally {
    await origin.close();
  }
}

/** false where the model was there, as another name's. */
async function writeModel(
  store: StorePaths,
  { name, opened }: { readonly name: StoreName; readonly opened: OpenOrigin },
  options: MakeOptions & { readonly onWait: (suggestions: readonly string[]) => void },
): Promise<boolean> {
  const { backend, reporter, signal } = options;
  const { key, model: source } = opened;
  const output = modelPath(store, { key });
  return whileBusy(async () => {
    if ((await modelOf(store, key)) !== null) return false;
    await withKernelsOf(backend, (kernels) =>
      showWriteProgress(
        exportModel({ source, output, version: variantVersions[name.variant], force: true, kernels, signal }),
        reporter,
      ),
    );
    return true;
  }, options);
}

/** The model of a key; null if it is missing or incomplete, for example because another program changed it. */
async function modelOf(store: StorePaths, key: string): Promise<Pick<Entry, 'byteLength' | 'made'> | null> {
  const path = modelPath(store, { key });
  const byteLength = await sizeOf(path);
  if (byteLength === null) return null;
  const kind = await inspectPath(path).then(
    (found) => found.kind,
    () => null,
  );
  if (kind !== 'bin') return null;
  return { byteLength, made: (await stat(path)).mtime.toISOString() };
}

async function commit(file: DurableFile, entry: Entry): Promise<void> {
  const bytes = encodeEntry(entry);
  await file.writeAt(bytes, 0);
  await file.commit(bytes.byteLength);
}

/** What was done, in a line. */
export function madeLine({ entry, path, state, milliseconds }: Made): string {
  const size = byteSize(entry.byteLength);
  const commit = entry.source.kind === 'repository' ? ` of commit ${entry.source.commit.slice(0, 12)}` : '';
  switch (state) {
    case 'made':
      return `made ${nameText(entry)}${commit} in ${(milliseconds / 1000).toFixed(1)} s: ${size} in ${path}`;
    case 'shared':
      return `${nameText(entry)}${commit}: its model was here already, ${size} in ${path}`;
    case 'current':
      return `${nameText(entry)}${commit} is in the store: ${size} in ${path}`;
  }
}
