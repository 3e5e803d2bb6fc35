// Says what a name on the command line means: one rule for all commands.
//
// 1. A folder or file that exists is that folder or file.
// 2. An address of the hub, or an id `owner/name` that does not end like a file, is a repository.
// 3. A name of ollama's library is recognised, with the repository that holds the same model.
// 4. Anything else is a file or folder that is missing. No request is made for it.

import { pathStatus } from '@llama-ts/base';
import { isRepoId } from '../hub/repo-names.js';
import { looksLikeRepository, parseHubAddress } from './hub-address.js';
import { repositoryOfOllamaName } from './ollama-name.js';

/** The meaning of a name. */
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
 * Reads a name by the rule above. It asks the file system only, and makes no request.
 *
 * @param name path, repository id, address, or name of ollama's library
 * @example
 * await readSourceName('https://huggingface.co/me/tiny/tree/v1'); // { kind: 'repository', repo: 'me/tiny', revision: 'v1', … }
 */
export async function readSourceName(name: string, { endpoint }: ReadSourceNameOptions = {}): Promise<SourceName> {
  const found = name === '' ? null : await pathStatus(name).catch(() => null);
  if (found !== null) return found.isFolder ? { kind: 'folder', path: name } : { kind: 'file', path: name };
  if (looksLikeRepository(name)) return { kind: 'repository', repo: name, revision: null, file: null };
  const mirrors = endpoint !== undefined && URL.canParse(endpoint) ? [new URL(endpoint).host] : [];
  const address = parseHubAddress(name, mirrors);
  if (address !== null && 'repo' in address) return { kind: 'repository', ...address };
  if (address !== null) return { kind: 'missing', path: name, problem: address.problem, repo: null };
  const repo = repositoryOfOllamaName(name);
  if (repo !== null) return { kind: 'ollama', repo };
  return { kind: 'missing', path: name, problem: null, repo: nearlyRepository(name) };
}

/** The id in `owner/name/`, `owner/name@revision` or `owner/name:Q4_K_M`; null for other names. */
function nearlyRepository(name: string): string | null {
  const id = name
    .trim()
    .replace(/\/+$/, '')
    .replace(/[@:][\w.-]+$/, '');
  return id !== name && id.includes('/') && isRepoId(id) ? id : null;
}
