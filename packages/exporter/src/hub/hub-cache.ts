// The cache as the Python client lays it out: blobs by digest, snapshots that link to them, and references.
//
// models--owner--name/blobs/<etag>                 verified content
// models--owner--name/snapshots/<commit>/<path>    → ../../blobs/<etag>
// models--owner--name/refs/<revision>              the commit
// models--owner--name/.no_exist/<commit>/<path>    empty: the commit lacks this file
//
// https://huggingface.co/docs/huggingface_hub/guides/manage-cache

import { constants } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { errnoOf } from '@llama-ts/base';
import { createOwner, type FileLayer, makeFolder, retireOwner, syncFolder } from '@llama-ts/durable';
import type { RepoFile } from './list-repo.js';
import { isCommit } from './repo-names.js';

/** Many times a commit id and a newline. */
const MAX_REFERENCE_BYTES = 256;

/** Paths of one repository's part of the cache. */
export interface HubCache {
  readonly files: FileLayer;
  readonly cacheDir: string;
  readonly repo: string;
  readonly blobs: string;
  readonly snapshots: string;
  readonly references: string;
  readonly absences: string;
  readonly locks: string;
}

/** Computes the paths; touches nothing. `repo` must be a checked id. */
export function hubCache(files: FileLayer, cacheDir: string, repo: string): HubCache {
  const name = `models--${repo.replaceAll('/', '--')}`;
  const folder = join(cacheDir, name);
  return {
    files,
    cacheDir,
    repo,
    blobs: join(folder, 'blobs'),
    snapshots: join(folder, 'snapshots'),
    references: join(folder, 'refs'),
    absences: join(folder, '.no_exist'),
    locks: join(cacheDir, '.locks', name),
  };
}

/** A file's size, or null for a path that is no file. Links are followed. */
export async function sizeOf(files: FileLayer, path: string): Promise<number | null> {
  try {
    const stats = await files.stat(path);
    return stats.isFile() ? stats.size : null;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error))) return null;
    throw error;
  }
}

/** Whether the cache has a blob. Only its length is compared: its content was checked before it got its name. */
export async function hasBlob(cache: HubCache, { etag, size }: RepoFile): Promise<boolean> {
  return (await sizeOf(cache.files, join(cache.blobs, etag))) === size;
}

/** Whether the cache has a commit's file, as a link to its blob or as a copy. */
export async function hasSnapshotFile(cache: HubCache, commit: string, { path, size }: RepoFile): Promise<boolean> {
  return (await sizeOf(cache.files, join(cache.snapshots, commit, path))) === size;
}

/** Makes `snapshots/<commit>/<path>` a relative link to a blob, or a copy of it where links cannot be made. */
export async function linkSnapshot(cache: HubCache, commit: string, path: string, etag: string): Promise<void> {
  const { files } = cache;
  const blob = join(cache.blobs, etag);
  const target = join(cache.snapshots, commit, path);
  const folder = dirname(target);
  await makeFolder(files, folder);
  await replaceFile(cache, target, async (temporary) => {
    try {
      await files.symlink(relative(folder, blob), temporary);
    } catch (error) {
      // Windows without developer mode, and file systems without links.
      if (!['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'UNKNOWN'].includes(errnoOf(error))) throw error;
      await files.copyFile(blob, temporary, constants.COPYFILE_EXCL);
      await syncFile(files, temporary);
    }
  });
}

/** Records which commit a revision is; nothing to do for commits. */
export async function writeReference(cache: HubCache, revision: string, commit: string): Promise<void> {
  if (revision === commit || (await readReference(cache, revision)) === commit) return;
  const { files } = cache;
  const target = join(cache.references, revision);
  await makeFolder(files, dirname(target));
  await replaceFile(cache, target, async (temporary) => {
    await files.writeFile(temporary, commit, { flag: 'wx' });
    await syncFile(files, temporary);
  });
}

/** The commit that a revision was when it was last downloaded, or null. */
export async function readReference(cache: HubCache, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const path = join(cache.references, revision);
  const size = await sizeOf(cache.files, path);
  if (size === null || size > MAX_REFERENCE_BYTES) return null;
  const commit = (await cache.files.readFile(path, 'utf8')).trim();
  return isCommit(commit) ? commit : null;
}

/** Records that a commit lacks a file, so that an offline run knows it. */
export async function writeAbsence(cache: HubCache, commit: string, path: string): Promise<void> {
  if (await isAbsent(cache, commit, path)) return;
  const target = join(cache.absences, commit, path);
  await makeFolder(cache.files, dirname(target));
  // The path may be a dangling link, which must not be followed.
  await cache.files.writeFile(target, '', { flag: 'wx' });
}

/** Whether {@link writeAbsence} recorded it. */
export async function isAbsent(cache: HubCache, commit: string, path: string): Promise<boolean> {
  return (await sizeOf(cache.files, join(cache.absences, commit, path))) !== null;
}

/**
 * Makes a file under a temporary name, then renames it in one step. The temporary name names its owner, so that what a killed
 * process left is recognised.
 */
async function replaceFile(cache: HubCache, target: string, make: (temporary: string) => Promise<void>) {
  const { files, blobs } = cache;
  const owner = createOwner();
  const temporary = join(blobs, `${owner}.tmp`);
  await makeFolder(files, blobs);
  try {
    await make(temporary);
    await files.rename(temporary, target);
  } catch (error) {
    await files.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    retireOwner(owner);
  }
  await syncFolder(files, dirname(target));
}

async function syncFile(files: FileLayer, path: string): Promise<void> {
  const handle = await files.open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
