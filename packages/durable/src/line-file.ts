// A file of lines that grows under its own name and is resumed after a kill: it is always a prefix of the whole.
//
//   .NAME.lock   whose work it is     .NAME.started   what its lines follow from
//
// The end removes both. A process that is killed leaves them, and the next one with the same settings resumes.

import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ToolkitError } from '@llama-ts/base';
import { checkOutput, type OutputOptions } from './check-output.js';
import { FILE_LAYER, type FileLayer, syncFolder, writeAll } from './file-layer.js';
import { type LockedOutput, openUnderLock } from './output-lock.js';
import { createOwnFile, openOwnFile, removeName } from './own-file.js';
import { keyOf } from './resume-key.js';
import { describeWriteFailure } from './write-failure.js';

/** Longest file that can be resumed: it is read as one text. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Largest `.started`, in bytes: far above its real size. */
const MAX_STARTED_BYTES = 1024 * 1024;
/** Windows does not have it, although its type says number. */
const O_NOFOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** Options of {@link openLineFile}. */
export interface LineFileOptions extends OutputOptions {
  /** Everything that decides the lines, as JSON data in a fixed order: a run with equal data resumes the file. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Decisions by clock or chance. A resumed run takes those of the first run. */
  readonly decided: Readonly<Record<string, string>>;
  /** false starts over. Default true. */
  readonly resume?: boolean | undefined;
  /** Counts the lines, without their line ends, that are valid. The lines after them are cut off. */
  readonly countGood: (lines: readonly string[]) => number;
  /** The file system. Default: the machine's. */
  readonly files?: FileLayer | undefined;
}

/** Lines under way. Exactly one of `finish` and `leave` ends it; `leave` after `finish` does nothing. */
export interface LineFile {
  /** Decisions of this run, or of the run it resumes. */
  readonly decided: Readonly<Record<string, string>>;
  /** Lines that are there, without their ends. */
  readonly lines: readonly string[];
  /** Bytes after the valid lines that were cut off. */
  readonly nCutBytes: number;
  /** Writes lines and syncs them. @throws ToolkitError `DISK_FULL`, `WRITE_FAILED` */
  append(lines: readonly string[]): Promise<void>;
  /** The last line is there. */
  finish(): Promise<void>;
  /** Keeps the lines for a run that resumes. */
  leave(): Promise<void>;
}

/** The content of `.started`. */
interface Started {
  readonly key: string;
  readonly decided: Readonly<Record<string, string>>;
}

/**
 * Opens a file of lines: a new one, or one that a run with the same settings did not finish.
 *
 * @throws ToolkitError what {@link checkOutput} throws, `OUTPUT_BUSY`, `LIMIT_EXCEEDED`, `DISK_FULL`, `WRITE_FAILED`
 */
export async function openLineFile(path: string, options: LineFileOptions): Promise<LineFile> {
  const { files = FILE_LAYER } = options;
  // force: the existing file may be replaced or not depending on its `.started`, which is read below.
  const target = await checkOutput(path, { ...options, force: true });
  return openUnderLock({ path, target, files }, (locked) => openLocked(locked, options));
}

