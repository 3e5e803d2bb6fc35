// Random access to bytes, so that files, buffers and remote ranges are read by the same code.

import { open } from 'node:fs/promises';
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
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT'
      ? new ToolkitError('FILE_NOT_FOUND', `${path}: no such file`, { cause })
      : new ToolkitError('FILE_UNREADABLE', `${path}: cannot be opened (${cause.code})`, { cause });
  });
  const stat = await file.stat();
  if (!stat.isFile()) {
    await file.close();
    throw new ToolkitError('FILE_UNREADABLE', `${path}: is not a regular file`);
  }
  return {
    name: path,
    byteLength: stat.size,
    async read(byteOffset, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, byteOffset + done);
        if (bytesRead === 0) {
          throw new ToolkitError(
            'FILE_SHRANK',
            `${path}: ends at byte ${byteOffset + done}, expected ${stat.size} bytes`,
            { suggestions: ['wait until nothing writes to the file, and run the same command again'] },
          );
        }
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
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
