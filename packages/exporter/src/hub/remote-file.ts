// A file of a repository as ranged reads, like a Blob, for exports that keep no copy of the checkpoint.

import { ToolkitError } from '@llama-ts/base';
import { type Connection, type ConnectionOptions, openConnection } from './connection.js';
import { corrupt, fileNotFound } from './hub-failures.js';
import { listRepo, type RepoFile } from './list-repo.js';
import { readBody } from './read-body.js';
import { requestFile } from './request-file.js';
import { type Retry, withRetries } from './retry.js';

/** Options of {@link openRemoteFile}. */
export interface OpenRemoteFileOptions extends ConnectionOptions {
  readonly repo: string;
  /** Default `main`; pass the commit of the first file to open others of the same. */
  readonly revision?: string | undefined;
  /** Path in the repository. */
  readonly path: string;
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** Covers the reads as well. */
  readonly signal?: AbortSignal | undefined;
}

/** A part of a file that is read when asked for. */
export interface RemoteSlice {
  /** Bytes. */
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A file that stays at the hub. Its reads have the length asked for; their content is the reader's to check. */
export interface RemoteFile extends RemoteSlice {
  readonly path: string;
  readonly commit: string;
  /** Digest of the whole content as listed; null for small files. */
  readonly sha256: string | null;
  /** Bytes [start, end), with the bounds of Blob.slice for values in range. @throws ToolkitError `INVALID_ARGUMENT` */
  slice(start: number, end: number): RemoteSlice;
}

/**
 * Opens a file by pinning the commit and looking up its size. Reads throw what a download throws, and `HUB_CORRUPT` for
 * a wrong length.
 *
 * @throws ToolkitError as {@link planDownload}, `HUB_FILE_NOT_FOUND`
 * @example
 * const file = await openRemoteFile({ repo: 'meta-llama/Llama-3.2-1B', path: 'model.safetensors' });
 * const header = await file.slice(8, 8 + headerByteLength).arrayBuffer();
 */
export async function openRemoteFile(options: OpenRemoteFileOptions): Promise<RemoteFile> {
  const { path, signal, onRetry = () => undefined } = options;
  signal?.throwIfAborted();
  const connection = openConnection(options);
  const { repo, commit, files } = await listRepo(connection, {
    repo: options.repo,
    revision: options.revision ?? 'main',
    signal,
    onRetry,
  });
  const file = files.find((other) => other.path === path);
  if (file === undefined) throw fileNotFound(connection, repo, commit, path);
  const { size } = file;
  const read = (start: number, end: number) =>
    readRange({ connection, repo, commit, file, signal, onRetry }, start, end);
  return {
    path,
    size,
    commit,
    sha256: file.algorithm === 'sha256' ? file.etag : null,
    arrayBuffer: () => read(0, size),
    slice(start, end) {
      if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end && end <= size)) {
        throw new ToolkitError(
          'INVALID_ARGUMENT',
          `${path}: bytes ${start} to ${end}, expected a part of 0 to ${size}`,
        );
      }
      return { size: end - start, arrayBuffer: () => read(start, end) };
    },
  };
}

/** The context of reads of a file. */
export interface ReadContext {
  readonly connection: Connection;
  readonly repo: string;
  readonly commit: string;
  readonly file: RepoFile;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: (retry: Retry) => void;
}

/** Reads [start, end); bytes that arrived before an interruption are kept. */
export async function readRange(context: ReadContext, start: number, end: number): Promise<ArrayBuffer> {
  const { connection, repo, commit, file, signal, onRetry } = context;
  const { path, size } = file;
  const bytes = new Uint8Array(end - start);
  let done = 0;
  if (bytes.byteLength === 0) return bytes.buffer;
  await withRetries(connection, { signal, onRetry, progress: () => done }, async (attemptSignal, kick) => {
    const wanted = { repo, commit, path, size, start: start + done, end, signal: attemptSignal };
    const { response, url, start: from } = await requestFile(connection, wanted);
    if (from !== wanted.start) {
      await response.body?.cancel();
      throw corrupt(`${repo}/${path}: the hub sent the whole file, expected bytes ${wanted.start}-${end - 1}`);
    }
    await readBody(connection, response, {
      url,
      signal: attemptSignal,
      kick,
      onChunk(chunk) {
        if (done + chunk.byteLength > bytes.byteLength) {
          throw corrupt(`${repo}/${path}: the hub sent over ${end - wanted.start} bytes, expected no more`);
        }
        bytes.set(chunk, done);
        done += chunk.byteLength;
      },
    });
    if (done < bytes.byteLength) {
      throw corrupt(`${repo}/${path}: the hub sent bytes up to ${start + done}, expected up to ${end}`);
    }
  });
  return bytes.buffer;
}
