// The journal while a download writes to it.

import { concatBytes } from '@llama-ts/base';
import {
  decodeJournal,
  encodeFacts,
  encodeRecord,
  type JournalContent,
  type JournalRecord,
  type ReceivedModel,
} from '../journal.js';
import { JOURNAL_FILE } from '../store-folder.js';
import { openSyncFile, writeAll } from './sync-file.js';

/** A journal that is open for writing. */
export interface JournalFile {
  /** What it says; null for a new or an unreadable one. */
  current(): JournalContent | null;
  /** Begins it anew. */
  begin(facts: ReceivedModel): void;
  /** Adds lines, which are on the disk when this returns. */
  append(...records: readonly JournalRecord[]): void;
  close(): void;
}

/** Opens a folder's journal. What is torn at its end is overwritten. */
export async function openJournal(folder: FileSystemDirectoryHandle): Promise<JournalFile> {
  const file = await openSyncFile(folder, JOURNAL_FILE);
  const current = (): JournalContent | null => {
    const bytes = new Uint8Array(file.getSize());
    file.read(bytes, { at: 0 });
    return decodeJournal(bytes);
  };
  let end = current()?.end ?? 0;
  if (end < file.getSize()) file.truncate(end);
  const add = (line: Uint8Array): void => {
    writeAll(file, line, end);
    file.flush();
    end += line.byteLength;
  };
  return {
    current,
    begin(facts) {
      file.truncate(0);
      end = 0;
      add(encodeFacts(facts));
    },
    append: (...records) => add(concatBytes(records.map(encodeRecord))),
    close: () => file.close(),
  };
}
