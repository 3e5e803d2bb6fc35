// Writes a file so that its name never stands for half of it: a partial file beside it, synced, then renamed.

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ToolkitError } from '@llama-ts/format';
import { checkOutput, type OutputOptions } from './check-output.js';

/** A file under way. Exactly one of `commit` and `discard` takes effect; `discard` after `commit` does nothing. */
export interface DurableFile {
  /** Writes all bytes at an offset. @throws ToolkitError `DISK_FULL`, `WRITE_FAILED` */
  writeAt(bytes: Uint8Array, byteOffset: number): Promise<void>;
  /** Checks the length, syncs, and gives the file its name. @throws ToolkitError `DISK_FULL`, `WRITE_FAILED` */
  commit(byteLength: number): Promise<void>;
  /** Removes the partial file. */
  discard(): Promise<void>;
}

/** @throws ToolkitError what {@link checkOutput} throws, `OUTPUT_READ_ONLY`, `DISK_FULL`, `WRITE_FAILED` */
export async function createDurableFile(path: string, options: OutputOptions): Promise<DurableFile> {
  const target = await checkOutput(path, options);
  const partial = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
  const file = await open(partial, 'wx').catch((error: unknown) => {
    throw describeFailure(error, path);
  });
  let isDone = false;
  return {
    async writeAt(bytes, byteOffset) {
      await writeAll(file, bytes, byteOffset).catch((error: unknown) => {
        throw describeFailure(error, path);
      });
    },
    async commit(byteLength) {
      try {
        const { size } = await file.stat();
        if (size !== byteLength) {
          throw new ToolkitError('WRITE_FAILED', `${path}: ${size} bytes were written, expected ${byteLength}`);
        }
        await file.sync();
        await file.close();
        // Another process may have made the file while this one worked.
        await checkOutput(path, options);
        await rename(partial, target);
        isDone = true;
        await syncFolder(dirname(target));
      } catch (error) {
        throw describeFailure(error, path);
      }
    },
    async discard() {
      if (isDone) return;
      isDone = true;
      await file.close();
      await rm(partial, { force: true });
    },
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, byteOffset: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, byteOffset + done);
    done += bytesWritten;
  }
}

/** A rename is lasting once its folder is; Windows cannot open folders and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** A failure of the file system in the toolkit's words; `path` is the output it concerns. */
export function describeFailure(error: unknown, path: string): unknown {
  if (error instanceof ToolkitError) return error;
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ToolkitError('DISK_FULL', `${path}: no space left on its disk`, {
        suggestions: ['free some space, or name a file on another disk'],
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ToolkitError('OUTPUT_READ_ONLY', `${path}: its folder cannot be written (${code})`, {
        suggestions: ['name a file in a folder of your own'],
        cause: error,
      });
    default:
      return new ToolkitError('WRITE_FAILED', `${path}: cannot be written (${code})`, { cause: error });
  }
}
