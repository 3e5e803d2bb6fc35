// A repository's files at one commit, on this machine.

import type { Snapshot } from '../source/source-opener.js';

/** A downloaded repository. */
export interface HubSnapshot {
  /** Folder `snapshots/<commit>` of the cache, to be opened like any checkpoint. */
  readonly path: string;
  /** Like `meta-llama/Llama-3.2-1B-Instruct`. */
  readonly repo: string;
  /** 40 hex digits. */
  readonly commit: string;
  readonly files: readonly SnapshotFile[];
}

/** A file of a snapshot. The digests are the hub's: one of them is null, and both for a file whose digest the cache does not say. */
export interface SnapshotFile {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Name of the blob; null for a file that the cache holds as a copy. */
  readonly etag: string | null;
  /** sha256 of the content. */
  readonly sha256: string | null;
  /** Git's blob id of the content. */
  readonly gitSha1: string | null;
}

/** A download as a source to open. */
export function downloadedSnapshot({ path, repo, commit, files }: HubSnapshot): Snapshot {
  const sha256 = new Map<string, string>();
  for (const file of files) if (file.sha256 !== null) sha256.set(file.path, file.sha256);
  const gguf = files.find((file) => /\.gguf$/i.test(file.path))?.path;
  return { folder: path, source: repo, commit, sha256, gguf };
}
