// Says who owns a lock or a partial file, and whether that owner is certainly gone.

import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

/** Owners of this thread that are at work. */
const living = new Set<string>();

const OWNER = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,10})-([0-9a-f]{8})$/;

/** A new owner, `<machine>-<pid>-<thread>-<nonce>`, alive until {@link retireOwner}. */
export function createOwner(): string {
  const owner = `${machine()}-${process.pid}-${threadId}-${randomBytes(4).toString('hex')}`;
  living.add(owner);
  return owner;
}

/** Ends what {@link createOwner} began. */
export function retireOwner(owner: string): void {
  living.delete(owner);
}

/** Whether a text has the form of an owner. */
export function isOwner(text: string): boolean {
  return OWNER.test(text);
}

/**
 * Whether an owner is gone for certain, so that what it left can be taken over. False when it may live: on another
 * machine, or with its process id in use.
 */
export function isGone(owner: string): boolean {
  const [, itsMachine, pidText, itsThread] = OWNER.exec(owner) ?? [];
  if (itsMachine !== machine()) return false;
  const pid = Number(pidText);
  // After a restart of a container, another process may have our id, and it was us.
  if (pid === process.pid) return Number(itsThread) === threadId && !living.has(owner);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** This machine, or on Linux this container: process ids mean nothing outside of their namespace. */
function machine(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there is one namespace.
  }
  return createHash('sha256').update(`${hostname()}\n${namespace}`).digest('hex').slice(0, 12);
}
