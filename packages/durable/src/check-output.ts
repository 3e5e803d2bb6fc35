// Refuses an output path that cannot or must not be written, before any work is done.

import { randomBytes } from 'node:crypto';
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type ErrorCode, errnoOf, shellQuote, ToolkitError } from '@llama-ts/base';
import { FILE_LAYER, type FileLayer } from './file-layer.js';
import { createOwnFile } from './own-file.js';
import { describeWriteFailure } from './write-failure.js';

/** Which files may be written over. */
export interface OutputOptions {
  /** Replace a file that is there. Default false. */
  readonly force?: boolean | undefined;
  /** Files that must not be written over, also not through a link. */
  readonly inputs?: readonly string[];
}

/**
 * The real path to write to, links resolved.
 *
 * @throws ToolkitError `OUTPUT_NOT_A_FILE`, `OUTPUT_IS_INPUT`, `OUTPUT_EXISTS`, `OUTPUT_READ_ONLY`, `OUTPUT_FOLDER_MISSING`,
 *   `WRITE_FAILED`
 */
export async function checkOutput(path: string, { force = false, inputs = [] }: OutputOptions): Promise<string> {
  const find = () => orAbsent(stat(path, { bigint: true }), path);
  let found = await find();
  if (found === null) {
    const target = await checkNewOutput(path);
    if (target !== null) return target;
    // Another process has given its file this name since; it may have removed it again.
    found = await find();
    if (found === null) return join(await realFolder(path), basename(path));
  }
  if (!found.isFile()) {
    const kind = found.isDirectory() ? 'a folder' : 'not a regular file';
    throw refuse(
      'OUTPUT_NOT_A_FILE',
      `${path}: is ${kind}, expected the path of a file to write`,
      found.isDirectory() ? 'name a file in it' : 'name another file',
    );
  }
  for (const input of inputs) {
    const other = await stat(input, { bigint: true }).catch(() => null);
    if (other !== null && other.dev === found.dev && other.ino === found.ino) {
      throw refuse(
        'OUTPUT_IS_INPUT',
        `${path}: is the input ${input} itself, expected another file`,
        'name another file',
      );
    }
  }
  if (!force) {
    throw refuse('OUTPUT_EXISTS', `${path}: exists already, expected a new file`, 'replace it: --force');
  }
  // The superuser passes every access check, so the mode is asked as well.
  if ((found.mode & 0o222n) === 0n) {
    throw refuse('OUTPUT_READ_ONLY', `${path}: is read-only`, `make it writable: chmod u+w ${shellQuote(path)}`);
  }
  return realpath(path);
}

/**
 * Like {@link checkOutput}, and tries whether its folder takes a file, so that work whose result could not be written does
 * not begin. Nothing is left there.
 *
 * @throws ToolkitError what checkOutput throws, `DISK_FULL`
 */
export async function checkWritable(
  path: string,
  options: OutputOptions,
  files: FileLayer = FILE_LAYER,
): Promise<string> {
  const target = await checkOutput(path, options);
  const probe = join(dirname(target), `.${randomBytes(8).toString('hex')}.probe`);
  try {
    const file = await createOwnFile(files, probe, 0o600);
    await file.close();
    await files.rm(probe, { force: true });
  } catch (error) {
    throw describeWriteFailure(error, path);
  }
  return target;
}

/**
 * A name that nothing has: not even a link, which would be replaced, or followed, depending on how it is written.
 *
 * @returns null for the name of a file
 */
async function checkNewOutput(path: string): Promise<string | null> {
  const folder = await realFolder(path);
  const found = await orAbsent(lstat(path), path);
  if (found === null) return join(folder, basename(path));
  if (!found.isSymbolicLink()) return null;
  const target = await readlink(path).catch(() => 'another file');
  throw refuse(
    'OUTPUT_NOT_A_FILE',
    `${path}: is a link to ${target}, which is not there, expected the path of a file to write`,
    `remove the link: rm ${shellQuote(path)}`,
  );
}

/** null for ENOENT. @throws ToolkitError for every other reason why a path leads nowhere */
async function orAbsent<T>(work: Promise<T>, path: string): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw describeWriteFailure(error, path);
  }
}

async function realFolder(path: string): Promise<string> {
  const folder = dirname(resolve(path));
  try {
    return await realpath(folder);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw describeWriteFailure(cause, path);
    throw new ToolkitError('OUTPUT_FOLDER_MISSING', `${folder}: no such folder, expected one to write ${path} into`, {
      suggestions: [`make it: mkdir -p ${shellQuote(dirname(path))}`],
      cause,
    });
  }
}

function refuse(code: ErrorCode, message: string, suggestion: string): ToolkitError {
  return new ToolkitError(code, message, { suggestions: [suggestion] });
}
