// Reads what people paste for a repository: its id, an address of its pages, or another program's way to write it.
//
//   meta-llama/Llama-3.2-1B                                      the id
//   https://huggingface.co/meta-llama/Llama-3.2-1B/tree/main     a page; also hf.co/…, and the endpoint of a mirror
//   hf://meta-llama/Llama-3.2-1B@main                            huggingface_hub's file systems
//   git@hf.co:meta-llama/Llama-3.2-1B.git                        git
//   hf.co/owner/name-GGUF:Q4_K_M                                 ollama, llama.cpp

import { isRepoId } from '../hub/repo-names.js';

/** A repository that a text names. */
export interface HubAddress {
  /** `owner/name`. */
  readonly repo: string;
  /** Branch, tag or commit in the address. */
  readonly revision: string | null;
  /** File in the address. */
  readonly file: string | null;
}

/** An address that names no model repository, and why. */
export interface WrongAddress {
  readonly problem: string;
}

const HOSTS = new Set(['huggingface.co', 'www.huggingface.co', 'hf.co']);
/** Kinds of repository that hold no model. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  datasets: 'a data set',
  spaces: 'a space',
  docs: 'a page of the documentation',
};
/** Pages of a repository that show a revision. */
const REVISION_PAGES = new Set(['tree', 'blob', 'resolve', 'raw', 'commit', 'commits', 'edit', 'blame']);
/** Endings of file names: a name that ends so is not taken as a repository. */
const FILE_NAME =
  /\.(?:bin|gguf|ggml|safetensors|pth?|ckpt|jsonl?|onnx|model|txt|md|jinja|h5|msgpack|npz|zip|tar|t?gz|ya?ml|html?|xml|py)$/i;

/** Whether a name ends like a file of a model. */
export function hasFileEnding(name: string): boolean {
  return FILE_NAME.test(name);
}

/** Whether a text is an id with an owner, and no name of a file. */
export function looksLikeRepository(name: string): boolean {
  return name.includes('/') && isRepoId(name) && !hasFileEnding(name);
}

/**
 * The repository that a pasted address names; null for a text that is no address.
 *
 * @param mirrors hosts of other hubs whose addresses count
 */
export function parseHubAddress(text: string, mirrors: readonly string[] = []): HubAddress | WrongAddress | null {
  const trimmed = text.trim();
  const [, ssh] = /^git@(?:hf\.co|huggingface\.co):(.+)$/.exec(trimmed) ?? [];
  if (ssh !== undefined) return fromSegments(ssh.split('/'));
  const [, hf] = /^hf:\/\/(?:models\/)?(.+)$/i.exec(trimmed) ?? [];
  if (hf !== undefined) return fromHfUri(hf);
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(trimmed) ?? [];
  if (scheme !== undefined && !/^https?$/i.test(scheme)) return { problem: `is an address of ${scheme.toLowerCase()}` };
  const bare = (rest ?? trimmed).replace(/^[^/@]*@/, '').replace(/[?#].*$/s, '');
  const [host = '', ...segments] = bare.split('/');
  const isHub = [...HOSTS, ...mirrors].includes(host.toLowerCase());
  if (isHub) return fromSegments(segments);
  return scheme === undefined ? null : { problem: 'is the address of another site' };
}

function fromHfUri(path: string): HubAddress | WrongAddress {
  const segments = path.split('/');
  const [owner = '', named = '', ...file] = segments;
  const [name, revision] = named.split('@', 2);
  return addressOf(owner, name ?? '', revision ?? null, file.join('/') || null);
}

function fromSegments(all: readonly string[]): HubAddress | WrongAddress {
  const segments = all.filter((segment) => segment !== '').map(decoded);
  if (segments[0] === 'api' && segments[1] === 'models') segments.splice(0, 2);
  const [owner = '', named = '', page = '', revision, ...file] = segments;
  const other = OTHER_KINDS[owner];
  if (other !== undefined) return { problem: `is the address of ${other}` };
  // A quantization, as ollama and llama.cpp append it, is no part of the name.
  const name = named.replace(/:[\w.-]+$/, '').replace(/\.git$/, '');
  const shown = REVISION_PAGES.has(page) ? (revision ?? null) : null;
  return addressOf(owner, name, shown, shown === null ? null : file.join('/') || null);
}

function addressOf(
  owner: string,
  name: string,
  revision: string | null,
  file: string | null,
): HubAddress | WrongAddress {
  const repo = `${owner}/${name}`;
  if (!isRepoId(repo)) return { problem: 'is an address without owner and name of a model' };
  return { repo, revision, file };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
