// Folders whose files are Blobs or sources of bytes: what a page was handed, or what stays at a server. A mounted folder has a path,
// by which everything that reads folders reads it, on every platform.

import { type BlobLike, type ByteSource, blobSource } from './byte-source.js';
import type { FolderEntry, PathStatus } from './platform/platform.js';
import { ToolkitError } from './toolkit-error.js';

/** No file system has paths that begin so. */
const PREFIX = 'mounted:';

/** A file of a mounted folder. A source stays open for its owner. */
export type MountedFile = BlobLike | ByteSource;

/** A folder under a path of its own. */
export interface MountedFolder {
  /** Its last name is the one that was given. */
  readonly path: string;
  /** Ends it: nothing is at the path then. */
  unmount(): void;
}

type Files = ReadonlyMap<string, MountedFile>;

/** What is at a path below a mounted folder. */
interface Place {
  readonly files: Files;
  /** Path in the folder; empty for the folder itself. */
  readonly inner: string;
}

const mounted = new Map<string, Files>();
let nMounted = 0;

/**
 * Gives files a path, under which they are read as a folder of this machine is.
 *
 * @param name the folder's name, of one part
 * @param files by their paths in the folder, with forward slashes
 * @throws ToolkitError `INVALID_ARGUMENT` for a name that is a path
 * @example
 * const { path, unmount } = mountFolder('Llama-3.2-1B', new Map([...input.files].map((file) => [file.name, file])));
 */
export function mountFolder(name: string, files: ReadonlyMap<string, MountedFile>): MountedFolder {
  if (name === '' || name === '.' || name === '..' || /[\\/]/.test(name)) {
    throw new ToolkitError('INVALID_ARGUMENT', `folder ${JSON.stringify(name)}: expected a name of one part`);
  }
  const path = `${PREFIX}${++nMounted}/${name}`;
  mounted.set(path, files);
  return { path, unmount: () => void mounted.delete(path) };
}

/** What is mounted at a path; null for a path of the system's. A path that was mounted once has no files. */
export function mountedAt(path: string): Place | null {
  if (!path.startsWith(PREFIX)) return null;
  const [number, name, ...inner] = path.replaceAll('\\', '/').split('/');
  return { files: mounted.get(`${number}/${name}`) ?? new Map(), inner: inner.filter((part) => part !== '').join('/') };
}

/** @throws ToolkitError `FILE_NOT_FOUND`; `INVALID_ARGUMENT` for a Blob without a size */
export function openMounted({ files, inner }: Place, name: string): ByteSource {
  const file = files.get(inner);
  if (file === undefined) throw new ToolkitError('FILE_NOT_FOUND', `${name}: no such file`);
  // The reader closes what it opens, which is the owner's.
  return 'readInto' in file ? { ...file, name, close: async () => {} } : blobSource(file, name);
}

/** @throws Error with the code `ENOENT` where nothing is */
export function mountedStatus({ files, inner }: Place): PathStatus {
  const file = files.get(inner);
  if (file !== undefined) {
    const size = 'readInto' in file ? file.byteLength : file.size;
    return { size, isFolder: false, isFile: true, changed: changeOf(file) };
  }
  if (entriesIn({ files, inner }).length === 0) {
    throw Object.assign(new Error(`${inner}: no such file`), { code: 'ENOENT' });
  }
  return { size: 0, isFolder: true, isFile: false, changed: '' };
}

/** What is in a folder; empty for one that is not there. */
export function entriesIn({ files, inner }: Place): readonly FolderEntry[] {
  const start = inner === '' ? '' : `${inner}/`;
  const entries = new Map<string, FolderEntry>();
  for (const path of files.keys()) {
    if (!path.startsWith(start)) continue;
    const [name, ...below] = path.slice(start.length).split('/');
    entries.set(name!, { name: name!, isFolder: below.length > 0 });
  }
  return [...entries.values()];
}

/** The time of a File's last change; a Blob and a source do not change. */
function changeOf(file: MountedFile): string {
  return 'lastModified' in file ? String(file.lastModified) : '';
}
