// Refuses an output path that cannot or must not be written, before any work is done.

import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ToolkitError } from '@llama-ts/format';

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
 * @throws ToolkitError `OUTPUT_NOT_A_FILE`, `OUTPUT_IS_INPUT`, `OUTPUT_EXISTS`, `OUTPUT_READ_ONLY`, `OUTPUT_FOLDER_MISSING`
 */
export async function checkOutput(path: string, { force = false, inputs = [] }: OutputOptions): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  if (found === null) return join(await realFolder(path), basename(path));
  if (!found.isFile()) {
    const kind = found.isDirectory() ? 'a folder' : 'not a regular file';
    throw refuse('OUTPUT_NOT_A_FILE', `${path}: is ${kind}, expected the path of a file to write`, 'name a file in it');
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
    throw refuse('OUTPUT_EXISTS', `${path}: exists already, expected a new file`, 'add --force to replace it');
  }
  // The superuser passes every access check, so the mode is asked as well.
  if ((found.mode & 0o222n) === 0n) {
    throw refuse('OUTPUT_READ_ONLY', `${path}: is read-only`, `chmod u+w ${JSON.stringify(path)}`);
  }
  return realpath(path);
}

async function realFolder(path: string): Promise<string> {
  const folder = dirname(resolve(path));
  try {
    return await realpath(folder);
  } catch (cause) {
    throw new ToolkitError('OUTPUT_FOLDER_MISSING', `${folder}: no such folder, expected one to write ${path} into`, {
      suggestions: [`mkdir -p ${JSON.stringify(dirname(path))}`],
      cause,
    });
  }
}

function refuse(code: string, message: string, suggestion: string): ToolkitError {
  return new ToolkitError(code, message, { suggestions: [suggestion] });
}
