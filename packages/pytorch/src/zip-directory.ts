// The directory of a zip archive as torch.save writes it: entries that are stored, not compressed, in either size of zip.
//
// @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.5.3

import { type ByteSource, quote } from '@llama-ts/base';
import { badArchive, overLimit } from './failures.js';
import { MAX_DIRECTORY_BYTES, MAX_ENTRIES, MAX_ENTRY_NAME_BYTES } from './limits.js';

/** An entry of the archive. */
export interface ZipEntry {
  readonly name: string;
  /** Offset of the first byte of its data, counted from the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
  /** CRC-32 of its data. */
  readonly crc32: number;
}

/** An entry as the directory lists it, before its own header was read. */
interface ListedEntry extends Omit<ZipEntry, 'byteOffset'> {
  readonly headerOffset: number;
}

/** Where the directory is. */
interface Directory {
  readonly nEntries: number;
  readonly byteOffset: number;
  readonly byteLength: number;
  /** Where the records that end the archive begin. */
  readonly end: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const HEADER_BYTES = 46;
const LOCAL_BYTES = 30;
/** A comment ends the archive; its length takes two bytes. */
const MAX_COMMENT_BYTES = 0xffff;
const LOCATOR = 0x07064b50;
const IN_ZIP64 = 0xffffffff;
const IN_ZIP64_SHORT = 0xffff;
const ZIP64_FIELD = 1;
/** Flags of an entry: encrypted in one way or another. */
const ENCRYPTED = 0x2041;

/**
 * Reads the directory and the header of each entry, which must agree. Entries may not overlap.
 *
 * @throws ToolkitError `PYTORCH_ARCHIVE`, `LIMIT_EXCEEDED`
 */
export async function readZipDirectory(file: ByteSource, signal?: AbortSignal): Promise<Map<string, ZipEntry>> {
  const directory = await findDirectory(file, signal);
  const listed = listEntries(await file.read(directory.byteOffset, directory.byteLength, signal), directory, file.name);
  const entries = new Map<string, ZipEntry>();
  let previousEnd = 0;
  let previous = '';
  for (const entry of listed) {
    const { name, headerOffset } = entry;
    if (headerOffset < previousEnd) {
      throw badArchive(file.name, `entries ${quote(previous)} and ${quote(name)} overlap at byte ${headerOffset}`);
    }
    const byteOffset = await readLocalHeader(file, entry, directory.byteOffset, signal);
    previousEnd = byteOffset + entry.byteLength;
    previous = name;
    if (previousEnd > directory.byteOffset) {
      const found = `entry ${quote(name)} ends at byte ${previousEnd}`;
      throw badArchive(file.name, `${found}, expected the directory at byte ${directory.byteOffset} after it`);
    }
    if (entries.has(name)) throw badArchive(file.name, `two entries ${quote(name)}, expected one`);
    entries.set(name, { name, byteOffset, byteLength: entry.byteLength, crc32: entry.crc32 });
  }
  return entries;
}

async function findDirectory(file: ByteSource, signal: AbortSignal | undefined): Promise<Directory> {
  const tail = Math.min(file.byteLength, END_BYTES + MAX_COMMENT_BYTES);
  const start = file.byteLength - tail;
  const bytes = await file.read(start, tail, signal);
  const view = viewOf(bytes);
  let at = tail - END_BYTES;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === 0x06054b50 && at + END_BYTES + view.getUint16(at + 20, true) === tail)
  )
    at--;
  if (at < 0) throw badArchive(file.name, 'no record ends the zip archive, expected one: the file is cut off');
  const disks = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
  const directory = {
    nEntries: view.getUint16(at + 10, true),
    byteLength: view.getUint32(at + 12, true),
    byteOffset: view.getUint32(at + 16, true),
    end: start + at,
  };
  const is64 =
    directory.nEntries === IN_ZIP64_SHORT || directory.byteLength === IN_ZIP64 || directory.byteOffset === IN_ZIP64;
  // torch.save writes the records of zip64 always.
  const hasLocator = at >= LOCATOR_BYTES && view.getUint32(at - LOCATOR_BYTES, true) === LOCATOR;
  if (!is64 && (disks[0] !== 0 || disks[1] !== 0))
    throw badArchive(file.name, 'is one of several disks, expected one file');
  if (!is64 && !hasLocator) return checkDirectory(directory, file.name);
  const directory64 = await findDirectory64(file, directory.end, signal);
  const differs =
    (directory.nEntries !== IN_ZIP64_SHORT && directory.nEntries !== directory64.nEntries) ||
    (directory.byteLength !== IN_ZIP64 && directory.byteLength !== directory64.byteLength) ||
    (directory.byteOffset !== IN_ZIP64 && directory.byteOffset !== directory64.byteOffset);
  if (differs) throw badArchive(file.name, 'its records of 32 and of 64 bits differ, expected one directory');
  return checkDirectory(directory64, file.name);
}

