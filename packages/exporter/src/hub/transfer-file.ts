// Brings one file of a commit into the cache's blobs, where only bytes with the listed length and digest arrive.

import { lockBlob } from './blob-lock.js';
import type { Connection } from './connection.js';
import { type HubCache, hasBlob } from './hub-cache.js';
import type { HubEvent } from './hub-events.js';
import { corrupt } from './hub-failures.js';
import type { RepoFile } from './list-repo.js';
import { openPartial, type PartialFile } from './partial-file.js';
import { readBody } from './read-body.js';
import { RangeFailure, requestFile } from './request-file.js';
import { withRetries } from './retry.js';

/** Bytes between two progress events of a file. */
const PROGRESS_BYTES = 1024 * 1024;

/** The context of a transfer. */
export interface TransferContext {
  readonly connection: Connection;
  readonly cache: HubCache;
  readonly commit: string;
  readonly emit: (event: HubEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * Downloads a file unless the cache has its blob. Waits for a download of another process and continues an earlier one.
 *
 * @throws ToolkitError `HUB_CORRUPT`, `HUB_RATE_LIMITED`, `HUB_UNAVAILABLE`, `HUB_NETWORK`, `HUB_GATED`,
 * `HUB_UNAUTHORIZED`, `HUB_FORBIDDEN`, `HUB_FILE_NOT_FOUND`, `HUB_BAD_RESPONSE`, `HUB_BAD_REDIRECT`; errors of the file
 * system as they are
 */
export async function transferFile(context: TransferContext, file: RepoFile): Promise<void> {
  const { connection, cache, emit, signal } = context;
  const { path, size, etag } = file;
  if (await hasBlob(cache, file)) return emit({ type: 'file-cached', path, size });
  const lock = await lockBlob(cache, etag, {
    clock: connection.clock,
    signal,
    onWait: () => emit({ type: 'file-wait', path, size }),
  });
  try {
    if (await hasBlob(cache, file)) return emit({ type: 'file-cached', path, size });
    const partial = await openPartial(cache, file, lock.owner, signal);
    try {
      emit({ type: 'file-start', path, size, startOffset: partial.byteLength });
      await fillPartial(context, file, partial);
      await partial.publish();
    } catch (error) {
      // The next download finds the partial file under any of its names; the first failure is the one to tell.
      await partial.release().catch(() => undefined);
      throw error;
    }
    emit({ type: 'file-verified', path, size, etag });
  } finally {
    await lock.release().catch(() => undefined);
  }
}

/** Returns once the partial file has the listed length and digest. */
async function fillPartial(context: TransferContext, file: RepoFile, partial: PartialFile): Promise<void> {
  const { connection, emit, signal } = context;
  const { path, size, etag } = file;
  const state = { useRanges: true, furthest: partial.byteLength, reported: partial.byteLength };
  await withRetries(
    connection,
    {
      signal,
      progress: () => state.furthest,
      onRetry: ({ error, ...retry }) =>
        emit({ type: 'file-retry', path, ...retry, code: error.code, reason: error.message }),
    },
    async (attemptSignal, kick) => {
      if (!state.useRanges) await partial.reset();
      if (partial.byteLength < size) await receive(context, file, partial, { attemptSignal, kick, state });
      if (partial.digest() === etag) return;
      const found = partial.digest();
      await partial.reset();
      throw corrupt(`${context.cache.repo}/${path}: content has ${file.algorithm} ${found}, expected ${etag}`);
    },
  );
}

interface ReceiveOptions {
  readonly attemptSignal: AbortSignal;
  readonly kick: () => void;
  readonly state: { useRanges: boolean; furthest: number; reported: number };
}

async function receive(
  { connection, cache, commit, emit }: TransferContext,
  { path, size }: RepoFile,
  partial: PartialFile,
  { attemptSignal: signal, kick, state }: ReceiveOptions,
): Promise<void> {
  const { repo } = cache;
  const { response, url, start } = await requestFile(connection, {
    repo,
    commit,
    path,
    size,
    start: partial.byteLength,
    signal,
  }).catch(async (error: unknown) => {
    if (error instanceof RangeFailure) state.useRanges = false;
    throw error;
  });
  if (start !== partial.byteLength) await partial.reset();
  await readBody(connection, response, {
    url,
    signal,
    kick,
    async onChunk(chunk) {
      if (partial.byteLength + chunk.byteLength > size) {
        await partial.reset();
        throw corrupt(`${repo}/${path}: the hub sent over ${size} bytes, expected no more`);
      }
      await partial.append(chunk);
      const { byteLength } = partial;
      state.furthest = Math.max(state.furthest, byteLength);
      if (byteLength === size || Math.abs(byteLength - state.reported) >= PROGRESS_BYTES) {
        state.reported = byteLength;
        emit({ type: 'file-progress', path, size, byteLength });
      }
    },
  });
  if (partial.byteLength < size) {
    throw corrupt(`${repo}/${path}: the hub sent ${partial.byteLength} of ${size} bytes, expected all`);
  }
}
