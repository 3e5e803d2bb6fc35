// What paths name: the files and folders of a system, and mounted ones. A browser has no others, and refuses their paths.

import { platform } from '#platform';
import { entriesIn, mountedAt, mountedStatus, openMounted } from './mounted-folder.js';
import type { FolderEntry, PathStatus } from './platform/platform.js';

/** Kind and size of what is at a path or of what its link leads to; rejects with the system's error, `ENOENT` if nothing is there. */
export async function pathStatus(path: string): Promise<PathStatus> {
  const place = mountedAt(path);
  if (place !== null) return mountedStatus(place);
  return platform.pathStatus(path);
}

/** What is in a folder, in any order; rejects with the system's error. */
export async function listFolder(path: string): Promise<readonly FolderEntry[]> {
  const place = mountedAt(path);
  if (place !== null) return entriesIn(place);
  return platform.listFolder(path);
}

/** All bytes of a small file; rejects with the system's error, or the signal's reason. */
export async function readWholeFile(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const place = mountedAt(path);
  if (place !== null) {
    const { size } = mountedStatus(place);
    return openMounted(place, path).read(0, size, signal);
  }
  return platform.readWholeFile(path, signal);
}

/** The path of a name in a folder. The name may have slashes: it is then in a folder below. */
export function joinPath(folder: string, name: string): string {
  return platform.joinPath(folder, name);
}

/** The folder that a path is in; of a root, itself. */
export function dirname(path: string): string {
  return platform.dirname(path);
}

/** The last name of a path. */
export function basename(path: string): string {
  return platform.basename(path);
}

/** The path from a root on. */
export function resolvePath(path: string): string {
  return mountedAt(path) !== null ? path : platform.resolvePath(path);
}
