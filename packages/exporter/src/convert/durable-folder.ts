// Writes a folder so that its name never stands for half of it: a partial folder beside it, synced, then renamed.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ToolkitError } from '@llama-ts/format';
import { FILE_LAYER, syncFolder } from '../files/file-layer.js';
import { describeWriteFailure } from '../output/write-failure.js';

/** A folder under way. Exactly one of `commit` and `discard` takes effect; `discard` after `commit` does nothing. */
export interface DurableFolder {
  /** Where to put the files, each synced by whoever writes it. */
  readonly path: string;
  /** Gives the folder its name. @throws ToolkitError `OUTPUT_EXISTS`, `WRITE_FAILED` and the like */
  commit(): Promise<void>;
  /** Removes the partial folder. */
  discard(): Promise<void>;
}

/** Options of {@link createDurableFolder}. */
export interface DurableFolderOptions {
  /** Replace a folder of such files. Default false. */
  readonly force?: boolean | undefined;
  /** Files the output is made from: a folder that holds one is never replaced. */
  readonly inputs: readonly string[];
  /** Names that may be replaced. A folder that holds others is none of ours. */
  readonly ownFiles: RegExp;
}

/**
 * @throws ToolkitError `OUTPUT_EXISTS`, `OUTPUT_NOT_A_FOLDER`, `OUTPUT_IS_INPUT`, `OUTPUT_HOLDS_OTHER_FILES`,
 *   `OUTPUT_FOLDER_MISSING`, `OUTPUT_READ_ONLY`, `DISK_FULL`, `WRITE_FAILED`
 */
export async function createDurableFolder(path: string, options: DurableFolderOptions): Promise<DurableFolder> {
  const target = await checkOutputFolder(path, options);
  const aside = (kind: string): string =>
    join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.${kind}`);
  const partial = aside('partial');
  await mkdir(partial).catch((error: unknown) => {
    throw describeWriteFailure(error, path);
  });
  let isDone = false;
  return {
    path: partial,
    async commit() {
      try {
        await syncFolder(FILE_LAYER, partial);
        // Something may have been put there while this one worked.
        await checkOutputFolder(path, options);
        await replaceFolder(partial, target, aside('old'));
        isDone = true;
        await syncFolder(FILE_LAYER, dirname(target));
      } catch (error) {
        throw describeWriteFailure(error, path);
      }
    },
    async discard() {
      if (isDone) return;
      isDone = true;
      await rm(partial, { recursive: true, force: true });
    },
  };
}

/** No system call swaps two folders everywhere, so the old one steps aside first and comes back on failure. */
async function replaceFolder(partial: string, target: string, old: string): Promise<void> {
  const isThere = (await stat(target).catch(() => null)) !== null;
  if (isThere) await rename(target, old);
  try {
    await rename(partial, target);
  } catch (error) {
    if (isThere) await rename(old, target);
    throw error;
  }
  if (isThere) await rm(old, { recursive: true, force: true });
}

/**
 * Refuses a folder that cannot or must not be written; returns the real path to write to, links resolved.
 *
 * @throws ToolkitError `OUTPUT_EXISTS`, `OUTPUT_NOT_A_FOLDER`, `OUTPUT_IS_INPUT`, `OUTPUT_HOLDS_OTHER_FILES`, `OUTPUT_FOLDER_MISSING`
 */
export async function checkOutputFolder(
  path: string,
  { force = false, inputs, ownFiles }: DurableFolderOptions,
): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) return join(await realParent(path), basename(resolve(path)));
  if (!found.isDirectory()) {
    throw refuse('OUTPUT_NOT_A_FOLDER', `${path}: is a file, expected the path of a folder`, 'name a new folder');
  }
  const target = await realpath(path);
  for (const input of inputs) {
    if (dirname(await realpath(input)) !== target && dirname(resolve(input)) !== target) continue;
    throw refuse('OUTPUT_IS_INPUT', `${path}: holds the input ${input}, expected another folder`, 'name a new folder');
  }
  const entries = await readdir(target, { withFileTypes: true });
  const foreign = entries.find((entry) => !entry.isFile() || !ownFiles.test(entry.name));
  if (foreign !== undefined) {
    const message = `${path}: holds ${JSON.stringify(foreign.name)}, expected a new folder or one that convert wrote`;
    throw refuse('OUTPUT_HOLDS_OTHER_FILES', message, 'name a new folder');
  }
  if (entries.length > 0 && !force) {
    throw refuse('OUTPUT_EXISTS', `${path}: exists already, expected a new folder`, 'add --force to replace it');
  }
  return target;
}

async function realParent(path: string): Promise<string> {
  const parent = dirname(resolve(path));
  return realpath(parent).catch((cause: unknown) => {
    throw new ToolkitError('OUTPUT_FOLDER_MISSING', `${parent}: no such folder, expected one to write ${path} into`, {
      suggestions: [`mkdir -p ${JSON.stringify(parent)}`],
      cause,
    });
  });
}

function refuse(code: string, message: string, suggestion: string): ToolkitError {
  return new ToolkitError(code, message, { suggestions: [suggestion] });
}
