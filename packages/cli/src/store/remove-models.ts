// Removes models that no name means any more, and what killed processes left.

import { readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDurableFile, isGone } from '@llama-ts/durable';
import { type Entry, entryPath, listEntries, modelPath, nameOfEntry, sizeOf } from './entries.js';
import type { StorePaths } from './store-folder.js';

/** A name that was removed. */
export interface Removed {
  readonly entry: Entry;
  /** 0 where another name has the same model. */
  readonly freedBytes: number;
}

/** Removes a name, and its model unless another name has it. A kill in between leaves a model that {@link tidy} removes. */
export async function removeEntry(store: StorePaths, entry: Entry): Promise<Removed> {
  await rm(entryPath(store, nameOfEntry(entry)), { force: true });
  return { entry, freedBytes: await removeUnused(store, entry.key) };
}

/** Removes a model that no name means. @returns the bytes that this frees */
export async function removeUnused(store: StorePaths, key: string): Promise<number> {
  if ((await listEntries(store)).some((entry) => entry.key === key)) return 0;
  const path = modelPath(store, { key });
  const byteLength = (await sizeOf(path)) ?? 0;
  await rm(path, { force: true });
  return byteLength;
}

/**
 * Removes what killed processes left: parts of models, and models whose name was not written. Models of processes that live
 * are left alone; where one takes a model that this removes at that moment, it makes it again.
 */
export async function tidy(store: StorePaths): Promise<void> {
  for (const folder of [store.files, store.names]) {
    for (const name of await readdir(folder).catch(() => [])) {
      const target = /^\.(.+)\.lock$/.exec(name)?.[1];
      if (target === undefined || !(await isDead(join(folder, name)))) continue;
      const file = await createDurableFile(join(folder, target), { force: true }).catch(() => null);
      await file?.discard();
    }
  }
  const locks = (await readdir(store.names).catch(() => [])).filter((name) => name.endsWith('.lock'));
  if (locks.length > 0) return;
  const used = new Set((await listEntries(store)).map(({ key }) => `${key}.bin`));
  for (const name of await readdir(store.files).catch(() => [])) {
    if (/^[0-9a-f]{32}\.bin$/.test(name) && !used.has(name)) await rm(join(store.files, name), { force: true });
  }
}

/** Whether the owner of a lock has certainly ended. */
async function isDead(lock: string): Promise<boolean> {
  return readlink(lock).then(isGone, () => false);
}
