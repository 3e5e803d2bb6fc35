// Chooses the files of a repository that an export needs.

import { parseIndex } from '@llama-ts/safetensors';
import { isNamedTemplate } from '../tokenizer/chat-templates.js';
import type { Connection } from './connection.js';
import { fileNotFound } from './hub-failures.js';
import type { RepoFile, RepoListing } from './list-repo.js';

/** The list of shards. */
export const INDEX_FILE = 'model.safetensors.index.json';
/** All weights in one. */
export const SINGLE_FILE = 'model.safetensors';
/** Files beside the weights that an export reads, where a repository has them. */
export const SIDE_FILES: readonly string[] = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'original/tokenizer.model',
];

/** Whether an export reads a file beside the weights. */
export function isSideFile(path: string): boolean {
  return SIDE_FILES.includes(path) || isNamedTemplate(path);
}

/** A choice of files by their path. */
export type Include = (path: string) => boolean;

/**
 * The files to download, in the order of the listing.
 *
 * @param readIndex gives the content of {@link INDEX_FILE}; called only when the repository has one and it matters
 * @throws ToolkitError `HUB_FILE_NOT_FOUND`, what `readIndex` throws; SafetensorsError of a damaged index
 */
export async function wantedFiles(
  connection: Connection,
  { repo, commit, files }: RepoListing,
  include: Include | undefined,
  readIndex: (file: RepoFile) => Promise<Uint8Array>,
): Promise<readonly RepoFile[]> {
  if (include !== undefined) return files.filter(({ path }) => include(path));
  const weights = new Set<string>();
  const index = files.find(({ path }) => path === INDEX_FILE);
  if (index !== undefined) {
    const paths = new Set(files.map(({ path }) => path));
    for (const shard of parseIndex(await readIndex(index), `${repo}/${INDEX_FILE}`).shards) {
      if (!paths.has(shard)) throw fileNotFound(connection, repo, commit, shard);
      weights.add(shard);
    }
  } else if (files.some(({ path }) => path === SINGLE_FILE)) {
    weights.add(SINGLE_FILE);
  }
  const isWeights = (path: string) =>
    weights.size > 0 ? weights.has(path) : path.endsWith('.safetensors') && !path.includes('/');
  return files.filter(({ path }) => path === INDEX_FILE || isSideFile(path) || isWeights(path));
}
