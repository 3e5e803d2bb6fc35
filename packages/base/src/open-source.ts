// Opens what holds bytes: a file by its path, a Blob, or a source that is open already.

import { platform } from '#platform';
import { type BlobLike, type ByteSource, blobSource } from './byte-source.js';
import { mountedAt, openMounted } from './mounted-folder.js';

/** A path, a Blob (a browser's File is one), or a source of bytes. */
export type Openable = string | BlobLike | ByteSource;

/**
 * Opens a regular file for reading.
 *
 * @param name for messages; default the path
 * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`
 */
export async function openFile(path: string, name: string = path): Promise<ByteSource> {
  const place = mountedAt(path);
  if (place !== null) return openMounted(place, name);
  return platform.openFile(path, name);
}

/**
 * Opens a path or a Blob. A source is taken as it is: closing what this resolves to leaves it open for its owner.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `INVALID_ARGUMENT`
 */
export async function openSource(from: Openable): Promise<ByteSource> {
  if (typeof from === 'string') return openFile(from);
  if ('readInto' in from) return { ...from, close: async () => {} };
  return blobSource(from, nameOf(from));
}

/** The name that messages use: the path, the name of a source or a File, or `Blob`. */
export function nameOf(from: Openable): string {
  if (typeof from === 'string') return from;
  return 'name' in from && typeof from.name === 'string' ? from.name : 'Blob';
}
