// Says which files and how many bytes a download takes, before any large file is requested.

import { join } from 'node:path';
import { ToolkitError } from '@llama-ts/base';
import { FILE_LAYER, type FileLayer } from '@llama-ts/durable';
import { describeCacheFailure } from './cache-failure.js';
import { type Connection, type ConnectionOptions, openConnection } from './connection.js';
import { newContentHash } from './content-hash.js';
import { type HubCache, hasBlob, hasSnapshotFile, hubCache, sizeOf } from './hub-cache.js';
import { corrupt, fileNotFound } from './hub-failures.js';
import { listRepo, type RepoFile, type RepoListing } from './list-repo.js';
import { readBody } from './read-body.js';
import { checkRepoId } from './repo-names.js';
import { requestFile } from './request-file.js';
import { type Retry, withRetries } from './retry.js';
import { type FileChoice, wantedFiles } from './wanted-files.js';

/** An index of 405B parameters has about 100 kB. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024;

/** Options of {@link planDownload}. */
export interface PlanDownloadOptions extends ConnectionOptions, FileChoice {
  /** Like `meta-llama/Llama-3.2-1B-Instruct`. */
  readonly repo: string;
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string | undefined;
  /** Folder of the hub cache, as `HF_HUB_CACHE` names it. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  /** Called before a request is retried. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** The file system. Default: the machine's. */
  readonly files?: FileLayer | undefined;
}

/** A file of a plan. */
export interface PlannedFile extends RepoFile {
  /** Bytes of it on this machine: all, those of an interrupted download, or none. */
  readonly cachedBytes: number;
}

/** A download that has not begun. */
export interface DownloadPlan {
  readonly repo: string;
  readonly revision: string;
  /** Current commit of the revision. */
  readonly commit: string;
  readonly files: readonly PlannedFile[];
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Bytes still to come. */
  readonly downloadBytes: number;
}

/**
 * Plans a download; changes nothing on this machine.
 *
 * @throws ToolkitError `BAD_REPO_ID`, `BAD_REVISION`, `HUB_REPO_NOT_FOUND`, `HUB_REVISION_NOT_FOUND`, `HUB_GATED`,
 * `HUB_UNAUTHORIZED`, `HUB_FORBIDDEN`, `HUB_RATE_LIMITED`, `HUB_UNAVAILABLE`, `HUB_NETWORK`, `HUB_BAD_RESPONSE`,
 * `HUB_BAD_REDIRECT`, `LIMIT_EXCEEDED`, `HUB_CORRUPT`, `HUB_FILE_NOT_FOUND`; ToolkitError of a damaged index
 * @example
 * const { downloadBytes } = await planDownload({ repo: 'meta-llama/Llama-3.2-1B', cacheDir });
 */
export async function planDownload(options: PlanDownloadOptions): Promise<DownloadPlan> {
  return (await planDownloadWith(options)).plan;
}

/** A plan, the connection it was made by, and a way to read small files of its commit, checked. */
export async function planDownloadWith(
  options: PlanDownloadOptions,
): Promise<{ plan: DownloadPlan; connection: Connection; readFile: (path: string) => Promise<Uint8Array> }> {
  const { signal, cacheDir, onRetry = () => undefined } = options;
  signal?.throwIfAborted();
  const connection = openConnection(options);
  const cache = hubCache(options.files ?? FILE_LAYER, cacheDir, checkRepoId(options.repo));
  const described = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw describeCacheFailure(error, cacheDir);
    });
  const revision = options.revision ?? 'main';
  const listing = await listRepo(connection, { repo: cache.repo, revision, signal, onRetry });
  const { commit } = listing;
  const read = (file: RepoFile) => described(readListedFile({ connection, cache, commit, signal, onRetry }, file));
  const wanted = await wantedFiles(connection, listing, options, read);
  const plan = await described(planFiles(cache, listing, wanted));
  return {
    plan,
    connection,
    readFile(path) {
      const file = listing.files.find((listed) => listed.path === path);
      if (file === undefined) throw fileNotFound(connection, cache.repo, commit, path);
      return read(file);
    },
  };
}

/** Looks up how much of each file is in the cache. */
export async function planFiles(
  cache: HubCache,
  { repo, revision, commit }: RepoListing,
  wanted: readonly RepoFile[],
): Promise<DownloadPlan> {
  const files: PlannedFile[] = [];
  let totalBytes = 0;
  let downloadBytes = 0;
  const counted = new Set<string>();
  for (const file of wanted) {
    const partialBytes = (await sizeOf(cache.files, join(cache.blobs, `${file.etag}.incomplete`))) ?? 0;
    const isCached = (await hasBlob(cache, file)) || (await hasSnapshotFile(cache, commit, file));
    const cachedBytes = isCached ? file.size : partialBytes < file.size ? partialBytes : 0;
    files.push({ ...file, cachedBytes });
    totalBytes += file.size;
    // Equal files are one blob.
    if (!counted.has(file.etag)) downloadBytes += file.size - cachedBytes;
    counted.add(file.etag);
  }
  return { repo, revision, commit, files, totalBytes, downloadBytes };
}

/** A small file's checked content, from the cache or the hub. */
export async function readListedFile(
  context: {
    readonly connection: Connection;
    readonly cache: HubCache;
    readonly commit: string;
    readonly signal: AbortSignal | undefined;
    readonly onRetry: (retry: Retry) => void;
  },
  file: RepoFile,
): Promise<Uint8Array> {
  const { connection, cache, commit, signal, onRetry } = context;
  const { path, size, etag } = file;
  const { repo } = cache;
  if (size > MAX_INDEX_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${repo}/${path}: ${size} bytes, expected at most ${MAX_INDEX_BYTES}`, {
      suggestions: ['take another commit, whose index is one: --revision REVISION'],
    });
  }
  if (await hasBlob(cache, file)) return cache.files.readFile(join(cache.blobs, etag));
  return withRetries(connection, { signal, onRetry }, async (attemptSignal, kick) => {
    const { response, url } = await requestFile(connection, {
      repo,
      commit,
      path,
      size,
      start: 0,
      signal: attemptSignal,
    });
    const chunks: Uint8Array[] = [];
    let byteLength = 0;
    await readBody(connection, response, {
      url,
      signal: attemptSignal,
      kick,
      onChunk(chunk) {
        byteLength += chunk.byteLength;
        if (byteLength > size) throw corrupt(`${repo}/${path}: the hub sent over ${size} bytes, expected no more`);
        chunks.push(chunk);
      },
    });
    const bytes = Buffer.concat(chunks, byteLength);
    const found = newContentHash(file).update(bytes).digest('hex');
    if (found !== etag) throw corrupt(`${repo}/${path}: content has ${file.algorithm} ${found}, expected ${etag}`);
    return bytes;
  });
}
