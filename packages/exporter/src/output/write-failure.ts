// Names failures of the file system while an output is written.

import { ToolkitError } from '@llama-ts/format';
import { errnoOf } from '../files/file-layer.js';

/** A failure in the toolkit's words; other errors, such as the reason of an abort, come back as they are. */
export function describeWriteFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof ToolkitError || !('syscall' in error)) return error;
  const code = errnoOf(error);
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
      return new ToolkitError('WRITE_FAILED', `${path}: cannot be written (${code})`, {
        suggestions: ['check the disk, or name a file on another one'],
        cause: error,
      });
  }
}
