// Files at names that are ours: hidden files beside an output, files that grow from run to run.
//
// In a folder that others can write to, another user can put a link, a pipe or a file at such a name. No link is
// followed, no file is opened that is not certainly ours, and what is new is made under O_EXCL.

import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '@llama-ts/base';
import type { FileLayer } from './file-layer.js';

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = constants;
/** Flags that neither follow a link nor wait at a pipe. Windows has neither flag, although their types say number. */
const SAFELY =
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) | ((constants.O_NONBLOCK as number | undefined) ?? 0);
/** Attempts to remove a name that another process may create again meanwhile. */
const MAX_TRIES = 10;
const OTHERS = 0o077;

/** Something at one of our names that we must not use. It has the form of a file system's error. */
export class NotOurFileError extends Error {
  readonly code = 'EEXIST';
  readonly syscall = 'open';

  constructor(
    readonly path: string,
    /** Such as `is a link`. */
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

/** How to open a file of ours. */
export interface OpenOwnOptions {
  /** Whether the file is only read. Default false: it is read and written. */
  readonly readOnly?: boolean;
}

/**
 * Makes a file, for reading and writing. What has the name loses it, unless it is a folder; what a link leads to stays as
 * it is.
 *
 * @param mode who may read and write it, less what the umask forbids; default everybody
 * @throws NotOurFileError for a folder; errors of the file system
 */
export async function createOwnFile(files: FileLayer, path: string, mode?: number): Promise<FileHandle> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await files.open(path, O_RDWR | O_CREAT | O_EXCL | SAFELY, mode);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || attempt === MAX_TRIES) throw error;
    }
    await removeName(files, path);
  }
}

/** Opens a file that an earlier run left; null if there is none, or if it is not ours. @throws errors of the disk */
export async function openOwnFile(
  files: FileLayer,
  path: string,
  { readOnly = false }: OpenOwnOptions = {},
): Promise<FileHandle | null> {
  // Opening a device may have an effect, so its type is checked first. Flags and a second check cover changes in between.
  const found = await orNull(files.lstat(path), ['ENOENT', 'ENOTDIR']);
  if (found === null || !found.isFile()) return null;
  const opening = files.open(path, (readOnly ? O_RDONLY : O_RDWR) | SAFELY);
  const file = await orNull(opening, ['ENOENT', 'ELOOP', 'EMLINK', 'EISDIR', 'ENXIO', 'EACCES', 'EPERM']);
  if (file === null) return null;
  try {
    if ((await whyNotOurs(files, path, file)) === null) return file;
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
  return null;
}

/** Opens a file to add to its end, or makes it; one that others may read is closed to them where `mode` says so. */
export async function openOwnAppendFile(files: FileLayer, path: string, mode: number): Promise<FileHandle> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await files.open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | SAFELY, mode);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const found = await orNull(files.lstat(path), ['ENOENT']);
    if (found === null && attempt < MAX_TRIES) continue;
    if (found !== null && !found.isFile()) throw new NotOurFileError(path, kindOf(found));
    const file = await files.open(path, O_WRONLY | O_APPEND | SAFELY);
    try {
      const reason = await whyNotOurs(files, path, file);
      if (reason !== null) throw new NotOurFileError(path, reason);
      if (((await file.stat()).mode & OTHERS & ~mode) !== 0) await file.chmod(mode);
      return file;
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }
}

/** Removes whatever is at a name of ours. @throws NotOurFileError for a folder */
export async function removeName(files: FileLayer, path: string): Promise<void> {
  const found = await orNull(files.lstat(path), ['ENOENT']);
  if (found === null) return;
  if (found.isDirectory()) throw new NotOurFileError(path, kindOf(found));
  await files.rm(path, { force: true });
}

/** null for a regular file of one name, which belongs to us or to the owner of its folder. */
async function whyNotOurs(files: FileLayer, path: string, file: FileHandle): Promise<string | null> {
  const found = await file.stat();
  if (!found.isFile()) return kindOf(found);
  if (found.nlink > 1) return 'has a second name, so that another file would change with it';
  const user = process.geteuid?.();
  if (user === undefined || found.uid === user) return null;
  // On some network disks all files belong to one user, who is not the one we are.
  const { uid } = await files.stat(dirname(path));
  return found.uid === uid ? null : 'belongs to another user';
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'is a link';
  if (found.isDirectory()) return 'is a folder';
  return 'is not a regular file';
}

async function orNull<T>(work: Promise<T>, expected: readonly string[]): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (expected.includes(errnoOf(error))) return null;
    throw error;
  }
}
