// Names in a folder that a mistyped path most likely meant.

import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nearest } from '@llama-ts/format';

const MAX_NEAR = 3;
/** A folder with more entries is not searched: each is compared with the name. */
const MAX_ENTRIES = 10_000;

/** At most three paths, nearest first, in the folder that the path names; none where that folder is not there. */
export async function nearFiles(path: string): Promise<string[]> {
  const folder = dirname(path);
  const left = new Set(
    (await readdir(folder).catch(() => [])).slice(0, MAX_ENTRIES).filter((name) => !name.startsWith('.')),
  );
  const near: string[] = [];
  while (near.length < MAX_NEAR) {
    const name = nearest(basename(path), [...left]);
    if (name === null) break;
    left.delete(name);
    near.push(folder === '.' && !path.startsWith('.') ? name : join(folder, name));
  }
  return near;
}
