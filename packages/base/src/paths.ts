// What paths name: the files and folders of a system. A browser has none, and refuses every path.

import { platform } from '#platform';
import type { FolderEntry, PathStatus } from './platform/platform.js';

/** Kind and size of what is at a path or of what its link leads to; rejects with the system's error, `ENOENT` if nothing is there. */
export function pathStatus(path: string): Promise<PathStatus> {
  return platform.pathStatus(path);
}

/** What is in a folder, in any order; rejects with the system's error. */
export function listFolder(path: string): Promise<readonly FolderEntry[]> {
  return platform.listFolder(path);
}

/** All bytes of a small file; rejects with the system's error, or the signal's reason. */
export function readWholeFile(path: string, signal?: AbortSignal): Promise<Uint8Array> {
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
  return platform.resolvePath(path);
}