async function findDirectory64(file: ByteSource, end: number, signal: AbortSignal | undefined): Promise<Directory> {
  if (end < LOCATOR_BYTES + END64_BYTES) throw badArchive(file.name, 'no zip64 record, expected one');
  const locator = viewOf(await file.read(end - LOCATOR_BYTES, LOCATOR_BYTES, signal));
  if (locator.getUint32(0, true) !== LOCATOR) throw badArchive(file.name, 'no zip64 locator, expected one');
  const byteOffset = readUint64(locator, 8, file.name);
  if (byteOffset > end - LOCATOR_BYTES - END64_BYTES) {
    throw badArchive(file.name, `zip64 record at byte ${byteOffset}, expected it before byte ${end - LOCATOR_BYTES}`);
  }
  const record = viewOf(await file.read(byteOffset, END64_BYTES, signal));
  if (record.getUint32(0, true) !== 0x06064b50) throw badArchive(file.name, `no zip64 record at byte ${byteOffset}`);
  if (record.getUint32(16, true) !== 0 || record.getUint32(20, true) !== 0) {
    throw badArchive(file.name, 'is one of several disks, expected one file');
  }
  return {
    nEntries: readUint64(record, 32, file.name),
    byteLength: readUint64(record, 40, file.name),
    byteOffset: readUint64(record, 48, file.name),
    end: byteOffset,
  };
}

function checkDirectory(directory: Directory, name: string): Directory {
  const { nEntries, byteOffset, byteLength, end } = directory;
  if (byteOffset + byteLength !== end) {
    throw badArchive(
      name,
      `directory at bytes ${byteOffset} to ${byteOffset + byteLength}, expected its end at ${end}`,
    );
  }
  if (nEntries > MAX_ENTRIES) throw overLimit(name, `${nEntries} entries, expected at most ${MAX_ENTRIES}`);
  if (byteLength > MAX_DIRECTORY_BYTES) {
    throw overLimit(name, `directory of ${byteLength} bytes, expected at most ${MAX_DIRECTORY_BYTES}`);
  }
  return directory;
}

