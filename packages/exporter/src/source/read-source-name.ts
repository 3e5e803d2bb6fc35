// Says what a name on the command line means: the one rule that all commands keep to.
//
// 1. What is there, is meant: a folder or a file.
// 2. An address of the hub, or an id `owner/name` that does not end like a file, is a repository.
// 3. A name of ollama's library is known as such, with the repository that holds the same model.
// 4. Anything else is a file or folder that is missing. No request is made for it.

import { stat } from 'node:fs/promises';
import { isRepoId } from '../hub/repo-names.js';
import { looksLikeRepository, parseHubAddress } from './hub-address.js';
import { repositoryOfOllamaName } from './ollama-name.js';

/** What a name means. */
export type SourceName =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'repository';
      readonly repo: string;
      readonly revision: string | null;
      readonly file: string | null;
    }
  | { readonly kind: 'ollama'; readonly repo: string }
  /** `problem` says what is wrong with an address; `repo` is an id that the name nearly is. */
  | { readonly kind: 'missing'; readonly path: string; readonly problem: string | null; readonly repo: string | null };

/** Options of {@link readSourceName}. */
export interface ReadSourceNameOptions {
  /** Address of the hub in use; its pages count as addresses of repositories. */
  readonly endpoint?: string | undefined;
}

/**
 * Reads a name by the rule above; asks the file system and nobody else.
 *
 * @param name path, repository id, address, or name of ollama's library
 * @example
 * await readSourceName('https://huggingface.co/me/tiny/tree/v1'); // { kind: 'repository', repo: 'me/tiny', revision: 'v1', … }
 */
export async function readSourceName(name: string, { endpoint }: ReadSourceNameOptions = {}): Promise<SourceName> {
  const found = name === '' ? null : await stat(name).catch(() => null);
  if (found !== null) return found.isDirectory() ? { kind: 'folder', path: name } : { kind: 'file', path: name };
  if (looksLikeRepository(name)) return { kind: 'repository', repo: name, revision: null, file: null };
  const mirrors = endpoint !== undefined && URL.canParse(endpoint) ? [new URL(endpoint).host] : [];
  const address = parseHubAddress(name, mirrors);
  if (address !== null && 'repo' in address) return { kind: 'repository', ...address };
  if (address !== null) return { kind: 'missing', path: name, problem: address.problem, repo: null };
  const repo = repositoryOfOllamaName(name);
  if (repo !== null) return { kind: 'ollama', repo };
  return { kind: 'missing', path: name, problem: null, repo: nearlyRepository(name) };
}

/** `owner/name/`, `owner/name@revision`, `owner/name:Q4_K_M`: an id but for its end. */
function nearlyRepository(name: string): string | null {
  const id = name
    .trim()
    .replace(/\/+$/, '')
    .replace(/[@:][\w.-]+$/, '');
  return id !== name && id.includes('/') && isRepoId(id) ? id : null;
}
