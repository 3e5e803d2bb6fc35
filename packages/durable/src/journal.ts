// What a killed export had finished: a line per tensor with the checksum of its bytes, beside the partial file.
//
// Nothing in it is trusted: an entry counts when the bytes in the partial file have its checksum. So neither file needs
// to be synced in any order, and after a power cut what did not reach the disk is written again.

import type { FileHandle } from 'node:fs/promises';
import { type FileLayer, writeAll } from './file-layer.js';
import { createOwnFile, openOwnFile } from './own-file.js';

/** A tensor that was written in full. */
export interface JournalEntry {
  /** Index of the tensor in the layout. */
  readonly index: number;
  /** Checksum of values and scales, in hex. */
  readonly sha256: string;
  /** Largest error of quantizing it, as its `tensor-end` event says; null for a float tensor. */
  readonly maxError: number | null;
  /** The codebook of a tensor in 4 bits, which its bytes do not hold. */
  readonly codebook?: readonly number[];
}

/** A journal, open for more entries. */
export interface Journal {
  /** Entries of an earlier run with the same key. */
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
    // The last line may be incomplete.
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
    const { index, sha256, maxError, codebook } = JSON.parse(line) as Partial<Record<keyof JournalEntry, unknown>>;
    const isError = maxError === null || (typeof maxError === 'number' && maxError >= 0);
    if (!Number.isInteger(index) || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256) || !isError)
      return null;
    const entry = { index: index as number, sha256, maxError: maxError as number | null };
    if (codebook === undefined) return entry;
    return isCodebook(codebook) ? { ...entry, codebook } : null;
  } catch {
    return null;
  }
}

function isCodebook(value: unknown): value is readonly number[] {
  const isEntry = (entry: unknown): boolean => Number.isInteger(entry) && Math.abs(entry as number) <= 127;
  return Array.isArray(value) && value.length === 16 && value.every(isEntry);
}
