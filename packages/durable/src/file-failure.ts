// Names what the file system says, for every place that writes: a code, what is in the way, and remedies.

import { type ErrorCode, errnoOf, isToolkitError, ToolkitError } from '@llama-ts/base';
import { NotOurFileError } from './own-file.js';

/** How a place that writes names its failures. */
export interface FailureNames {
  /** Subject of the message: what cannot be written. */
  readonly what: string;
  /** Remedies for a disk without space. */
  readonly whenFull: readonly string[];
  /** Code and remedies for what the user may not write. */
  readonly readOnly: { readonly code: ErrorCode; readonly suggestions: readonly string[] };
  /** Code and remedies for everything else. */
  readonly other: { readonly code: ErrorCode; readonly suggestions: readonly string[] };
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EDQUOT: 'no space left within the quota',
  EEXIST: 'something else has its name',
  EFBIG: 'a file of this size is not allowed',
  EIO: 'the disk fails',
  EISDIR: 'a folder is in its place',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open',
  ENODEV: 'nothing can be made there',
  ENOENT: 'a folder of its path is missing and cannot be made',
  ENOSPC: 'no space left on its disk',
  ENOTDIR: 'a file is where a folder is needed',
  ENXIO: 'nothing can be made there',
  EPERM: 'the system does not allow it',
  EROFS: 'its disk is read-only',
};

/** An error of the file system as a ToolkitError; every other error comes back as it is. */
export function describeFileFailure(error: unknown, { what, whenFull, readOnly, other }: FailureNames): unknown {
  if (!(error instanceof Error) || isToolkitError(error) || !('syscall' in error)) return error;
  const errno = errnoOf(error);
  const message = `${what}: ${failureWords(error)}`;
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ToolkitError('DISK_FULL', message, { suggestions: whenFull, cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ToolkitError(readOnly.code, message, { suggestions: readOnly.suggestions, cause: error });
    default:
      return new ToolkitError(other.code, message, { suggestions: other.suggestions, cause: error });
  }
}

/** The error of the file system in words, with its path and the name of its error number. */
function failureWords(error: Error): string {
  if (error instanceof NotOurFileError) return error.message;
  const errno = errnoOf(error);
  const { path, syscall } = error as NodeJS.ErrnoException;
  const reason = `${words[errno] ?? error.message} (${[syscall, errno].filter(Boolean).join(': ')})`;
  return path === undefined ? reason : `${path}: ${reason}`;
}
