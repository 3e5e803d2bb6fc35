// Writes a file so that its name never belongs to an incomplete file.

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { reasonOf } from '../byte-source.js';
import { writeRemedies } from '../file-remedies.js';
import { escapeControls } from '../quote.js';
import { ToolkitError } from '../toolkit-error.js';
import type { ByteSink } from './platform.js';

/** Bytes of one write: large enough to be fast, small enough to cancel soon. */
const MAX_TRANSFER_BYTES = 16 * 1024 * 1024;

/** @see Platform.writeWholeFile */
export async function writeWholeFile(path: string, writeAll: (sink: ByteSink) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`;
  let handle: FileHandle | undefined;
  const attempt = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (cause) {
      const message = `${escapeControls(path)}: cannot be written: ${reasonOf(cause)}`;
      const suggestions = writeRemedies(path, cause);
      throw new ToolkitError('FILE_UNWRITABLE', message, { suggestions, cause });
    }
  };
  try {
    // Removed, not truncated: what an earlier run left there may be a link to somewhere else.
    await attempt(() => rm(partial, { force: true }));
    handle = await attempt(() => open(partial, 'wx'));
    const file = handle;
    await writeAll({ write: (bytes) => attempt(() => writeFully(file, bytes)) });
    await attempt(() => file.close());
    await attempt(() => rename(partial, path));
  } catch (error) {
    if (handle !== undefined) {
      await handle.close().catch(() => {});
      await rm(partial, { force: true });
    }
    throw error;
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.byteLength - done, MAX_TRANSFER_BYTES));
    done += bytesWritten;
  }
}
