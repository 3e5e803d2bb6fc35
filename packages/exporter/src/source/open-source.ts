// Opens what a user names as a source: a folder that is there, else a repository of the hub.

import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { type ReadSourceNameOptions, readSourceName } from './read-source-name.js';
import { snapshotOfFolder } from './snapshot-folder.js';
import { refuseSource } from './source-refusal.js';

/** A repository's files, on this machine. */
export interface Snapshot {
  readonly folder: string;
  /** Repository id. */
  readonly source: string;
  /** Resolved commit. */
  readonly commit: string;
  /** By path in the folder, as far as the download checked them. */
  readonly sha256: ReadonlyMap<string, string>;
}

/** A repository to fetch. */
export interface RepositoryRequest {
  readonly repo: string;
  /** Branch, tag or commit in the address that was named; null where it was none. */
  readonly revision: string | null;
  readonly signal: AbortSignal | undefined;
}

/** Options of {@link openSource}. */
export interface OpenSourceOptions extends ReadSourceNameOptions {
  /** Fetches a repository; called only when the name is no folder. */
  readonly download: (request: RepositoryRequest) => Promise<Snapshot>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a folder, or downloads a repository and opens that.
 *
 * @param name path of a folder, or of a repository's folder in a hub cache; a repository's id, or an address of its pages
 * @throws ToolkitError `SOURCE_NOT_FOUND`, and what openFolder and `download` throw
 */
export async function openSource(name: string, { download, endpoint, signal }: OpenSourceOptions): Promise<Checkpoint> {
  signal?.throwIfAborted();
  const found = await readSourceName(name, { endpoint });
  if (found.kind === 'folder') return openFolder(found.path, signal);
  if (found.kind !== 'repository') throw await refuseSource(name, found);
  const { folder, source, commit, sha256 } = await download({ repo: found.repo, revision: found.revision, signal });
  return openCheckpoint(folder, { source, commit, knownSha256: sha256, signal });
}

/**
 * Opens a checkpoint's folder; for a folder of the hub cache the snapshot that it stands for, under the repository's name.
 *
 * @throws ToolkitError what openCheckpoint and snapshotOfFolder throw
 */
export async function openFolder(path: string, signal?: AbortSignal): Promise<Checkpoint> {
  const snapshot = await snapshotOfFolder(path);
  if (snapshot === null) return openCheckpoint(path, { signal });
  return openCheckpoint(snapshot.folder, { source: snapshot.repo, commit: snapshot.commit, signal });
}
