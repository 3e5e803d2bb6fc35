// Compares what is read of an archive's entries with their CRC-32, as long as each is read from front to back.

import { crc32 } from '@llama-ts/base';
import { badArchive } from './failures.js';
import type { ZipEntry } from './zip-directory.js';

/** How far an entry was read without a gap. */
interface Progress {
  position: number;
  crc: number;
}

/**
 * A check of entries, which are in the order of the file: it takes note of bytes that were read, the first of them at `byteOffset` from
 * the start of the file. It throws ToolkitError `PYTORCH_ARCHIVE` at the last byte of an entry that has another CRC than the directory
 * lists.
 */
export function startCrcCheck(
  entries: readonly ZipEntry[],
  name: string,
): (byteOffset: number, bytes: Uint8Array) => void {
  const progress = new Map<ZipEntry, Progress>();
  const see = (entry: ZipEntry, at: number, bytes: Uint8Array): void => {
    if (at === 0) progress.set(entry, { position: 0, crc: 0 });
    const reading = progress.get(entry);
    if (reading === undefined || reading.position !== at) return;
    reading.crc = crc32(bytes, reading.crc);
    reading.position += bytes.byteLength;
    if (reading.position < entry.byteLength) return;
    progress.delete(entry);
    if (reading.crc === entry.crc32) return;
    const found = `entry ${JSON.stringify(entry.name)} has CRC ${hex(reading.crc)}, expected ${hex(entry.crc32)}`;
    throw badArchive(name, `${found}: the file is damaged`);
  };
  return (byteOffset, bytes) => {
    const end = byteOffset + bytes.byteLength;
    for (let i = firstEndingAfter(entries, byteOffset); i < entries.length && entries[i]!.byteOffset < end; i++) {
      const entry = entries[i]!;
      const from = Math.max(byteOffset, entry.byteOffset);
      const to = Math.min(end, entry.byteOffset + entry.byteLength);
      see(entry, from - entry.byteOffset, bytes.subarray(from - byteOffset, to - byteOffset));
    }
  };
}

/** Index of the first entry that ends after an offset. */
function firstEndingAfter(entries: readonly ZipEntry[], byteOffset: number): number {
  let low = 0;
  for (let high = entries.length; low < high; ) {
    const middle = (low + high) >>> 1;
    const { byteOffset: start, byteLength } = entries[middle]!;
    if (start + byteLength > byteOffset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
