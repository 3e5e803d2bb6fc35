// An opener of sources of one kind: it recognises their names and opens them.

import type { WeightStream } from '../checkpoint/weight-stream.js';
import type { StatedSizes } from '../meta/known-sizes.js';
import type { ModelSource } from './model-source.js';
import type { ReadSourceNameOptions, SourceName } from './read-source-name.js';

/** A repository's files, on this machine. */
export interface Snapshot {
  readonly folder: string;
  /** Repository id. */
  readonly source: string;
  /** Resolved commit. */
  readonly commit: string;
  /** sha256 by path in the folder, of the files that the download checked. */
  readonly sha256: ReadonlyMap<string, string>;
  /** Path in the folder of the GGUF file to open; default: the folder is a checkpoint. */
  readonly gguf?: string | undefined;
  /** Weights that are not in the folder; default: they are. */
  readonly stream?: WeightStream | undefined;
}

/** A repository to fetch. */
export interface RepositoryRequest {
  readonly repo: string;
  /** Branch, tag or commit in the address that was named; null where it was none. */
  readonly revision: string | null;
  /** File in the address that was named; null where it was none. */
  readonly file: string | null;
  readonly signal: AbortSignal | undefined;
}

/** Fetches a repository. */
export type Download = (request: RepositoryRequest) => Promise<Snapshot>;

/** Options of opening a source by its name. */
export interface OpenSourceOptions extends ReadSourceNameOptions {
  /** Fetches a repository. Without it, no repository can be opened. */
  readonly download?: Download | undefined;
  /** Settings that Meta's files do not say. */
  readonly stated?: StatedSizes | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a source, or returns null for a name that is another opener's.
 *
 * @throws ToolkitError what is wrong with a source whose name is its own
 */
export type SourceOpener = (found: SourceName, options: OpenSourceOptions) => Promise<ModelSource | null>;
