// What the journal is to say, written now and then: a flush takes as long as some hundred kilobytes take to come.

import type { ByteRange, JournalRecord } from '../journal.js';
import type { JournalFile } from './journal-file.js';
import type { SyncAccessHandle } from './sync-file.js';

/** A closed tab loses at most what came in this time. */
const INTERVAL_MS = 200;

/** Lines for the journal. */
export interface Marks {
  /** A range that has its checksum. */
  verified(range: ByteRange): void;
  /** A range that is there and not verified. */
  received(range: ByteRange): void;
  /** Writes what is to be said, once the bytes it is said of are on the disk. */
  write(): void;
}

/** Marks of a model's file. Call `write` at the end, also of a download that failed. */
export function createMarks(model: SyncAccessHandle, journal: JournalFile): Marks {
  let verified: ByteRange[] = [];
  let received: ByteRange | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const write = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const records: JournalRecord[] = verified.map((range) => ({ verified: range }));
    if (received !== null) records.push({ received });
    if (records.length === 0) return;
    model.flush();
    journal.append(...records);
    [verified, received] = [[], null];
  };
  const writeIfPossible = (): void => {
    try {
      write();
    } catch {
      // What is to be said stays, and the write at the end fails likewise.
    }
  };
  const later = (): void => {
    timer ??= setTimeout(writeIfPossible, INTERVAL_MS);
  };
  return {
    verified(range) {
      verified.push(range);
      received = null;
      later();
    },
    received(range) {
      received = range;
      later();
    },
    write,
  };
}
