// Opens what a user names as a source: a folder that is there, else a repository of the hub.

import { stat } from 'node:fs/promises';
import { ToolkitError } from '@llama-ts/format';
import { type Checkpoint, openCheckpoint } from './checkpoint/open-checkpoint.js';

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

/** Options of {@link openSource}. */
export interface OpenSourceOptions {
  /** Fetches a repository; called only when the name is no folder. */
  readonly download: (repository: string, signal: AbortSignal | undefined) => Promise<Snapshot>;
  readonly signal?: AbortSignal | undefined;
}

/** `owner/name`, or a lone name, of characters the hub allows. */
const REPOSITORY_ID = /^[A-Za-z0-9][\w.-]{0,95}(?:\/[A-Za-z0-9][\w.-]{0,95})?$/;

/**
 * Whether a name is a repository's id: false for a folder, which wins.
 *
 * @param name path of a folder, or a repository id such as `meta-llama/Llama-3.2-1B`
 * @throws ToolkitError `SOURCE_NOT_FOUND` for what is neither
 */
export async function namesRepository(name: string): Promise<boolean> {
  const found = await stat(name).catch(() => null);
  if (found?.isDirectory()) return false;
  if (found !== null) {
    throw new ToolkitError('SOURCE_NOT_FOUND', `${name}: is a file, expected a folder or a repository id`, {
      suggestions: ['name the folder that holds config.json', `llama inspect ${JSON.stringify(name)}`],
    });
  }
  if (!REPOSITORY_ID.test(name) || name.includes('..')) {
    throw new ToolkitError('SOURCE_NOT_FOUND', 'the source is no folder here, expected one or an id like owner/name', {
      suggestions: ['llama export OUT.bin --hf meta-llama/Llama-3.2-1B-Instruct'],
    });
  }
  return true;
}

/**
 * Opens a folder, or downloads a repository and opens that.
 *
 * @param name as {@link namesRepository} takes it
 * @throws ToolkitError `SOURCE_NOT_FOUND`, and what openCheckpoint and `download` throw
 */
export async function openSource(name: string, { download, signal }: OpenSourceOptions): Promise<Checkpoint> {
  signal?.throwIfAborted();
  if (!(await namesRepository(name))) return openCheckpoint(name, { signal });
  const { folder, source, commit, sha256 } = await download(name, signal);
  return openCheckpoint(folder, { source, commit, knownSha256: sha256, signal });
}
