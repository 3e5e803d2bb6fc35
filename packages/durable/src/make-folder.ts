// Makes folders, a call for each that is missing.

import { dirname, resolve } from 'node:path';
import { errnoOf } from '@llama-ts/base';
import type { FileLayer } from './file-layer.js';

/**
 * Makes a folder and the folders above it that are missing; one that is there already is left as it is.
 *
 * Node's recursive mkdir tries for ever, deaf to signals, where the system says ENOENT to a name whose folder is there, as
 * in /proc. Here every folder is tried once.
 *
 * @param mode of the folders that are made, less what the umask forbids; default everybody
 * @throws errors of the file system as they are
 */
export async function makeFolder(files: FileLayer, path: string, mode?: number): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isFolder(files, at)); at = dirname(at)) {
    missing.unshift(at);
    if (dirname(at) === at) break;
  }
  for (const folder of missing) {
    try {
      await files.mkdir(folder, mode);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (errnoOf(error) !== 'EEXIST' || !(await isFolder(files, folder))) throw error;
    }
  }
}

/** @throws ENOTDIR, ELOOP, EACCES and the like; a link that leads nowhere is no folder */
async function isFolder(files: FileLayer, path: string): Promise<boolean> {
  try {
    const found = await files.stat(path);
    if (found.isDirectory()) return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), {
    code: 'ENOTDIR',
    syscall: 'mkdir',
    path,
  });
}
