// Random access to bytes, so that files, buffers and remote ranges are read by the same code.

import { type FileHandle, open, stat } from 'node:fs/promises';
import { ToolkitError } from './toolkit-error.js';

/** Something that can be read at any offset. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly byteLength: number;
  /** Exactly `length` bytes from `byteOffset`. @throws ToolkitError `FILE_SHRANK` */
  read(byteOffset: number, length: number): Promise<Uint8Array>;
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
  return {
    name: path,
    byteLength: size,
    async read(byteOffset, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, byteOffset + done).catch((cause) => {
          throw unreadable(path, `cannot be read at byte ${byteOffset + done} (${cause.code})`, cause);
        });
        if (bytesRead === 0) {
          throw new ToolkitError('FILE_SHRANK', `${path}: ends at byte ${byteOffset + done}, expected ${size} bytes`, {
            suggestions: ['wait until nothing writes to the file, and run the same command again'],
          });
        }
        done += bytesRead;
      }
      return bytes;
    },
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
    if (code === 'ENOENT') throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such file`, { cause });
    throw unreadable(path, `cannot be opened (${code})`, cause);
  }
}

function unreadable(path: string, problem: string, cause?: unknown): ToolkitError {
  const suggestions = [`ls -l ${JSON.stringify(path)}`];
  return new ToolkitError('FILE_UNREADABLE', `${path}: ${problem}`, { suggestions, cause });
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    byteLength: bytes.byteLength,
    async read(byteOffset, length) {
      if (byteOffset < 0 || byteOffset + length > bytes.byteLength) {
        throw new ToolkitError(
          'FILE_SHRANK',
          `${name}: ends at byte ${bytes.byteLength}, expected byte ${byteOffset + length}`,
        );
      }
      return bytes.slice(byteOffset, byteOffset + length);
    },
    async close() {},
  };
}
