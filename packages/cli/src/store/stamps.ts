// Stamps of local files: a glance tells whether a model has to be made anew.

import { dirname } from 'node:path';
import { pathStatus } from '@llama-ts/base';
import type { Stamp } from './entries.js';

/** The stamps of the files that a folder was read from, and of the folders that they are in: what is added there is read too. */
export async function stampsOfFolder(paths: readonly string[]): Promise<readonly Stamp[]> {
  return stampsOf([...paths, ...paths.map((path) => dirname(path))]);
}

/** The stamps of files. */
export async function stampsOf(paths: readonly string[]): Promise<readonly Stamp[]> {
  const all = [...new Set(paths)].sort();
  return Promise.all(all.map(async (path) => ({ path, state: await stateOf(path) })));
}

/** Whether nothing has changed since. */
export async function areFresh(stamps: readonly Stamp[]): Promise<boolean> {
  const states = await Promise.all(stamps.map(({ path }) => stateOf(path).catch(() => null)));
  return stamps.length > 0 && stamps.every(({ state }, i) => state === states[i]);
}

/** Size and time of the last change; of a folder the time, when a name was added, removed or replaced. */
async function stateOf(path: string): Promise<string> {
  const { size, changed, isFolder } = await pathStatus(path);
  return isFolder ? `folder ${changed}` : `${size} ${changed}`;
}
