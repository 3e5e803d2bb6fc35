// A file of the origin's private file system that appears under its name when it is whole: its bytes go to .NAME.partial, which the
// browser lets one writer open. What a closed tab leaves there, the next export of that name takes over and writes anew.

import { createSha256, freeSpace, hexOf, isToolkitError, reasonOf, ToolkitError } from '@llama-ts/base';
import type { DurableFile } from '@llama-ts/durable';
import { browser, type DirectoryHandle, type FileHandle, type SyncAccess } from './browser-api.js';
import type { OutputOptions } from './platform.js';

/** Bytes read at a time for a checksum. */
const HASH_BYTES = 1024 * 1024;

/**
 * Creates a file in the private file system. Nothing is resumed.
 *
 * @param path names with slashes between them; folders are made
 * @throws ToolkitError `INVALID_ARGUMENT`, `OUTPUT_EXISTS`, `OUTPUT_BUSY`, `DISK_FULL`, `WRITE_FAILED`
 */
export async function createPrivateFile(
  path: string,
  { force = false, expectedBytes = 0 }: OutputOptions,
): Promise<DurableFile> {
  const { folder, name } = await privateFolderOf(path, true);
  const isThere = async (): Promise<boolean> => (await fileIn(folder, name)) !== null;
  if (!force && (await isThere())) {
    throw new ToolkitError('OUTPUT_EXISTS', `${path}: exists already, expected a new file`, {
      suggestions: ['replace it: force: true'],
    });
  }
  await checkQuota(path, expectedBytes);
  const partialName = `.${name}.partial`;
  const described = async <T>(work: () => Promise<T> | T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw describeFailure(error, path);
    }
  };
  const partial = await described(() => folder.getFileHandle(partialName, { create: true }));
  const access = await described(() => openAccess(partial, path));
  let isDone = false;
  const end = async (): Promise<void> => {
    isDone = true;
    access.close();
    await folder.removeEntry(partialName).catch(() => undefined);
  };
  const writeAt = (bytes: Uint8Array, byteOffset: number) => described(() => writeAll(access, bytes, byteOffset));
  try {
    access.truncate(0);
  } catch (error) {
    await end();
    throw describeFailure(error, path);
  }
  return {
    finished: [],
    noteFinished: async () => {},
    writeAt,
    startRun(byteOffset) {
      let position = byteOffset;
      return {
        write(bytes) {
          position += bytes.byteLength;
          return writeAt(bytes, position - bytes.byteLength);
        },
        end: async () => {},
      };
    },
    hashRange: (byteOffset, byteLength, signal) => described(() => hashRange(access, byteOffset, byteLength, signal)),
    readRange: (byteOffset, byteLength) =>
      described(() => {
        const bytes = new Uint8Array(byteLength);
        const nRead = access.read(bytes, { at: byteOffset });
        if (nRead < byteLength)
          throw new Error(`ends at byte ${byteOffset + nRead}, expected ${byteOffset + byteLength}`);
        return bytes;
      }),
    commit: (byteLength) =>
      described(async () => {
        const size = access.getSize();
        if (size !== byteLength) throw new Error(`${size} bytes were written, expected ${byteLength}`);
        access.flush();
        access.close();
        isDone = true;
        try {
          if (await isThere()) await folder.removeEntry(name);
          await partial.move!(name);
        } catch (error) {
          await folder.removeEntry(partialName).catch(() => undefined);
          throw error;
        }
      }),
    async discard() {
      if (!isDone) await end();
    },
    async keep() {
      if (!isDone) await end();
      return { nFinished: 0 };
    },
  };
}

/**
 * The folder of a path in the private file system, and the last name.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` for a path with an empty name, `.` or `..`; `WRITE_FAILED` without such a file system
 */
export async function privateFolderOf(
  path: string,
  create: boolean,
): Promise<{ readonly folder: DirectoryHandle; readonly name: string }> {
  const names = path.split('/');
  const name = names.pop()!;
  if ([...names, name].some((part) => part === '' || part === '.' || part === '..')) {
    throw new ToolkitError('INVALID_ARGUMENT', `${JSON.stringify(path)}: expected names with a slash between them`, {
      suggestions: ["name a file: 'model.bin'"],
    });
  }
  const { storage } = browser.navigator;
  if (storage?.getDirectory === undefined) {
    throw new ToolkitError(
      'WRITE_FAILED',
      `${path}: this page has no private file system, expected one to write into`,
      {
        suggestions: ['serve the page by https, or from localhost'],
      },
    );
  }
  try {
    let folder = await storage.getDirectory();
    for (const part of names) folder = await folder.getDirectoryHandle(part, { create });
    return { folder, name };
  } catch (error) {
    throw describeFailure(error, path);
  }
}

/** A file of a folder; null where there is none. */
async function fileIn(folder: DirectoryHandle, name: string): Promise<FileHandle | null> {
  return folder.getFileHandle(name).catch((error: unknown) => {
    if (nameOfError(error) === 'NotFoundError') return null;
    throw error;
  });
}

async function openAccess(file: FileHandle, path: string): Promise<SyncAccess> {
  if (file.createSyncAccessHandle !== undefined) return file.createSyncAccessHandle();
  throw new ToolkitError('INVALID_ARGUMENT', `${path}: is written on a page's thread, expected a dedicated worker`, {
    suggestions: ['let a worker write it: exportInWorker(…)'],
  });
}

/** Better now than after two gigabytes. */
async function checkQuota(path: string, neededBytes: number): Promise<void> {
  const { quota, usage = 0 } = await browser.navigator.storage!.estimate();
  if (quota === undefined || quota - usage >= neededBytes) return;
  throw full(path, freeSpace(Math.max(0, quota - usage), neededBytes, ' of what the browser gives this page'));
}

function writeAll(access: SyncAccess, bytes: Uint8Array, byteOffset: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    const nWritten = access.write(bytes.subarray(done), { at: byteOffset + done });
    if (nWritten === 0) throw new Error('nothing was written');
    done += nWritten;
  }
}

function hashRange(access: SyncAccess, byteOffset: number, byteLength: number, signal?: AbortSignal): string | null {
  const hash = createSha256();
  const buffer = new Uint8Array(Math.min(HASH_BYTES, byteLength));
  for (let done = 0; done < byteLength; ) {
    signal?.throwIfAborted();
    const part = buffer.subarray(0, Math.min(buffer.byteLength, byteLength - done));
    const nRead = access.read(part, { at: byteOffset + done });
    if (nRead === 0) return null;
    hash.update(part.subarray(0, nRead));
    done += nRead;
  }
  return hexOf(hash.digest());
}

function describeFailure(error: unknown, path: string): unknown {
  if (isToolkitError(error)) return error;
  const name = nameOfError(error);
  if (name === 'AbortError') return error;
  if (name === 'QuotaExceededError') return full(path, 'the browser gives this page no more space');
  if (name === 'NoModificationAllowedError') {
    return new ToolkitError('OUTPUT_BUSY', `${path}: is being written by another tab or export`, {
      suggestions: ['wait for it, or name another file'],
      cause: error,
    });
  }
  return new ToolkitError('WRITE_FAILED', `${path}: cannot be written: ${reasonOf(error)}`, {
    suggestions: ['name another file'],
    cause: error,
  });
}

function full(path: string, found: string): ToolkitError {
  return new ToolkitError('DISK_FULL', `${path}: ${found}`, {
    suggestions: ['remove what this page keeps, or free some space on the disk'],
  });
}

function nameOfError(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
