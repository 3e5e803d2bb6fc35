// The file calls that the cache is built on, in one place so that tests can make each of them fail.

import * as nodeFiles from 'node:fs/promises';
import { ToolkitError } from '@llama-ts/format';

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

/** The error number's name, or the empty string. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? '';
}

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

/** Names a failure of the file system; hands back every other error. */
export function describeFileFailure(error: unknown, cacheDir: string): unknown {
  if (!(error instanceof Error) || error instanceof ToolkitError || !('syscall' in error)) return error;
  const code = errnoOf(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ToolkitError('DISK_FULL', `${cacheDir}: no space left on its disk`, {
        suggestions: [
          'free some space and run the same command again; it continues',
          'export HF_HUB_CACHE=/another/disk',
        ],
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ToolkitError('CACHE_READ_ONLY', `${cacheDir}: the hub cache cannot be written (${code})`, {
        suggestions: ['export HF_HUB_CACHE=/a/folder/of/yours'],
        cause: error,
      });
    default:
      return new ToolkitError('CACHE_FAILED', `${cacheDir}: the hub cache failed: ${error.message}`, {
        suggestions: ['check the disk', 'export HF_HUB_CACHE=/another/disk'],
        cause: error,
      });
  }
}
