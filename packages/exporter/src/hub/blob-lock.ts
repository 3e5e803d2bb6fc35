// Lets one process at a time download a blob, while the others wait for it and then share it.
//
// Node has no flock, so a lock is a file made with O_EXCL, whose owner renews its time as long as it lives. The Python
// client's lock has another name: it is never removed, so that its presence says nothing. The lock only saves bandwidth;
// no wrong byte is kept without it, since every owner writes to a partial file of its own.

import { join } from 'node:path';
import { errnoOf, shellQuote, ToolkitError } from '@llama-ts/base';
import { createOwner, isGone, makeFolder, retireOwner } from '@llama-ts/durable';
import type { HubClock } from './connection.js';
import type { HubCache } from './hub-cache.js';

/** Endings of file names. */
const LOCK = '.llama.lock';
const GUARD = '.break';
const POLL_MS = 200;
/** Times that a lock may appear and vanish before the next try waits. */
const PAUSE_AFTER = 10;
const HEARTBEAT_MS = 5_000;
/** A lock that was not renewed while we watched for this long has no owner any more. */
const STALE_MS = 60_000;
/** Failures to make a lock that does not exist after which its path must be something else, such as a dangling link. */
const MAX_VANISHED = 25;

/** A lock that is held. */
export interface BlobLock {
  /** Ours, for the partial file's name. */
  readonly owner: string;
  release(): Promise<void>;
}

interface FoundLock {
  /** The lock's owner; empty if another program made the lock. */
  readonly owner: string;
  readonly mtimeMs: number;
  /** Changes while the owner lives. */
  readonly state: string;
}

/** How to wait. */
export interface LockOptions {
  readonly clock: HubClock;
  readonly signal: AbortSignal | undefined;
  /** Called once when the lock is another's. */
  readonly onWait: () => void;
}

/** Waits for the lock of a blob and takes it. */
export async function lockBlob(cache: HubCache, etag: string, options: LockOptions): Promise<BlobLock> {
  const { clock, signal, onWait } = options;
  const { files } = cache;
  const path = join(cache.locks, `${etag}${LOCK}`);
  await makeFolder(files, cache.locks);
  const owner = createOwner();
  try {
    let seen = { state: '', since: 0 };
    let nVanished = 0;
    while (!(await tryCreate(cache, path, owner))) {
      signal?.throwIfAborted();
      const found = await readLock(cache, path);
      if (found === null) {
        if (++nVanished === MAX_VANISHED) throw noLock(path);
        // A lock that was released just now is tried again at once; one that keeps vanishing, after a pause.
        if (nVanished >= PAUSE_AFTER) await clock.sleep(POLL_MS, signal);
        continue;
      }
      nVanished = 0;
      if (seen.state === '') onWait();
      if (seen.state !== found.state) seen = { state: found.state, since: clock.now() };
      const isStale = isGone(found.owner) || clock.now() - seen.since >= STALE_MS;
      if (isStale && (await breakLock(cache, path, found.owner, owner))) continue;
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    retireOwner(owner);
    throw error;
  }
  // A missed beat only makes the lock look older; it never matters to the download itself.
  const heartbeat = setInterval(() => {
    const now = new Date();
    files.utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    owner,
    async release() {
      clearInterval(heartbeat);
      const found = await readLock(cache, path);
      if (found?.owner === owner) await files.rm(path, { force: true });
      retireOwner(owner);
    },
  };
}

function noLock(path: string): ToolkitError {
  return new ToolkitError(
    'CACHE_FAILED',
    `${path}: cannot be made as a lock, nor read as one, expected a file or nothing`,
    {
      suggestions: [`remove it: rm -r ${shellQuote(path)}`],
    },
  );
}

async function tryCreate({ files }: HubCache, path: string, owner: string): Promise<boolean> {
  try {
    await files.writeFile(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The lock's owner, and a state that changes while that owner lives; null for a free lock. */
async function readLock({ files }: HubCache, path: string): Promise<FoundLock | null> {
  try {
    const found = await files.lstat(path);
    const { mtimeMs } = found;
    // None of our processes makes a link or a pipe: it has no owner, and becomes stale.
    const owner = found.isFile() ? await files.readFile(path, 'utf8') : '';
    return { owner, mtimeMs, state: `${owner} ${mtimeMs}` };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Removes a lock if it is still the one that was found stale. In the meantime another waiter may have removed it and made a
 * new one; a guard lets one waiter at a time check again and remove.
 *
 * @returns false when another has the guard
 */
export async function breakLock(cache: HubCache, path: string, staleOwner: string, owner: string): Promise<boolean> {
  const guard = `${path}${GUARD}`;
  if (!(await tryCreate(cache, guard, owner))) {
    await removeGuardOfTheDead(cache, guard);
    return false;
  }
  try {
    if ((await readLock(cache, path))?.owner === staleOwner) await cache.files.rm(path, { force: true });
  } finally {
    await cache.files.rm(guard, { force: true });
  }
  return true;
}

/** Removes the locks, and guards of locks, of processes that were killed. */
export async function removeLocksOfTheDead(cache: HubCache): Promise<void> {
  const names = await cache.files.readdir(cache.locks);
  for (const name of names) if (name.endsWith(LOCK + GUARD)) await removeGuardOfTheDead(cache, join(cache.locks, name));
  const owner = createOwner();
  try {
    for (const name of names) {
      if (!name.endsWith(LOCK)) continue;
      const path = join(cache.locks, name);
      const found = await readLock(cache, path);
      if (found !== null && isGone(found.owner)) await breakLock(cache, path, found.owner, owner);
    }
  } finally {
    retireOwner(owner);
  }
}

async function removeGuardOfTheDead(cache: HubCache, guard: string): Promise<void> {
  const holder = await readLock(cache, guard);
  // A guard is held for moments: one that is this old was left by a process that was killed or hangs.
  if (holder === null || !(isGone(holder.owner) || Date.now() - holder.mtimeMs > STALE_MS)) return;
  await cache.files.rm(guard, { force: true });
}