/** The entries in the order of their data. */
function listEntries(bytes: Uint8Array, { nEntries, byteOffset }: Directory, file: string): ListedEntry[] {
  const view = viewOf(bytes);
  const listed: ListedEntry[] = [];
  let at = 0;
  for (let i = 0; i < nEntries; i++) {
    if (at + HEADER_BYTES > bytes.byteLength || view.getUint32(at, true) !== 0x02014b50) {
      throw badArchive(file, `no entry ${i} of ${nEntries} at byte ${byteOffset + at}, expected one`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const next = at + HEADER_BYTES + nameBytes! + extraBytes! + commentBytes!;
    if (next > bytes.byteLength) throw badArchive(file, `entry ${i} ends after the directory, expected it inside`);
    const extra = bytes.subarray(at + HEADER_BYTES + nameBytes!, at + HEADER_BYTES + nameBytes! + extraBytes!);
    listed.push(readEntry(bytes.subarray(at, at + HEADER_BYTES + nameBytes!), extra, file));
    at = next;
  }
  if (at !== bytes.byteLength) {
    throw badArchive(file, `directory of ${bytes.byteLength} bytes, expected the ${at} of its ${nEntries} entries`);
  }
  return listed.sort((a, b) => a.headerOffset - b.headerOffset);
}

function readEntry(header: Uint8Array, extra: Uint8Array, file: string): ListedEntry {
  const view = viewOf(header);
  const name = decodeName(header.subarray(HEADER_BYTES), file);
  const flags = view.getUint16(8, true);
  const method = view.getUint16(10, true);
  if ((flags & ENCRYPTED) !== 0) throw badArchive(file, `entry ${quote(name)} is encrypted, expected it stored`);
  if (method !== 0) {
    throw badArchive(
      file,
      `entry ${quote(name)} is compressed by method ${method}, expected it stored, as torch.save does`,
    );
  }
  const fields = [24, 20, 42].map((offset) => view.getUint32(offset, true));
  const [byteLength, stored, headerOffset] = withZip64(fields, extra, name, file);
  if (stored !== byteLength) {
    throw badArchive(file, `entry ${quote(name)} takes ${stored} bytes for ${byteLength}, expected as many`);
  }
  if (view.getUint16(34, true) !== 0) throw badArchive(file, `entry ${quote(name)} is on another disk`);
  return { name, byteLength: byteLength!, headerOffset: headerOffset!, crc32: view.getUint32(16, true) };
}

/** Sizes and offset, those that do not fit in 32 bits from the extra field of zip64, which holds them in the same order. */
function withZip64(fields: readonly number[], extra: Uint8Array, name: string, file: string): number[] {
  if (!fields.includes(IN_ZIP64)) return [...fields];
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64_FIELD && end <= extra.byteLength) {
      let next = at + 4;
      return fields.map((field) => {
        if (field !== IN_ZIP64) return field;
        if (next + 8 > end) throw badArchive(file, `entry ${quote(name)} lacks a size of 64 bits`);
        next += 8;
        return readUint64(view, next - 8, file);
      });
    }
    at = end;
  }
  throw badArchive(file, `entry ${quote(name)} lacks its sizes of 64 bits`);
}

/** Offset of the entry's data. */
async function readLocalHeader(
  file: ByteSource,
  { name, headerOffset }: ListedEntry,
  directoryOffset: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (headerOffset + LOCAL_BYTES > directoryOffset) {
    throw badArchive(file.name, `entry ${quote(name)} at byte ${headerOffset}, expected it before ${directoryOffset}`);
  }
  const length = Math.min(LOCAL_BYTES + MAX_ENTRY_NAME_BYTES, directoryOffset - headerOffset);
  const bytes = await file.read(headerOffset, length, signal);
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== 0x04034b50) {
    throw badArchive(file.name, `no header of entry ${quote(name)} at byte ${headerOffset}, expected one`);
  }
  const nameBytes = view.getUint16(26, true);
  const own =
    nameBytes > length - LOCAL_BYTES
      ? null
      : decodeName(bytes.subarray(LOCAL_BYTES, LOCAL_BYTES + nameBytes), file.name);
  if (own !== name) {
    throw badArchive(file.name, `entry ${quote(name)} has another name in its own header, expected the same`);
  }
  if (view.getUint16(8, true) !== 0 || (view.getUint16(6, true) & ENCRYPTED) !== 0) {
    throw badArchive(file.name, `entry ${quote(name)} is not stored by its own header, expected it stored`);
  }
  return headerOffset + LOCAL_BYTES + nameBytes + view.getUint16(28, true);
}

function decodeName(bytes: Uint8Array, file: string): string {
  if (bytes.byteLength === 0 || bytes.byteLength > MAX_ENTRY_NAME_BYTES) {
    throw badArchive(file, `an entry's name of ${bytes.byteLength} bytes, expected 1 to ${MAX_ENTRY_NAME_BYTES}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badArchive(file, "an entry's name is not UTF-8");
  }
}

function readUint64(view: DataView, at: number, file: string): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw badArchive(file, `a size of ${value} bytes, expected less than 2^53`);
  return value;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
