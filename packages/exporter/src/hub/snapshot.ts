// A repository's files at one commit, on this machine.

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

/** A file of a snapshot. The digests are the hub's; one is null, and both where the cache does not tell. */
export interface SnapshotFile {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Name of the blob; null for a file that the cache holds as a copy. */
  readonly etag: string | null;
  /** Of the content. */
  readonly sha256: string | null;
  /** Git's blob id of the content. */
  readonly gitSha1: string | null;
}
