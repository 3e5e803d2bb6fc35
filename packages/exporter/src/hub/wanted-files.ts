// Chooses the files of a repository that an export needs.

import { parseIndex } from '@llama-ts/safetensors';
import { INDEX_FILE, SINGLE_FILE } from '../checkpoint/weight-files.js';
import { parseJson } from '../json-fields.js';
import { recogniseForeignCheckpoint } from '../source/foreign-checkpoint.js';
import { adapterBase, refusal } from '../source/foreign-folder.js';
import { originalModel } from '../source/original-model.js';
import { isNamedTemplate } from '../tokenizer/chat-templates.js';
import type { Connection } from './connection.js';
import { fileNotFound } from './hub-failures.js';
import type { RepoFile, RepoListing } from './list-repo.js';

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
 * @param readSmall gives the content of {@link INDEX_FILE} or adapter_config.json; called only when it matters
 * @throws ToolkitError `HUB_FILE_NOT_FOUND`, `NOT_A_CHECKPOINT` for a repository of something else, what `readSmall` throws;
 * SafetensorsError of a damaged index
 */
export async function wantedFiles(
  connection: Connection,
  { repo, commit, files }: RepoListing,
  include: Include | undefined,
  readSmall: (file: RepoFile) => Promise<Uint8Array>,
): Promise<readonly RepoFile[]> {
  if (include !== undefined) return files.filter(({ path }) => include(path));
  await refuseForeign(repo, files, readSmall);
  const weights = new Set<string>();
  const index = files.find(({ path }) => path === INDEX_FILE);
  if (index !== undefined) {
    const paths = new Set(files.map(({ path }) => path));
    for (const shard of parseIndex(await readSmall(index), `${repo}/${INDEX_FILE}`).shards) {
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

/** Says what a repository holds before a byte of it is downloaded in vain. */
async function refuseForeign(
  repo: string,
  files: readonly RepoFile[],
  readSmall: (file: RepoFile) => Promise<Uint8Array>,
): Promise<void> {
  const config = files.find(({ path }) => path === 'adapter_config.json');
  const foreign = (base: string | null) =>
    recogniseForeignCheckpoint({
      name: repo,
      paths: files.map(({ path }) => path),
      adapterBase: base,
      original: originalModel({ name: repo }),
      isRemote: true,
    });
  if (foreign(null) === null) return;
  const base = config === undefined ? null : adapterBase(parseJson(await readSmall(config), config.path, 'BAD_CONFIG'));
  throw refusal(repo, foreign(base)!);
}
