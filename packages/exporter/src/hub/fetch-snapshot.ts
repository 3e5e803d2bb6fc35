// A repository as a page opens it, without a cache: small files are fetched and checked at once, weights are read where they are, by
// ranges, and checked when all of them have passed by.

import { blobSource, createSha256, hexOf, mountFolder, ToolkitError } from '@llama-ts/base';
import type { Snapshot } from '../source/source-opener.js';
import { type Connection, type ConnectionOptions, openConnection } from './connection.js';
import { corrupt } from './hub-failures.js';
import { listRepo, type RepoFile } from './list-repo.js';
import { type ReadContext, readRange } from './remote-file.js';
import type { Retry } from './retry.js';
import { wantedFiles } from './wanted-files.js';

/** Larger files stay where they are; a tokenizer has up to 20 MB. */
const MAX_FETCHED_BYTES = 64 * 1024 * 1024;

/** Options of {@link fetchSnapshot}. */
export interface FetchSnapshotOptions extends ConnectionOptions {
  /** Like `meta-llama/Llama-3.2-1B-Instruct`. */
  readonly repo: string;
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string | undefined;
  /** Pattern of the GGUF file to take; default: safetensors, else the only GGUF file. */
  readonly file?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called before a request is retried. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** A repository whose files are fetched when they are read. */
export interface FetchedSnapshot extends Snapshot {
  /** The sha256 that the hub lists, of the files that are read by ranges and that nothing has checked. */
  readonly listedSha256: ReadonlyMap<string, string>;
  /** Ends its folder. */
  release(): void;
}

/**
 * Opens a repository's commit.
 *
 * @throws ToolkitError what planning and making a download throw, `HUB_CORRUPT` among them
 */
export async function fetchSnapshot(options: FetchSnapshotOptions): Promise<FetchedSnapshot> {
  const { repo, revision = 'main', file: pattern, signal, onRetry = () => undefined } = options;
  signal?.throwIfAborted();
  const connection = followingRedirects(openConnection(options));
  const listing = await listRepo(connection, { repo, revision, signal, onRetry });
  const { commit } = listing;
  const contextOf = (file: RepoFile): ReadContext => ({ connection, repo, commit, file, signal, onRetry });
  const read = (file: RepoFile) => readChecked(contextOf(file));
  const wanted = await wantedFiles(connection, listing, { file: pattern }, read);
  const files = new Map<string, Blob | ReturnType<typeof blobSource>>();
  const sha256 = new Map<string, string>();
  const listedSha256 = new Map<string, string>();
  for (const file of wanted) {
    const { path, size, etag, algorithm } = file;
    const isFetched = algorithm === 'git-sha1' || (!/\.(?:safetensors|gguf)$/i.test(path) && size <= MAX_FETCHED_BYTES);
    if (isFetched) files.set(path, new Blob([await read(file)]));
    else files.set(path, rangesOf(contextOf(file)));
    if (algorithm === 'sha256') (isFetched ? sha256 : listedSha256).set(path, etag);
  }
  const { path: folder, unmount } = mountFolder(repo.split('/').at(-1)!, files);
  const gguf = wanted.find(({ path }) => /\.gguf$/i.test(path))?.path;
  return { folder, source: repo, commit, sha256, gguf, listedSha256, release: unmount };
}

/**
 * A browser follows redirects itself and shows none of them; it sends the token to no other origin than the first.
 *
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
function followingRedirects(connection: Connection): Connection {
  const { fetch } = connection;
  return { ...connection, fetch: (input, init) => fetch(input, { ...init, redirect: 'follow' }) };
}

/** All bytes of a small file. @throws ToolkitError `HUB_CORRUPT`, `LIMIT_EXCEEDED` */
async function readChecked(context: ReadContext): Promise<Uint8Array<ArrayBuffer>> {
  const { repo, file } = context;
  const { path, size, etag, algorithm } = file;
  if (size > MAX_FETCHED_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${repo}/${path}: ${size} bytes, expected at most ${MAX_FETCHED_BYTES}`, {
      suggestions: ['take another commit, whose file is smaller'],
    });
  }
  const bytes = new Uint8Array(await readRange(context, 0, size));
  const found = algorithm === 'sha256' ? hexOf(createSha256().update(bytes).digest()) : await gitSha1(bytes);
  if (found === etag) return bytes;
  throw corrupt(`${repo}/${path}: content has ${algorithm} ${found}, expected ${etag}`).error;
}

/** Git's name of a file's content. @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
async function gitSha1(bytes: Uint8Array): Promise<string> {
  const blob = await new Blob([`blob ${bytes.byteLength}\0`, bytes.slice()]).arrayBuffer();
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-1', blob)));
}

function rangesOf(context: ReadContext) {
  const { path, size } = context.file;
  const slice = (start: number, end: number) => ({ arrayBuffer: () => readRange(context, start, end) });
  return blobSource({ size, slice }, path);
}
