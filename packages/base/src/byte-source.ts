// Random access to bytes, so that files, buffers, Blobs and remote ranges are read by the same code.

import { readRemedies } from './file-remedies.js';
import { escapeControls } from './quote.js';
import { isToolkitError, ToolkitError } from './toolkit-error.js';

/** Bytes of one read of the system: large enough to be fast, small enough to cancel soon. */
const MAX_TRANSFER_BYTES = 16 * 1024 * 1024;

/** Something that can be read at any offset: whole ranges or an error, never a short read taken for a full one. */
export interface ByteSource {
  /** Name in messages. */
  readonly name: string;
  /** Length in bytes. */
  readonly byteLength: number;
  /** Exactly `length` bytes from `byteOffset`. @throws ToolkitError `FILE_SHRANK`, `FILE_UNREADABLE` */
  read(byteOffset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Fills `target` from `byteOffset` on. @throws ToolkitError `FILE_SHRANK`, `FILE_UNREADABLE` */
  readInto(byteOffset: number, target: Uint8Array, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
  /** The file descriptor of a system's file, which native code can map. */
  readonly fd?: number | undefined;
}

/** The common part of a browser's Blob, node's `fs.openAsBlob` and the blobs of hub clients. */
export interface BlobLike {
  /** Length in bytes. */
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Functions that {@link readingSource} needs. */
export interface Reading {
  readonly name: string;
  /** Length in bytes. */
  readonly byteLength: number;
  /** Fills as much of `target` as it can, once; resolves to the number of bytes, 0 at the end. */
  readSome(byteOffset: number, target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** A source over a way to read some bytes: repeats short reads, and looks at the signal between parts of 16 MiB. */
export function readingSource({ name, byteLength, readSome, close }: Reading): ByteSource {
  const shown = escapeControls(name);
  const readInto = async (byteOffset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    for (let done = 0; done < target.byteLength; ) {
      const at = byteOffset + done;
      const part = target.subarray(done, done + MAX_TRANSFER_BYTES);
      const nBytes = await readSome(at, part).catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw isToolkitError(cause) ? cause : unreadableAt(shown, at, cause);
      });
      signal?.throwIfAborted();
      if (nBytes === 0) throw shrank(shown, at, byteLength);
      done += nBytes;
    }
  };
  return {
    name,
    byteLength,
    async read(byteOffset, length, signal) {
      const bytes = new Uint8Array(length);
      await readInto(byteOffset, bytes, signal);
      return bytes;
    },
    readInto,
    close,
  };
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  const { byteLength } = bytes;
  const range = (byteOffset: number, length: number): Uint8Array => {
    if (byteOffset < 0 || byteOffset + length > byteLength) {
      throw shrank(escapeControls(name), Math.max(0, Math.min(byteOffset, byteLength)), byteOffset + length);
    }
    return bytes.subarray(byteOffset, byteOffset + length);
  };
  return {
    name,
    byteLength,
    read: async (byteOffset, length) => range(byteOffset, length).slice(),
    readInto: async (byteOffset, target) => target.set(range(byteOffset, target.byteLength)),
    async close() {},
  };
}

/**
 * A source over a Blob, or anything like one.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` when its size is not a whole number
 */
export function blobSource(blob: BlobLike, name: string): ByteSource {
  if (!Number.isSafeInteger(blob.size) || blob.size < 0) {
    const message = `${escapeControls(name)}: Blob of size ${blob.size}, expected a number of bytes`;
    throw new ToolkitError('INVALID_ARGUMENT', message);
  }
  return readingSource({
    name,
    byteLength: blob.size,
    async readSome(byteOffset, target) {
      const buffer = await blob.slice(byteOffset, byteOffset + target.byteLength).arrayBuffer();
      target.set(new Uint8Array(buffer, 0, Math.min(buffer.byteLength, target.byteLength)));
      // A Blob gives all of a range, or its file changed.
      if (buffer.byteLength !== target.byteLength) {
        const found = `${buffer.byteLength} bytes at byte ${byteOffset}, expected ${target.byteLength}`;
        throw changed(`${escapeControls(name)}: ${found}: the file changed while it was open`);
      }
      return buffer.byteLength;
    },
    async close() {},
  });
}

/** The reason of an error in short: the system's error code if it has one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return escapeControls(String(error));
  return 'code' in error && typeof error.code === 'string' ? error.code : escapeControls(error.message);
}

function unreadableAt(name: string, byteOffset: number, cause: unknown): ToolkitError {
  return new ToolkitError('FILE_UNREADABLE', `${name}: cannot be read at byte ${byteOffset} (${reasonOf(cause)})`, {
    suggestions: ['check the disk or the connection, then run the same command again'],
    cause,
  });
}

/** The error of a file that cannot be opened. */
export function unreadable(name: string, problem: string, cause?: unknown): ToolkitError {
  const suggestions = readRemedies(name, cause);
  return new ToolkitError('FILE_UNREADABLE', `${name}: ${problem}`, { suggestions, cause });
}

function shrank(name: string, end: number, expected: number): ToolkitError {
  return changed(`${name}: ends at byte ${end}, expected ${expected} bytes`);
}

function changed(message: string): ToolkitError {
  return new ToolkitError('FILE_SHRANK', message, {
    suggestions: ['wait until nothing writes to the file, then run the same command again'],
  });
}
