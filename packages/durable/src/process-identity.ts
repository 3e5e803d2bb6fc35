// Identifies the owner of a lock or a partial file, and whether that process has certainly ended.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

/** Owners of this thread that are at work. */
const living = new Set<string>();

const OWNER = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-(\d{1,10})-([0-9a-f]{8})$/;
/** Stands for a start time that the system does not tell. */
const UNKNOWN_START = '0';

/** A new owner, `<machine>-<pid>-<start time>-<thread>-<nonce>`, alive until {@link retireOwner}. */
export function createOwner(): string {
  const nonce = randomBytes(4).toString('hex');
  const owner = `${machine()}-${process.pid}-${startTime('self')}-${threadId}-${nonce}`;
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

/** The process id in an owner; null if the text is no owner. */
export function pidOf(owner: string): number | null {
  const pid = OWNER.exec(owner)?.[2];
  return pid === undefined ? null : Number(pid);
}

/**
 * Whether an owner has certainly ended, so that its files can be taken over. False when it may live: on another
 * machine, or with its process id in use by a process that started when it did.
 */
export function isGone(owner: string): boolean {
  const [, itsMachine, pidText, itsStart, itsThread] = OWNER.exec(owner) ?? [];
  if (itsMachine !== machine()) return false;
  const pid = Number(pidText);
  // After a restart of a container, another process may have our id, and it was us.
  if (pid === process.pid && Number(itsThread) === threadId) return !living.has(owner);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  // Process ids are given anew, within minutes on a busy machine.
  const start = startTime(pidText!);
  return itsStart !== UNKNOWN_START && start !== UNKNOWN_START && start !== itsStart;
}

/** When a process started, in ticks since the machine did; known on Linux only. @see proc(5), field 22 of stat */
function startTime(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? UNKNOWN_START;
  } catch {
    return UNKNOWN_START;
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
