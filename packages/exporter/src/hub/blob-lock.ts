// Lets one process at a time download a blob, while the others wait for it and then share it.
//
// Node has no flock, so a lock is a file made with O_EXCL, whose owner renews its time as long as it lives. It stands
// beside the Python client's lock, which is never removed and so says nothing by being there. The lock saves
// bandwidth; that no wrong byte is kept does not hang on it, since every owner writes to a partial file of its own.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { HubClock } from './connection.js';
import { errnoOf } from './file-layer.js';
import type { HubCache } from './hub-cache.js';
import { createOwner, isGone, retireOwner } from './process-identity.js';

const POLL_MS = 200;
const HEARTBEAT_MS = 5_000;
/** A lock that nobody renewed while we watched for this long has no owner any more. */
const STALE_MS = 60_000;

/** A lock that is held. */
export interface BlobLock {
  /** Ours, for the partial file's name. */
  readonly owner: string;
  release(): Promise<void>;
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
  const path = join(cache.locks, `${etag}.llama.lock`);
  await files.mkdir(cache.locks, { recursive: true });
  const owner = createOwner();
  try {
    let seen = { state: '', since: 0 };
    while (!(await tryCreate(cache, path, owner))) {
      const found = await readLock(cache, path);
      if (found === null) continue;
      if (seen.state === '') onWait();
      if (seen.state !== found.state) seen = { state: found.state, since: clock.now() };
      if (isGone(found.owner) || clock.now() - seen.since >= STALE_MS) {
        await breakLock(cache, path, found.owner);
        continue;
      }
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

async function tryCreate({ files }: HubCache, path: string, owner: string): Promise<boolean> {
  try {
    await files.writeFile(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Who has the lock, and a state that changes while that owner lives; null when nobody has it. */
async function readLock({ files }: HubCache, path: string): Promise<{ owner: string; state: string } | null> {
  try {
    const { mtimeMs } = await files.stat(path);
    const owner = await files.readFile(path, 'utf8');
    return { owner, state: `${owner} ${mtimeMs}` };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Removes a lock if it is still the one that was judged; a fresh one that took its place is put back. */
async function breakLock({ files }: HubCache, path: string, staleOwner: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await files.rename(path, aside);
    if ((await files.readFile(aside, 'utf8')) !== staleOwner) await files.link(aside, path);
  } catch (error) {
    // Another waiter was faster.
    if (!['ENOENT', 'EEXIST'].includes(errnoOf(error))) throw error;
  } finally {
    await files.rm(aside, { force: true });
  }
}
