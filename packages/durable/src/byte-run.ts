// Bytes of a file that are written front to back in whole pages: what begins a page waits for the bytes that fill it, so
// that no page is written twice, and most can bypass the page cache.

import { PAGE_BYTES } from '@llama-ts/base';

/** Bytes that follow each other in a file. */
export interface ByteRun {
  /**
   * Writes the next bytes, apart from those that begin a page. Need not be awaited before the next call.
   *
   * @param bytes must not change until the promise settles
   * @throws ToolkitError `DISK_FULL`, `WRITE_FAILED`
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes what is left. @throws ToolkitError `DISK_FULL`, `WRITE_FAILED` */
  end(): Promise<void>;
}

/** Starts a run at `byteOffset`. @param writeAt writes all bytes at an offset */
export function startRun(
  writeAt: (bytes: Uint8Array, byteOffset: number) => Promise<void>,
  byteOffset: number,
): ByteRun {
  let position = byteOffset;
  /** The bytes before `position` that begin its page. */
  let begun = new Uint8Array(0);
  return {
    async write(bytes) {
      const start = position;
      position += bytes.byteLength;
      const writes: Promise<void>[] = [];
      // Bytes that complete the page in progress, or that come before the first whole page of the run.
      const headBytes = Math.min((PAGE_BYTES - (start % PAGE_BYTES)) % PAGE_BYTES, bytes.byteLength);
      if (headBytes > 0) {
        const page = joined(begun, bytes.subarray(0, headBytes));
        const isFilled = (start + headBytes) % PAGE_BYTES === 0;
        if (isFilled) writes.push(writeAt(page, start - begun.byteLength));
        begun = isFilled ? new Uint8Array(0) : page;
      }
      const wholeBytes = Math.floor((bytes.byteLength - headBytes) / PAGE_BYTES) * PAGE_BYTES;
      const end = headBytes + wholeBytes;
      if (wholeBytes > 0) writes.push(writeAt(bytes.subarray(headBytes, end), start + headBytes));
      if (end < bytes.byteLength) begun = bytes.slice(end);
      await Promise.all(writes);
    },
    async end() {
      if (begun.byteLength > 0) await writeAt(begun, position - begun.byteLength);
    },
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.byteLength + b.byteLength);
  bytes.set(a);
  bytes.set(b, a.byteLength);
  return bytes;
}
