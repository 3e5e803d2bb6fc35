// Reads ranges of bytes from a file or a Blob: whole ranges or an error, never a short read taken for a full one.

import { type FileHandle, open, stat } from 'node:fs/promises';
import { MAX_TRANSFER_BYTES } from './limits.js';
import { escapeControls } from './quote.js';
import { SafetensorsError } from './safetensors-error.js';
import { readRemedies } from './shell-quote.js';

/** What a browser's Blob, node's `fs.openAsBlob` and the blobs of hub clients have in common. */
export interface BlobLike {
  /** Bytes. */
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Random access to bytes of a known number. */
export interface ByteSource {
  readonly byteLength: number;
  /** Fills `target` from `byteOffset` on. The range lies within the source. */
  readInto(target: Uint8Array, byteOffset: number, signal: AbortSignal | undefined): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file for positional reads.
 *
 * @throws FILE_UNREADABLE
 */
export async function openFileSource(path: string, name: string): Promise<ByteSource> {
  const file = escapeControls(name);
  let handle: FileHandle | undefined;
  try {
    // Before opening: opening a pipe would wait for a writer.
    const found = await stat(path);
    if (!found.isFile()) {
      const remedies = found.isDirectory() ? [`open the folder: openSafetensorsFolder(${JSON.stringify(path)})`] : [];
      throw unreadable(file, 'not a regular file', remedies);
    }
    handle = await open(path, 'r');
    return fileSource(handle, (await handle.stat()).size, file);
  } catch (error) {
    await handle?.close();
    if (error instanceof SafetensorsError) throw error;
    throw unreadable(file, reasonOf(error), readRemedies(path, error), error);
  }
}

function fileSource(handle: FileHandle, byteLength: number, file: string): ByteSource {
  const readPart = async (target: Uint8Array, byteOffset: number) => {
    let done = 0;
    while (done < target.byteLength) {
      const { bytesRead } = await handle.read(target, done, target.byteLength - done, byteOffset + done);
      if (bytesRead === 0) throw shortRead(file, done, target.byteLength, byteOffset);
      done += bytesRead;
    }
  };
  return { byteLength, readInto: inParts(readPart, file), close: () => handle.close() };
}

/**
 * Wraps a Blob.
 *
 * @throws INVALID_ARGUMENT when its size is not a whole number
 */
export function blobSource(blob: BlobLike, name: string): ByteSource {
  const file = escapeControls(name);
  if (!Number.isSafeInteger(blob.size) || blob.size < 0) {
    throw new SafetensorsError('INVALID_ARGUMENT', `${file}: Blob of size ${blob.size}, expected a number of bytes`);
  }
  const readPart = async (target: Uint8Array, byteOffset: number) => {
    const buffer = await blob.slice(byteOffset, byteOffset + target.byteLength).arrayBuffer();
    if (buffer.byteLength !== target.byteLength)
      throw shortRead(file, buffer.byteLength, target.byteLength, byteOffset);
    target.set(new Uint8Array(buffer));
  };
  return { byteLength: blob.size, readInto: inParts(readPart, file), close: async () => {} };
}

type ReadPart = (target: Uint8Array, byteOffset: number) => Promise<void>;

/** Splits a read so that the signal is looked at between parts, and gives foreign errors the package's shape. */
function inParts(readPart: ReadPart, file: string): ByteSource['readInto'] {
  return async (target, byteOffset, signal) => {
    signal?.throwIfAborted();
    for (let start = 0; start < target.byteLength; start += MAX_TRANSFER_BYTES) {
      const part = target.subarray(start, start + MAX_TRANSFER_BYTES);
      try {
        await readPart(part, byteOffset + start);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof Error && 'suggestions' in error) throw error;
        const what = `reading ${part.byteLength} bytes at byte ${byteOffset + start}: ${reasonOf(error)}`;
        throw unreadable(file, what, ['check the disk or the connection, then run the same command again'], error);
      }
      signal?.throwIfAborted();
    }
  };
}

function shortRead(file: string, got: number, wanted: number, byteOffset: number): SafetensorsError {
  return new SafetensorsError(
    'SAFETENSORS_TRUNCATED',
    `${file}: ${got} bytes at byte ${byteOffset}, expected ${wanted}: the file changed while it was open`,
    { suggestions: ['wait until nothing writes to the file, then run the same command again'] },
  );
}

/** What went wrong, in short: the system's code where there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return escapeControls(String(error));
  return 'code' in error && typeof error.code === 'string' ? error.code : escapeControls(error.message);
}

function unreadable(file: string, problem: string, suggestions: string[], cause?: unknown): SafetensorsError {
  return new SafetensorsError('FILE_UNREADABLE', `${file}: cannot be read: ${problem}`, {
    suggestions,
    cause,
  });
}
