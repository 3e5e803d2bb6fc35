// Writes a file so that its name never belongs to an incomplete one: a partial file beside it, synced, then renamed.
//
//   .NAME.lock     whose work it is     .NAME.partial  the bytes so far     .NAME.journal  the finished tensors
//
// Success and failure remove all three. A process that is killed leaves them, and the next one takes them over.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { freeSpace, ToolkitError } from '@llama-ts/base';
import { type ByteRun, startRun } from './byte-run.js';
import { checkOutput, type OutputOptions } from './check-output.js';
import { type DirectFile, openDirect } from './direct-file.js';
import { FILE_LAYER, type FileLayer, syncFolder, writeAll } from './file-layer.js';
import { type Journal, type JournalEntry, openJournal } from './journal.js';
import { type LockedOutput, lostLock, openUnderLock } from './output-lock.js';
import { createOwnFile, openOwnFile, removeName } from './own-file.js';
import { describeWriteFailure } from './write-failure.js';

/** Bytes after which what was written is sent on to the disk, so that little is left to wait for at the end. */
const FLUSH_BYTES = 64 * 1024 * 1024;
/** Bytes read at a time for a checksum. */
const HASH_BYTES = 1024 * 1024;

/** Options of {@link createDurableFile}. */
export interface DurableFileOptions extends OutputOptions {
  /** Bytes that will be written, as far as known. If the disk has less space, the file is refused at once. */
  readonly expectedBytes?: number | undefined;
  /** Write pages past the page cache where the system can: for many bytes, in blocks that lie as the file does. */
  readonly direct?: boolean | undefined;
  /** Continue what a killed process left if it had the same key: all that the file's bytes follow from. */
  readonly resumeKey?: string | undefined;
  /** Who may read and write it, less what the umask forbids; default everyone. */
  readonly mode?: number | undefined;
  /** The file system. Default: the machine's. */
  readonly files?: FileLayer | undefined;
}

/** A file under way. Exactly one of `commit` and `discard` takes effect; `discard` after `commit` does nothing. */
export interface DurableFile {
  /** Entries that a killed process recorded as finished; empty without a key. */
  readonly finished: readonly JournalEntry[];
  /** Adds to it for the next time. @throws ToolkitError `DISK_FULL`, `WRITE_FAILED` */
  noteFinished(entry: JournalEntry): Promise<void>;
  /** Writes all bytes at an offset. @throws ToolkitError `DISK_FULL`, `WRITE_FAILED` */
  writeAt(bytes: Uint8Array, byteOffset: number): Promise<void>;
  /** Starts to write bytes that follow each other, from an offset on. */
  startRun(byteOffset: number): ByteRun;
  /** sha256 of bytes written, in hex; null where the file ends before. @throws ToolkitError `WRITE_FAILED` */
  hashRange(byteOffset: number, byteLength: number, signal?: AbortSignal): Promise<string | null>;
  /**
   * Reads bytes that were written, all of them.
   *
   * @throws ToolkitError `WRITE_FAILED` where the file cannot be read or ends before
   */
  readRange(byteOffset: number, byteLength: number): Promise<Uint8Array>;
  /** Checks the length, syncs, and gives the file its name. @throws ToolkitError `DISK_FULL`, `WRITE_FAILED`, `OUTPUT_BUSY` */
  commit(byteLength: number): Promise<void>;
  /** Removes the unfinished file. */
  discard(): Promise<void>;
  /** Ends without the file under its name, and leaves what is finished for the next run, as a kill does; else discards. */
  keep(): Promise<{ readonly nFinished: number }>;
}

/**
 * Creates a file that appears under its name once it is complete.
 *
 * @throws ToolkitError `OUTPUT_NOT_A_FILE`, `OUTPUT_IS_INPUT`, `OUTPUT_EXISTS`, `OUTPUT_FOLDER_MISSING`, `OUTPUT_BUSY`,
 * `OUTPUT_READ_ONLY`, `DISK_FULL`, `WRITE_FAILED`
 */
export async function createDurableFile(path: string, options: DurableFileOptions): Promise<DurableFile> {
  const { files = FILE_LAYER } = options;
  const target = await checkOutput(path, options);
  return openUnderLock({ path, target, files }, (locked) => openDurableFile(locked, options));
}

