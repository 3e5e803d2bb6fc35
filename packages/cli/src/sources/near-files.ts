// What a mistyped path most likely meant: names in its folder, or a look at the folder.

import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { nearest, shellWord } from '@llama-ts/base';
import { retyped } from '../failure/retyped.js';

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
    const name = nearestName(basename(path), [...left]);
    if (name === null) break;
    left.delete(name);
    near.push(folder === '.' && !path.startsWith('.') ? name : join(folder, name));
  }
  return near;
}

/** The name that is nearest without its ending; of equally near ones, that with the same ending. */
function nearestName(name: string, names: readonly string[]): string | null {
  const ending = extname(name);
  const byEnding = names.toSorted((a, b) => Number(extname(b) === ending) - Number(extname(a) === ending));
  const stem = nearest(stemOf(name), byEnding.map(stemOf));
  return byEnding.find((other) => stemOf(other) === stem) ?? null;
}

function stemOf(name: string): string {
  return basename(name, extname(name));
}

/**
 * Suggestions for a path that is not there: the command with names that are nearly it, else the command's own, else the
 * listing of the folder.
 */
export async function nearSuggestions(path: string, own: readonly string[] = []): Promise<readonly string[]> {
  const near = (await nearFiles(path)).map((name) => retyped(path, name) ?? shellWord(name));
  if (near.length > 0) return near;
  return own.length > 0 ? own : [`ls ${shellWord(await filledFolder(dirname(path)))}`];
}

/** The last folder of a path that is there and holds something. */
async function filledFolder(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const isFilled = names.some((name) => !name.startsWith('.'));
  return isFilled || folder === dirname(folder) ? folder : filledFolder(dirname(folder));
}