async function openLocked({ path, target, files, lock }: LockedOutput, options: LineFileOptions): Promise<LineFile> {
  const startedPath = join(dirname(target), `.${basename(target)}.started`);
  const key = keyOf(options.settings);
  const found = await readStarted(files, startedPath);
  const isOurs = found?.key === key && options.resume !== false;
  if (!isOurs) await checkReplaceable(files, path, target, options.force === true, found !== null);
  const decided = isOurs ? found.decided : options.decided;
  const { lines, nGoodBytes, nBytes } = isOurs ? await readLines(files, path, target, options) : NOTHING;
  if (!isOurs) await removeName(files, startedPath);
  const file = await openLines(files, target);
  let end = nGoodBytes;
  let isOver = false;

  try {
    await file.truncate(nGoodBytes);
    await file.sync();
    // After the file is empty: no moment shows another's lines as ours.
    if (!isOurs) await writeStarted(files, startedPath, { key, decided });
    await syncFolder(files, dirname(target));
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }

  async function close(): Promise<boolean> {
    const wasOver = isOver;
    isOver = true;
    if (!wasOver) await file.close();
    return !wasOver;
  }

  return {
    decided,
    lines,
    nCutBytes: nBytes - nGoodBytes,
    async append(added) {
      try {
        const bytes = Buffer.from(added.map((line) => `${line}\n`).join(''));
        await writeAll(file, bytes, end);
        end += bytes.byteLength;
        await file.datasync();
      } catch (error) {
        throw describeWriteFailure(error, path);
      }
    },
    async finish() {
      if (!(await close())) return;
      try {
        await files.rm(startedPath, { force: true });
        await syncFolder(files, dirname(target));
      } catch (error) {
        throw describeWriteFailure(error, path);
      } finally {
        await lock.release().catch(() => undefined);
      }
    },
    async leave() {
      if (!(await close().catch(() => true))) return;
      await lock.release().catch(() => undefined);
    },
  };
}

const NOTHING = { lines: [] as readonly string[], nGoodBytes: 0, nBytes: 0 };

/** An empty file loses nothing. */
async function checkReplaceable(
  files: FileLayer,
  path: string,
  target: string,
  force: boolean,
  isStarted: boolean,
): Promise<void> {
  if (force || (await sizeOf(files, target)) === 0) return;
  const found = isStarted ? 'was begun with another input, model or other settings' : 'exists already';
  throw new ToolkitError('OUTPUT_EXISTS', `${path}: ${found}, expected a new file or one to go on with`, {
    suggestions: ['replace it: --force', 'name another file'],
  });
}

/** The target's links are resolved: one that is there now was put there meanwhile. */
async function openLines(files: FileLayer, target: string): Promise<FileHandle> {
  const { O_CREAT, O_RDWR } = constants;
  return files.open(target, O_RDWR | O_CREAT | O_NOFOLLOW);
}

async function sizeOf(files: FileLayer, path: string): Promise<number> {
  try {
    return (await files.stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** After the last whole line there may be an incomplete one. */
async function readLines(files: FileLayer, path: string, target: string, { countGood }: LineFileOptions) {
  const nBytes = await sizeOf(files, target);
  if (nBytes === 0) return NOTHING;
  if (nBytes > MAX_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${nBytes} bytes, expected at most ${MAX_BYTES} to go on with`, {
      suggestions: ['divide the prompts among several files, and answer one after another'],
    });
  }
  const bytes = await files.readFile(target);
  const whole = bytes.toString('utf8').split('\n').slice(0, -1);
  const lines = whole.slice(0, countGood(whole));
  return { lines, nGoodBytes: endOfLines(bytes, lines.length), nBytes };
}

/** Where the line after the first `nLines` begins. */
function endOfLines(bytes: Buffer, nLines: number): number {
  let end = 0;
  for (let i = 0; i < nLines; i++) end = bytes.indexOf('\n', end) + 1;
  return end;
}

async function readStarted(files: FileLayer, path: string): Promise<Started | null> {
  const file = await openOwnFile(files, path, { readOnly: true });
  if (file === null) return null;
  try {
    if ((await file.stat()).size > MAX_STARTED_BYTES) return null;
    const { key, decided } = (JSON.parse(await file.readFile('utf8')) ?? {}) as Partial<Started>;
    return typeof key === 'string' && typeof decided === 'object' ? { key, decided } : null;
  } catch (error) {
    // A `.started` that a power cut left incomplete does not count: its output is still empty.
    if (error instanceof SyntaxError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

async function writeStarted(files: FileLayer, path: string, started: Started): Promise<void> {
  const file = await createOwnFile(files, path);
  try {
    await writeAll(file, Buffer.from(`${JSON.stringify(started)}\n`), 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