async function openDurableFile(
  { path, target, files, lock }: LockedOutput,
  options: DurableFileOptions,
): Promise<DurableFile> {
  const { resumeKey, expectedBytes = 0 } = options;
  const beside = (end: string): string => join(dirname(target), `.${basename(target)}.${end}`);
  const [partialPath, journalPath] = [beside('partial'), beside('journal')];
  let journal: Journal | null = null;
  let opened: FileHandle | undefined;
  let direct: DirectFile | null = null;
  try {
    if (resumeKey === undefined) await removeName(files, journalPath);
    else journal = await openJournal(files, journalPath, resumeKey);
    opened = await openPartial(files, partialPath, journal !== null && journal.entries.length > 0, options.mode);
    await checkRoom(files, target, path, expectedBytes - (await opened.stat()).size);
    if (options.direct === true) direct = await openDirect(files, partialPath, opened);
  } catch (error) {
    await opened?.close().catch(() => undefined);
    await journal?.close().catch(() => undefined);
    // Work of a killed run is kept for a while if the disk has space.
    if (journal === null || journal.entries.length === 0) {
      for (const left of [partialPath, journalPath]) await files.rm(left, { force: true }).catch(() => undefined);
    }
    throw error;
  }
  const file = opened;
  let isDone = false;
  let nFinished = journal?.entries.length ?? 0;
  let unflushedBytes = 0;
  let flush: Promise<void> | null = null;
  let flushFailure: unknown = null;

  /** Starts sending on what was written, one flush at a time; a failure shows at the next write. */
  const startFlush = (): void => {
    unflushedBytes = 0;
    flush = file
      .datasync()
      .catch((error: unknown) => {
        flushFailure = error;
      })
      .finally(() => {
        flush = null;
      });
  };
  const described = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw describeWriteFailure(error, path);
    }
  };
  const removeJournal = async (): Promise<void> => {
    await journal?.close();
    await files.rm(journalPath, { force: true });
  };
  /** The next run takes over what cannot be removed; the failure that led here is the one to report. */
  const removeFiles = async (): Promise<void> => {
    // Without the lock, the partial file belongs to another process.
    if (!(await lock.isHeld().catch(() => false))) return;
    await files.rm(partialPath, { force: true }).catch(() => undefined);
    await removeJournal().catch(() => undefined);
  };

  const durable: DurableFile = {
    finished: journal?.entries ?? [],
    noteFinished: (entry) =>
      described(async () => {
        await journal?.append(entry);
        nFinished++;
      }),
    writeAt: (bytes, byteOffset) =>
      described(async () => {
        if (flushFailure !== null) throw flushFailure;
        for (const rest of (await direct?.write(bytes, byteOffset)) ?? [{ bytes, byteOffset }]) {
          await writeAll(file, rest.bytes, rest.byteOffset);
          unflushedBytes += rest.bytes.byteLength;
        }
        if (unflushedBytes >= FLUSH_BYTES && flush === null) startFlush();
      }),
    startRun: (byteOffset) => startRun(durable.writeAt, byteOffset),
    hashRange: (byteOffset, byteLength, signal) => described(() => hashRange(file, byteOffset, byteLength, signal)),
    readRange: (byteOffset, byteLength) => described(() => readRange(file, byteOffset, byteLength)),
    commit: (byteLength) =>
      described(async () => {
        await flush;
        if (flushFailure !== null) throw flushFailure;
        const { size } = await file.stat();
        if (size !== byteLength) {
          throw new ToolkitError('WRITE_FAILED', `${path}: ${size} bytes were written, expected ${byteLength}`, {
            suggestions: ['check the disk, then run the same command again'],
          });
        }
        await file.sync();
        await direct?.close();
        await file.close();
        // Another process may have made the file while this one worked, or a person removed the lock.
        await checkOutput(path, options);
        if (!(await lock.isHeld())) throw lostLock(path);
        await removeJournal();
        await files.rename(partialPath, target);
        isDone = true;
        try {
          await syncFolder(files, dirname(target));
        } finally {
          await lock.release().catch(() => undefined);
        }
      }),
    async discard() {
      if (isDone) return;
      isDone = true;
      // Names first: what is being synced may keep the disk busy for seconds. A second time for systems that keep open files.
      await removeFiles();
      await flush;
      await direct?.close().catch(() => undefined);
      await file.close().catch(() => undefined);
      await removeFiles();
      await journal?.close().catch(() => undefined);
      await lock.release().catch(() => undefined);
    },
    async keep() {
      if (isDone) return { nFinished: 0 };
      if (journal === null || nFinished === 0 || !(await lock.isHeld().catch(() => false))) {
        await durable.discard();
        return { nFinished: 0 };
      }
      isDone = true;
      await flush;
      await direct?.close().catch(() => undefined);
      await file.close().catch(() => undefined);
      await journal.close().catch(() => undefined);
      await lock.release().catch(() => undefined);
      return { nFinished };
    },
  };
  return durable;
}

async function openPartial(files: FileLayer, path: string, isResumed: boolean, mode?: number): Promise<FileHandle> {
  return (isResumed ? await openOwnFile(files, path) : null) ?? createOwnFile(files, path, mode);
}

/** Better now than after two gigabytes. */
async function checkRoom(files: FileLayer, target: string, path: string, neededBytes: number): Promise<void> {
  if (neededBytes <= 0) return;
  const { bavail, bsize } = await files.statfs(dirname(target));
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new ToolkitError('DISK_FULL', `${path}: ${freeSpace(freeBytes, neededBytes, ' on its disk')}`, {
    suggestions: ['free some space, or name a file on another disk'],
  });
}

async function readRange(file: FileHandle, byteOffset: number, byteLength: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteLength);
  for (let done = 0; done < byteLength; ) {
    const { bytesRead } = await file.read(bytes, done, byteLength - done, byteOffset + done);
    if (bytesRead === 0) throw new Error(`ends at byte ${byteOffset + done}, expected ${byteOffset + byteLength}`);
    done += bytesRead;
  }
  return bytes;
}

async function hashRange(file: FileHandle, byteOffset: number, byteLength: number, signal?: AbortSignal) {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(HASH_BYTES, byteLength));
  for (let done = 0; done < byteLength; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.byteLength, byteLength - done), byteOffset + done);
    if (bytesRead === 0) return null;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}
