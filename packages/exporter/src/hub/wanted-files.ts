// Chooses the files of a repository that an export needs.

import { parseIndex } from '@llama-ts/safetensors';
import { safetensorsFiles, weightFilesOf } from '../checkpoint/weight-files.js';
import { parseJson } from '../json-fields.js';
import { recogniseForeignCheckpoint } from '../source/foreign-checkpoint.js';
import { adapterBase, refusal } from '../source/foreign-folder.js';
import { originalModel } from '../source/original-model.js';
import { isNamedTemplate } from '../tokenizer/chat-templates.js';
import { chooseGguf } from './choose-gguf.js';
import type { Connection } from './connection.js';
import { fileNotFound } from './hub-failures.js';
import type { RepoFile, RepoListing } from './list-repo.js';

/** Files besides the weights that an export reads, where a repository has them. */
export const SIDE_FILES: readonly string[] = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'original/tokenizer.model',
];

/** Whether a file is one that an export reads besides the weights. */
export function isSideFile(path: string): boolean {
  return SIDE_FILES.includes(path) || isNamedTemplate(path);
}

/** A choice of files by their path. */
export type Include = (path: string) => boolean;

/** Which files are downloaded. */
export interface FileChoice {
  /** Default: what an export needs. */
  readonly include?: Include | undefined;
  /** Pattern of the GGUF file to take: `*` stands for any characters, `?` for one. Default: safetensors, else the only GGUF file. */
  readonly file?: string | undefined;
}

/**
 * The files to download, in the order of the listing.
 *
 * @param readSmall gives the content of an index or of adapter_config.json; called only when it matters
 * @throws ToolkitError `HUB_FILE_NOT_FOUND`, `NOT_A_CHECKPOINT` for a repository of something else, what `readSmall` throws;
 * ToolkitError of a damaged index
 */
export async function wantedFiles(
  connection: Connection,
  { repo, commit, files }: RepoListing,
  { include, file }: FileChoice,
  readSmall: (file: RepoFile) => Promise<Uint8Array>,
): Promise<readonly RepoFile[]> {
  if (include !== undefined) return files.filter(({ path }) => include(path));
  const gguf = chooseGguf({ repo, paths: files.map(({ path }) => path), pattern: file });
  if (gguf !== null) {
    return gguf.map((path) => {
      const found = files.find((listed) => listed.path === path);
      if (found === undefined) throw fileNotFound(connection, repo, commit, path);
      return found;
    });
  }
  await refuseForeign(repo, files, readSmall);
  const weights = new Set<string>();
  const all = new Set(files.map(({ path }) => path));
  const { single, index: indexFile } = weightFilesOf(all) ?? safetensorsFiles;
  const index = files.find(({ path }) => path === indexFile);
  if (index !== undefined) {
    for (const shard of parseIndex(await readSmall(index), `${repo}/${indexFile}`).shards) {
      if (!all.has(shard)) throw fileNotFound(connection, repo, commit, shard);
      weights.add(shard);
    }
  } else if (all.has(single)) {
    weights.add(single);
  }
  const isWeights = (path: string) =>
    weights.size > 0 ? weights.has(path) : path.endsWith('.safetensors') && !path.includes('/');
  return files.filter(({ path }) => path === indexFile || isSideFile(path) || isWeights(path));
}

/** Refuses a repository that cannot be exported before anything of it is downloaded. */
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
