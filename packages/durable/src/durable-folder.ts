// Writes a folder so that its name never belongs to an incomplete one: a partial folder beside it, synced, then renamed.
//
//   .NAME.lock  whose work it is     .NAME.partial-folder  the files so far     .NAME.old-folder  what is being replaced
//
// Success and failure remove all three. A process that is killed leaves them, and the next one cleans up: what was being
// replaced gets its name back unless the new folder has it already.

import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type ErrorCode, shellQuote, ToolkitError } from '@llama-ts/base';
import { FILE_LAYER, type FileLayer, syncFolder } from './file-layer.js';
import { type LockedOutput, lostLock, openUnderLock } from './output-lock.js';
import { describeWriteFailure } from './write-failure.js';

/** A folder under way. Exactly one of `commit` and `discard` takes effect; `discard` after `commit` does nothing. */
export interface DurableFolder {
  /** Where to put the files; their writers sync each of them. */
  readonly path: string;
  /** Gives the folder its name. @throws ToolkitError `OUTPUT_EXISTS`, `OUTPUT_BUSY`, `WRITE_FAILED` and the like */
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
  /** Names that may be replaced. A folder with other names is not ours and is kept. */
  readonly ownFiles: RegExp;
  /** The file system. Default: the machine's. */
  readonly files?: FileLayer | undefined;
}

/**
 * @throws ToolkitError `OUTPUT_EXISTS`, `OUTPUT_NOT_A_FOLDER`, `OUTPUT_IS_INPUT`, `OUTPUT_HOLDS_OTHER_FILES`,
 *   `OUTPUT_FOLDER_MISSING`, `OUTPUT_BUSY`, `OUTPUT_READ_ONLY`, `DISK_FULL`, `WRITE_FAILED`
 */
export async function createDurableFolder(path: string, options: DurableFolderOptions): Promise<DurableFolder> {
  const { files = FILE_LAYER } = options;
  const target = await checkOutputFolder(path, options);
  return openUnderLock({ path, target, files }, (locked) => openDurableFolder(locked, options));
}

async function openDurableFolder(
  { path, target, files, lock }: LockedOutput,
  options: DurableFolderOptions,
): Promise<DurableFolder> {
  const partial = besideOf(target, 'partial-folder');
  await cleanUp(files, target);
  // A folder that was restored after a kill is refused or replaced like any other.
  await checkOutputFolder(path, options);
  await files.mkdir(partial);
  let isDone = false;
  return {
    path: partial,
    async commit() {
      try {
        await syncFolder(files, partial);
        // Another process may have made the folder since the first check.
        await checkOutputFolder(path, options);
        if (!(await lock.isHeld())) throw lostLock(path);
        await replaceFolder(files, partial, target);
        isDone = true;
        try {
          await syncFolder(files, dirname(target));
        } finally {
          await lock.release().catch(() => undefined);
        }
      } catch (error) {
        throw describeWriteFailure(error, path);
      }
    },
    async discard() {
      if (isDone) return;
      isDone = true;
      // Without the lock, the partial folder belongs to another process.
      if (await lock.isHeld().catch(() => false)) {
        await files.rm(partial, { recursive: true, force: true }).catch(() => undefined);
      }
      await lock.release().catch(() => undefined);
    },
  };
}

/** Path of a hidden folder beside the target. */
function besideOf(target: string, end: string): string {
  return join(dirname(target), `.${basename(target)}.${end}`);
}

/** Puts in order what a killed process left. */
async function cleanUp(files: FileLayer, target: string): Promise<void> {
  const old = besideOf(target, 'old-folder');
  if (await isThere(old)) {
    if ((await isThere(target)) || !(await isOurFolder(old))) await files.rm(old, { recursive: true, force: true });
    else await files.rename(old, target);
  }
  await files.rm(besideOf(target, 'partial-folder'), { recursive: true, force: true });
}

/** No system call swaps two folders everywhere, so the old one steps aside first and comes back on failure. */
async function replaceFolder(files: FileLayer, partial: string, target: string): Promise<void> {
  const old = besideOf(target, 'old-folder');
  const isReplaced = await isThere(target);
  if (isReplaced) await files.rename(target, old);
  try {
    await files.rename(partial, target);
  } catch (error) {
    if (isReplaced) await files.rename(old, target);
    throw error;
  }
  // The new folder has its name; what cannot be removed is left to the next run.
  if (isReplaced) await files.rm(old, { recursive: true, force: true }).catch(() => undefined);
}

/** A link counts, also one that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

/** Whether it is a folder of this user, and no link. */
async function isOurFolder(path: string): Promise<boolean> {
  const [found, parent] = await Promise.all([lstat(path), stat(dirname(path))]);
  const user = process.geteuid?.();
  return found.isDirectory() && (user === undefined || found.uid === user || found.uid === parent.uid);
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
    throw refuse('OUTPUT_EXISTS', `${path}: exists already, expected a new folder`, 'replace it: --force');
  }
  return target;
}

async function realParent(path: string): Promise<string> {
  const parent = dirname(resolve(path));
  return realpath(parent).catch((cause: unknown) => {
    throw new ToolkitError('OUTPUT_FOLDER_MISSING', `${parent}: no such folder, expected one to write ${path} into`, {
      suggestions: [`make it: mkdir -p ${shellQuote(parent)}`],
      cause,
    });
  });
}

function refuse(code: ErrorCode, message: string, suggestion: string): ToolkitError {
  return new ToolkitError(code, message, { suggestions: [suggestion] });
}
