// The file calls that the cache and the outputs are built on, in one place so that tests can make each of them fail.

import type { FileHandle } from 'node:fs/promises';
import * as nodeFiles from 'node:fs/promises';
import { errnoOf } from '@llama-ts/base';

/** The part of `node:fs/promises` in use. */
export type FileLayer = Pick<
  typeof nodeFiles,
  | 'copyFile'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'readlink'
  | 'rename'
  | 'rm'
  | 'stat'
  | 'statfs'
  | 'symlink'
  | 'utimes'
  | 'writeFile'
>;

/** The machine's own files. */
export const FILE_LAYER: FileLayer = nodeFiles;

/** A rename is lasting once its folder is; Windows cannot open folders and needs no such thing. */
export async function syncFolder(files: FileLayer, folder: string): Promise<void> {
  const handle = await files.open(folder, 'r').catch((error: unknown) => {
    if (['EISDIR', 'EPERM', 'EACCES'].includes(errnoOf(error))) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP'].includes(errnoOf(error))) throw error;
  } finally {
    await handle.close();
  }
}

/** Writes all bytes at an offset, however few the system takes at a time. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, byteOffset: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, byteOffset + done);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO', syscall: 'write' });
    done += bytesWritten;
  }
}
