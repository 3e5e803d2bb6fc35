// Writes whole pages of a file straight to its disk, past the page cache: no copy is made of them, no memory is looked for
// to hold it, and little is left to wait for when the file is synced.

import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf, PAGE_BYTES } from '@llama-ts/base';
import { type FileLayer, writeAll } from './file-layer.js';

/** Copying fewer bytes is faster than a direct write. */
const MIN_BYTES = 256 * 1024;
/** Error codes when a file system, or the address of a buffer, does not allow direct writes. */
const NOT_DIRECTLY = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ELOOP'];

/** Bytes and their place in the file. */
export interface PlacedBytes {
  readonly bytes: Uint8Array;
  readonly byteOffset: number;
}

/** A second way into a file that is open already. */
export interface DirectFile {
  /**
   * Writes the whole pages of what is given, if they are many and lie in memory as in the file: a page's first byte on a
   * multiple of PAGE_BYTES.
   *
   * @returns what is left to write in the usual way
   * @throws what the system says of the disk
   */
  write(bytes: Uint8Array, byteOffset: number): Promise<readonly PlacedBytes[]>;
  close(): Promise<void>;
}

/**
 * null where the system has no such way.
 *
 * @param opened the file at the path: whatever else has the name by now is left alone
 */
export async function openDirect(files: FileLayer, path: string, opened: FileHandle): Promise<DirectFile | null> {
  // Undefined on macOS and Windows, although its type says number.
  const flag = constants.O_DIRECT as number | undefined;
  if (flag === undefined) return null;
  const file = await unlessRefused(files.open(path, constants.O_WRONLY | constants.O_NOFOLLOW | flag));
  if (file === null) return null;
  if (await isSameFile(file, opened)) return directFile(file);
  await file.close();
  return null;
}

async function isSameFile(a: FileHandle, b: FileHandle): Promise<boolean> {
  const [one, other] = await Promise.all([a.stat({ bigint: true }), b.stat({ bigint: true })]);
  return one.dev === other.dev && one.ino === other.ino;
}

function directFile(file: FileHandle): DirectFile {
  return {
    async write(bytes, byteOffset) {
      const whole = [{ bytes, byteOffset }];
      const start = (PAGE_BYTES - (byteOffset % PAGE_BYTES)) % PAGE_BYTES;
      const end = bytes.byteLength - ((byteOffset + bytes.byteLength) % PAGE_BYTES);
      if (end - start < MIN_BYTES) return whole;
      const pages = unlessRefused(writeAll(file, bytes.subarray(start, end), byteOffset + start).then(() => true));
      if ((await pages) === null) return whole;
      const ends = [
        { bytes: bytes.subarray(0, start), byteOffset },
        { bytes: bytes.subarray(end), byteOffset: byteOffset + end },
      ];
      return ends.filter((placed) => placed.bytes.byteLength > 0);
    },
    close: () => file.close(),
  };
}

async function unlessRefused<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (NOT_DIRECTLY.includes(errnoOf(error))) return null;
    throw error;
  }
}
