// Finds a snapshot in the cache alone, without a request, and names what it lacks.

import { basename, join } from 'node:path';
import { errnoOf, ToolkitError } from '@llama-ts/base';
import { parseIndex } from '@llama-ts/safetensors';
import { safetensorsFiles, weightFilesOf } from '../checkpoint/weight-files.js';
import { chooseGguf } from './choose-gguf.js';
import { type HubCache, isAbsent, readReference, sizeOf } from './hub-cache.js';
import type { HubSnapshot, SnapshotFile } from './snapshot.js';
import { type FileChoice, isSideFile } from './wanted-files.js';

/** One of these files is needed for a tokenizer. */
const TOKENIZER_FILES = ['tokenizer.json', 'original/tokenizer.model'];

/**
 * The snapshot of a revision as it was last downloaded. Without an `include` it must have every file that an export needs;
 * with one, at least one file.
 *
 * @throws ToolkitError `HUB_OFFLINE`; ToolkitError of a damaged index
 */
export async function findSnapshot(
  cache: HubCache,
  revision: string,
  { include, file }: FileChoice,
): Promise<HubSnapshot> {
  const commit = await readReference(cache, revision);
  if (commit === null) throw notCached(cache, [`revision ${revision}`]);
  const path = join(cache.snapshots, commit);
  const present = (await listFolder(cache, path)).filter(include ?? (() => true));
  const gguf = include === undefined ? chooseGguf({ repo: cache.repo, paths: present, pattern: file }) : null;
  const wanted =
    gguf !== null
      ? {
          present: gguf.filter((name) => present.includes(name)),
          missing: gguf.filter((name) => !present.includes(name)),
        }
      : include === undefined
        ? await neededFiles(cache, commit, present)
        : { present, missing: [] };
  const missing = wanted.present.length === 0 ? ['every file asked for'] : wanted.missing;
  if (missing.length > 0) throw notCached(cache, missing);
  const files = await Promise.all(wanted.present.map((name) => describeFile(cache, path, name)));
  return { path, repo: cache.repo, commit, files };
}

/** The files that an export needs: those that the snapshot has, and those that it lacks. */
async function neededFiles(cache: HubCache, commit: string, present: readonly string[]) {
  const needed = new Set(['config.json']);
  const { single, index } = weightFilesOf(present) ?? safetensorsFiles;
  if (present.includes(index)) {
    needed.add(index);
    const bytes = await cache.files.readFile(join(cache.snapshots, commit, index));
    for (const shard of parseIndex(bytes, `${cache.repo}/${index}`).shards) needed.add(shard);
  } else {
    const others = present.filter((name) => name.endsWith('.safetensors') && !name.includes('/'));
    const weights = others.length === 0 || present.includes(single) ? [single] : others;
    for (const name of weights) needed.add(name);
  }
  const missing = [...needed].filter((name) => !present.includes(name));
  if (!TOKENIZER_FILES.some((name) => present.includes(name))) {
    for (const name of TOKENIZER_FILES) if (!(await isAbsent(cache, commit, name))) missing.push(name);
  }
  return { present: present.filter((name) => needed.has(name) || isSideFile(name)), missing };
}

/** Paths of all files below a folder, relative, with forward slashes; links without a target do not count. */
async function listFolder(cache: HubCache, folder: string, prefix = ''): Promise<string[]> {
  const paths: string[] = [];
  const entries = await cache.files.readdir(join(folder, prefix), { withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await listFolder(cache, folder, path)));
    else if ((await sizeOf(cache.files, join(folder, path))) !== null) paths.push(path);
  }
  return paths.sort();
}

async function describeFile({ files }: HubCache, folder: string, path: string): Promise<SnapshotFile> {
  const file = join(folder, path);
  const { size } = await files.stat(file);
  // A copy in place of a link does not say its digest.
  const etag = await files.readlink(file).then(basename, () => null);
  const digest = etag !== null && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag) ? etag : null;
  const sha256 = digest?.length === 64 ? digest : null;
  return { path, size, etag: digest, sha256, gitSha1: sha256 === null ? digest : null };
}

function notCached({ repo, cacheDir }: HubCache, missing: readonly string[]): ToolkitError {
  const message = `${repo}: offline, and the cache ${cacheDir} lacks ${missing.join(', ')}`;
  return new ToolkitError('HUB_OFFLINE', message, {
    suggestions: ['go online: unset HF_HUB_OFFLINE', 'if it is in another folder: export HF_HUB_CACHE=FOLDER'],
  });
}
