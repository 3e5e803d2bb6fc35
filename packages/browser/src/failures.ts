// The failures of the store and of its downloads.

import { byteSize, quote, ToolkitError } from '@llama-ts/base';

/** The browser gives pages no files, or not this page. */
export function noStore(cause: unknown): ToolkitError {
  return new ToolkitError('STORE_FAILED', `the browser gives this page no files (${reasonOf(cause)})`, {
    suggestions: ['serve the page over https or from localhost, and open it in a window that is not private'],
    cause,
  });
}

/** A read or a write of the browser's files that failed. */
export function storeFailed(name: string, cause: unknown): ToolkitError {
  return new ToolkitError('STORE_FAILED', `${name}: the browser's files failed (${reasonOf(cause)})`, { cause });
}

/** The file does not fit beside what the browser keeps for this page. @param freeBytes null where the browser does not say */
export function storeFull(name: string, neededBytes: number, freeBytes: number | null, cause?: unknown): ToolkitError {
  const free = freeBytes === null ? 'less than that' : byteSize(Math.max(0, freeBytes));
  const message = `${name}: ${byteSize(neededBytes)} to store, and ${free} left of what the browser gives this page`;
  return new ToolkitError('DISK_FULL', message, {
    suggestions: ['remove a model that store.list() shows: store.remove(NAME)'],
    cause,
  });
}

/** A model of the store that another tab or worker is downloading. */
export function beingDownloaded(name: string): ToolkitError {
  return new ToolkitError('OUTPUT_BUSY', `${name}: is being downloaded`, {
    suggestions: ['abort the download or close the other tab, then call again: store.remove(NAME)'],
  });
}

/** A file without a trailer. */
export function noChecksums(name: string): ToolkitError {
  return new ToolkitError(
    'NO_CHECKSUMS',
    `${name}: a plain file, which holds no checksums: a download is not checked`,
    {
      suggestions: [
        'make one that holds them: llama export MODEL.bin --hf REPO_OR_DIR',
        'take it as it comes: store.fetch(URL, { unchecked: true })',
      ],
    },
  );
}

/** A tensor that was wrong twice. */
export function wrongTensor(name: string, tensor: string, byteOffset: number, byteLength: number): ToolkitError {
  const place = `bytes ${byteOffset} to ${byteOffset + byteLength - 1}`;
  return new ToolkitError('BAD_CHECKSUM', `${name}: ${tensor} (${place}) differs from its checksum, fetched twice`, {
    suggestions: ['the file on the server is damaged, upload it again and call again: store.fetch(URL)'],
  });
}

/** A file that changes faster than it is downloaded. */
export function keepsChanging(name: string): ToolkitError {
  return new ToolkitError('SOURCE_CHANGED', `${name}: changed on the server each time it was started anew`, {
    suggestions: ['wait until nothing writes to the file, then call again: store.fetch(URL)'],
  });
}

/** An address that no request can have. */
export function badAddress(url: string, cause?: unknown): ToolkitError {
  return new ToolkitError('INVALID_ARGUMENT', `${quote(url)}: expected the address of a file, http or https`, {
    cause,
  });
}

/** The reason of an error in short. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}
