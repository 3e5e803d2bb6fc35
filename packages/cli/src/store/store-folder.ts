// Where the store is, and the errors of its disk.

import { join, resolve } from 'node:path';
import { ToolkitError } from '@llama-ts/base';
import { userFolder } from '../environment/user-folder.js';

/** Paths of a store. */
export interface StorePaths {
  readonly folder: string;
  /** `KEY.bin`: a model, by what its bytes follow from. */
  readonly files: string;
  /** `HASH.json`: which file a name means. */
  readonly names: string;
}

/** The store in LLAMA_HOME, else in the user's cache folder; touches nothing. @throws ToolkitError `STORE_FAILED` */
export function openStore(): StorePaths {
  const named = process.env.LLAMA_HOME;
  const cache = userFolder('XDG_CACHE_HOME');
  const folder = named ? resolve(named) : cache === null ? null : join(cache, 'store');
  if (folder === null) {
    throw new ToolkitError('STORE_FAILED', 'the user has no home folder, expected one to keep models in', {
      suggestions: ['keep models in a folder of your own: export LLAMA_HOME=FOLDER'],
    });
  }
  return { folder, files: join(folder, 'files'), names: join(folder, 'names') };
}
