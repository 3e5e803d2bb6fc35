// What a killed export had finished: a line per tensor with the checksum of its bytes, beside the partial file.
//
// Nothing in it is trusted: an entry counts when the bytes in the partial file have its checksum. So neither file needs
// to be synced in any order, and after a power cut what did not reach the disk is written again.

import type { FileHandle } from 'node:fs/promises';
import { type FileLayer, writeAll } from '../files/file-layer.js';
import { createOwnFile, openOwnFile } from '../files/own-file.js';

/** A tensor that was written in full. */
export interface JournalEntry {
  /** In the layout. */
  readonly index: number;
  /** Of values and scales, in hex. */
  readonly sha256: string;
  /** As in the event of its end. */
  readonly maxError: number | null;
}

/** A journal, open for more entries. */
export interface Journal {
  /** Of an earlier run with the same key. */
  readonly entries: readonly JournalEntry[];
  append(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/** Longest journal that is read: a line has about 120 bytes, and a model under 100,000 tensors. */
const MAX_JOURNAL_BYTES = 16 * 1024 * 1024;

/**
 * Opens a journal; one of another key, or a damaged one, is started over.
 *
 * @param key names source, settings and program: what the bytes of the output follow from
 */
export async function openJournal(files: FileLayer, path: string, key: string): Promise<Journal> {
  const found = await openOwnFile(files, path);
  const file = found ?? (await createOwnFile(files, path));
  let entries: readonly JournalEntry[] = [];
  let end = 0;
  const write = async (line: unknown): Promise<void> => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    await writeAll(file, bytes, end);
    end += bytes.byteLength;
  };
  try {
    const { byteLength, ...read } = await readJournal(file, key);
    ({ entries } = read);
    end = byteLength;
    // After the last whole line may be half of one.
    await file.truncate(byteLength);
    if (byteLength === 0) await write({ key });
  } catch (error) {
    await file.close();
    throw error;
  }
  return { entries, append: write, close: () => file.close() };
}

async function readJournal(file: FileHandle, key: string): Promise<{ entries: JournalEntry[]; byteLength: number }> {
  const nothing = { entries: [], byteLength: 0 };
  const { size } = await file.stat();
  if (size > MAX_JOURNAL_BYTES) return nothing;
  const text = await file.readFile('latin1');
  const [first, ...lines] = text.split('\n');
  if (first !== JSON.stringify({ key })) return nothing;
  const entries: JournalEntry[] = [];
  let byteLength = first.length + 1;
  if (text.length < byteLength) return nothing;
  for (const line of lines.slice(0, -1)) {
    const entry = parseEntry(line);
    if (entry === null) break;
    entries.push(entry);
    byteLength += line.length + 1;
  }
  return { entries, byteLength };
}

function parseEntry(line: string): JournalEntry | null {
  try {
    const { index, sha256, maxError } = JSON.parse(line) as Partial<Record<keyof JournalEntry, unknown>>;
    const isError = maxError === null || (typeof maxError === 'number' && maxError >= 0);
    if (!Number.isInteger(index) || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256) || !isError)
      return null;
    return { index: index as number, sha256, maxError };
  } catch {
    return null;
  }
}
