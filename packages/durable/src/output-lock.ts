// The right to write a file, held by one process at a time: a link beside the target that says whose it is.
//
// A link is made with its content in one step, so that there is no lock without an owner. Where links cannot be made, a
// file serves; one killed between making and filling it leaves an empty lock, which only a person can judge.

import { basename, dirname, join } from 'node:path';
import { errnoOf, shellQuote, ToolkitError } from '@llama-ts/base';
import type { FileLayer } from './file-layer.js';
import { openOwnFile } from './own-file.js';
import { createOwner, isGone, pidOf, retireOwner } from './process-identity.js';
import { describeWriteFailure } from './write-failure.js';

const GUARD = '.break';
/** Tries to take over a lock whose owner has ended, while others try the same. */
const MAX_TRIES = 20;

/** A lock that is held. */
export interface OutputLock {
  /** Whether the lock is still ours: a user may have removed it by hand. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** A target whose lock is held. */
export interface LockedOutput {
  /** The path as the user typed it. */
  readonly path: string;
  readonly target: string;
  readonly files: FileLayer;
  readonly lock: OutputLock;
}

/**
 * Takes a target's lock and opens it; the lock is given up where that fails.
 *
 * @throws ToolkitError `OUTPUT_BUSY`, and what {@link describeWriteFailure} makes of errors
 */
export async function openUnderLock<T>(
  { path, target, files }: Omit<LockedOutput, 'lock'>,
  open: (locked: LockedOutput) => Promise<T>,
): Promise<T> {
  let lock: OutputLock | undefined;
  try {
    lock = await lockOutput(files, target, path);
    return await open({ path, target, files, lock });
  } catch (error) {
    await lock?.release().catch(() => undefined);
    throw describeWriteFailure(error, path);
  }
}

/**
 * Takes the lock of a target, also from a process that was killed.
 *
 * @param target path to write, links resolved
 * @param name of the target in messages
 * @throws ToolkitError `OUTPUT_BUSY`; errors of the file system as they are
 */
async function lockOutput(files: FileLayer, target: string, name: string): Promise<OutputLock> {
  const path = join(dirname(target), `.${basename(target)}.lock`);
  const owner = createOwner();
  try {
    for (let attempt = 0; !(await tryCreate(files, path, owner)); attempt++) {
      const holder = await readOwner(files, path);
      if (holder === null && attempt < MAX_TRIES) continue;
      if (holder === null || attempt === MAX_TRIES || !isGone(holder)) throw busy(name, path, holder ?? '');
      await breakLock(files, path, holder, owner);
    }
  } catch (error) {
    retireOwner(owner);
    throw error;
  }
  const isHeld = async (): Promise<boolean> => (await readOwner(files, path)) === owner;
  return {
    isHeld,
    async release() {
      if (await isHeld()) await files.rm(path, { force: true });
      retireOwner(owner);
    },
  };
}

async function tryCreate(files: FileLayer, path: string, owner: string): Promise<boolean> {
  try {
    await files.symlink(owner, path).catch(async (error: unknown) => {
      // Windows without developer mode, and file systems without links.
      if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'UNKNOWN'].includes(errnoOf(error))) throw error;
      await files.writeFile(path, owner, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Owner of a lock; null without a lock; the empty string for a lock that this toolkit did not make. */
async function readOwner(files: FileLayer, path: string): Promise<string | null> {
  try {
    return await files.readlink(path).catch(async (error: unknown) => {
      if (!['EINVAL', 'UNKNOWN'].includes(errnoOf(error))) throw error;
      const file = await openOwnFile(files, path, { readOnly: true });
      if (file === null) {
        await files.lstat(path);
        return '';
      }
      return file.readFile('utf8').finally(() => file.close());
    });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Removes a lock if it is still the one that was judged; a guard lets one process at a time look and remove. */
async function breakLock(files: FileLayer, path: string, judged: string, owner: string): Promise<void> {
  const guard = `${path}${GUARD}`;
  if (!(await tryCreate(files, guard, owner))) {
    const holder = await readOwner(files, guard);
    if (holder !== null && (holder === '' || isGone(holder))) await files.rm(guard, { force: true });
    return;
  }
  try {
    if ((await readOwner(files, path)) === judged) await files.rm(path, { force: true });
  } finally {
    await files.rm(guard, { force: true });
  }
}

function busy(name: string, path: string, holder: string): ToolkitError {
  const pid = pidOf(holder);
  const found = pid === null ? 'another process' : `process ${pid}`;
  return new ToolkitError('OUTPUT_BUSY', `${name}: is being written by ${found}`, {
    suggestions: [
      'wait until it is done, then run the same command again',
      `where no such process runs: ${holder === '' ? 'rm -r' : 'rm'} ${shellQuote(path)}`,
    ],
  });
}

/** The error of an output whose lock was removed before the rename. */
export function lostLock(path: string): ToolkitError {
  return new ToolkitError('OUTPUT_BUSY', `${path}: its lock is gone, expected it to stay while the file is written`, {
    suggestions: ['leave the hidden files beside it alone, then run the same command again'],
  });
}
