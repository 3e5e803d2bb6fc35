// Random access to bytes, so that files, buffers and remote ranges are read by the same code.

import { type FileHandle, open, stat } from 'node:fs/promises';
import { shellQuote } from './shell-quote.js';
import { ToolkitError } from './toolkit-error.js';

/** Something that can be read at any offset. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly byteLength: number;
  /** Exactly `length` bytes from `byteOffset`. @throws ToolkitError `FILE_SHRANK` */
  read(byteOffset: number, length: number): Promise<Uint8Array>;
  /** Fills `into` from `byteOffset` on. @throws ToolkitError `FILE_SHRANK` */
  readInto(byteOffset: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a regular file for reading.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`
 */
export async function openFile(path: string): Promise<ByteSource> {
  const file = await openRegular(path);
  const { size } = await file.stat();
  const readInto = async (byteOffset: number, into: Uint8Array): Promise<void> => {
    for (let done = 0; done < into.byteLength; ) {
      const { bytesRead } = await file.read(into, done, into.byteLength - done, byteOffset + done).catch((cause) => {
        throw unreadable(path, `cannot be read at byte ${byteOffset + done} (${cause.code})`, cause);
      });
      if (bytesRead === 0) {
        throw new ToolkitError('FILE_SHRANK', `${path}: ends at byte ${byteOffset + done}, expected ${size} bytes`, {
          suggestions: ['wait until nothing writes to the file, then run the same command again'],
        });
      }
      done += bytesRead;
    }
  };
  return {
    name: path,
    byteLength: size,
    async read(byteOffset, length) {
      const bytes = new Uint8Array(length);
      await readInto(byteOffset, bytes);
      return bytes;
    },
    readInto,
    close: () => file.close(),
  };
}

async function openRegular(path: string): Promise<FileHandle> {
  try {
    // Before opening: opening a pipe would wait for a writer.
    if (!(await stat(path)).isFile()) throw unreadable(path, 'is not a regular file');
    return await open(path, 'r');
  } catch (cause) {
    if (cause instanceof ToolkitError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such file`, { cause });
    }
    throw unreadable(path, `cannot be opened (${code})`, cause);
  }
}

function unreadable(path: string, problem: string, cause?: unknown): ToolkitError {
  const isForbidden = (cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES';
  const suggestions = isForbidden
    ? [`let yourself read it: chmod u+r ${shellQuote(path)}`]
    : [`see what it is: ls -ld ${shellQuote(path)}`];
  return new ToolkitError('FILE_UNREADABLE', `${path}: ${problem}`, { suggestions, cause });
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  const range = (byteOffset: number, length: number): Uint8Array => {
    if (byteOffset >= 0 && byteOffset + length <= bytes.byteLength) {
      return bytes.subarray(byteOffset, byteOffset + length);
    }
    throw new ToolkitError(
      'FILE_SHRANK',
      `${name}: ends at byte ${bytes.byteLength}, expected byte ${byteOffset + length}`,
    );
  };
  return {
    name,
    byteLength: bytes.byteLength,
    read: async (byteOffset, length) => range(byteOffset, length).slice(),
    readInto: async (byteOffset, into) => into.set(range(byteOffset, into.byteLength)),
    async close() {},
  };
}
