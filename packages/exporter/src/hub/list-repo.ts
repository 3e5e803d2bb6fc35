// Asks the hub which commit a revision is, and which files, sizes and digests that commit has.

import { concatBytes, isToolkitError, ToolkitError } from '@llama-ts/base';
import type { Connection } from './connection.js';
import { badResponse, type RequestSubject, RetryableFailure, statusFailure } from './hub-failures.js';
import { readBody } from './read-body.js';
import { checkRepoId, checkRevision, isCommit, repoPathProblem } from './repo-names.js';
import { type RetryOptions, withRetries } from './retry.js';
import { send } from './send.js';

/** Pages of a listing hold 1,000 files or more; checkpoints have some dozens. */
const MAX_REPO_FILES = 100_000;
/** Largest page of a listing or of a model's card data, in bytes. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** A file of a commit. */
export interface RepoFile {
  /** Relative, with forward slashes, without `..`. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Digest of the content in hex, which is also the name of its blob in the cache. */
  readonly etag: string;
  /** The digest of `etag`: sha256 for large files, git's blob id for the others. */
  readonly algorithm: 'sha256' | 'git-sha1';
}

/** A commit and its files. */
export interface RepoListing {
  readonly repo: string;
  /** The revision as asked for. */
  readonly revision: string;
  readonly commit: string;
  readonly files: readonly RepoFile[];
}

/** Options of a listing. */
export interface ListOptions extends Omit<RetryOptions, 'progress'> {
  readonly repo: string;
  readonly revision: string;
}

/**
 * Pins a revision to its commit and lists that.
 *
 * @throws ToolkitError `BAD_REPO_ID`, `BAD_REVISION`, `HUB_REPO_NOT_FOUND`, `HUB_REVISION_NOT_FOUND`, `HUB_GATED`,
 * `HUB_UNAUTHORIZED`, `HUB_FORBIDDEN`, `HUB_RATE_LIMITED`, `HUB_UNAVAILABLE`, `HUB_NETWORK`, `HUB_BAD_RESPONSE`,
 * `HUB_BAD_REDIRECT`, `LIMIT_EXCEEDED`
 */
export async function listRepo(connection: Connection, options: ListOptions): Promise<RepoListing> {
  const { signal } = options;
  const repo = checkRepoId(options.repo);
  const revision = checkRevision(options.revision);
  signal?.throwIfAborted();
  const subject: RequestSubject = { repo, revision, path: null };
  const ask = (path: string) => requestJson(connection, subject, new URL(`${connection.endpoint}${path}`), options);
  try {
    const commit = isCommit(revision)
      ? revision
      : fieldOf((await ask(`/api/models/${repo}/revision/${encodeURIComponent(revision)}?expand=sha`)).json, 'sha');
    if (typeof commit !== 'string' || !isCommit(commit)) {
      throw badResponse(`${repo}: revision ${revision} is commit ${show(commit)}, expected 40 hex digits`);
    }
    const files = new Map<string, RepoFile>();
    let page = await ask(`/api/models/${repo}/tree/${commit}?recursive=true`);
    for (;;) {
      for (const entry of page.json as Iterable<unknown>) {
        if (fieldOf(entry, 'type') !== 'file') continue;
        const file = checkEntry(repo, entry);
        if (files.has(file.path))
          throw badResponse(`${repo}: lists ${show(file.path)} a second time, expected each once`);
        files.set(file.path, file);
        if (files.size > MAX_REPO_FILES) throw tooManyFiles(repo);
      }
      if (page.next === null) break;
      page = await requestJson(connection, subject, page.next, options);
    }
    return { repo, revision, commit, files: [...files.values()] };
  } catch (error) {
    signal?.throwIfAborted();
    if (isToolkitError(error)) throw error;
    throw badResponse(`${repo}: the hub's answer has another shape than a hub's`);
  }
}

/** A page of the hub's JSON, and the address of the next. */
interface JsonPage {
  readonly json: unknown;
  readonly next: URL | null;
}

/** Asks the hub's API, with retries, errors and limits. */
function requestJson(
  connection: Connection,
  subject: RequestSubject,
  target: URL,
  { signal, onRetry }: ListOptions,
): Promise<JsonPage> {
  return withRetries(connection, { signal, onRetry }, async (attemptSignal, kick) => {
    // The address of the next page is taken from the hub's response, which must not lead to another server.
    if (target.origin !== connection.origin) {
      throw badResponse(`${subject.repo}: the listing goes on at ${target.origin}, expected ${connection.origin}`);
    }
    const { response, url } = await send(connection, {
      url: target,
      headers: { accept: 'application/json' },
      signal: attemptSignal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw statusFailure(connection, subject, response, url);
    }
    const json = await readAnswer(connection, response, { url, signal: attemptSignal, kick });
    const next = /<(https?:\/\/[^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    return { json, next: next === undefined ? null : new URL(next) };
  });
}

async function readAnswer(
  connection: Connection,
  response: Response,
  options: { readonly url: URL; readonly signal: AbortSignal; readonly kick: () => void },
): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  await readBody(connection, response, {
    ...options,
    onChunk(chunk) {
      chunks.push(chunk);
      byteLength += chunk.byteLength;
      if (byteLength > MAX_ANSWER_BYTES) {
        throw badResponse(`${options.url.pathname}: over ${MAX_ANSWER_BYTES} bytes, expected a shorter answer`);
      }
    },
  });
  const bytes = concatBytes(chunks);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    const type = response.headers.get('content-type') ?? 'no type';
    const message = `${options.url.pathname}: ${byteLength} bytes of ${show(type)}, expected JSON`;
    throw new RetryableFailure(badResponse(message));
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return (value as Partial<Record<string, unknown>>)[name];
}

function tooManyFiles(repo: string): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `${repo}: over ${MAX_REPO_FILES} files, expected fewer`, {
    suggestions: [
      `download it with the hub's own program, and export that folder: hf download ${repo} --local-dir FOLDER`,
    ],
  });
}

function checkEntry(repo: string, entry: unknown): RepoFile {
  const { path, size, oid, lfs } = entry as Partial<Record<string, unknown>>;
  if (typeof path !== 'string') throw badResponse(`${repo}: lists a file without a path`);
  const problem = repoPathProblem(path);
  if (problem !== null) throw badResponse(`${repo}: lists ${show(path)}, which ${problem}`);
  const isLarge = typeof lfs === 'object' && lfs !== null;
  const etag = isLarge ? (lfs as { oid?: unknown }).oid : oid;
  const digits = isLarge ? 64 : 40;
  // The etag becomes the name of a file in the cache, so only hex is accepted.
  if (typeof etag !== 'string' || etag.length !== digits || !/^[0-9a-f]+$/.test(etag)) {
    throw badResponse(`${repo}: etag of ${show(path)} is ${show(etag)}, expected ${digits} hex digits`);
  }
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw badResponse(`${repo}: size of ${show(path)} is ${show(size)}, expected a number of bytes`);
  }
  return { path, size: size as number, etag, algorithm: isLarge ? 'sha256' : 'git-sha1' };
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 100);
}
