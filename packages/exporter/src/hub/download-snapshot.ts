// Downloads what an export needs of a repository into the hub cache, checked, resumable, and shared with other tools.

import { join } from 'node:path';
import { freeSpace, isToolkitError, ToolkitError } from '@llama-ts/base';
import { FILE_LAYER, makeFolder } from '@llama-ts/durable';
import { removeLocksOfTheDead } from './blob-lock.js';
import { describeCacheFailure } from './cache-failure.js';
import { type Connection, openConnection } from './connection.js';
import { findSnapshot } from './find-snapshot.js';
import { type HubCache, hasSnapshotFile, hubCache, linkSnapshot, writeAbsence, writeReference } from './hub-cache.js';
import type { HubEvent } from './hub-events.js';
import { listRepo, type RepoFile } from './list-repo.js';
import { removeFilesOfTheDead } from './partial-file.js';
import { type PlanDownloadOptions, planFiles, readListedFile } from './plan-download.js';
import { checkRepoId, checkRevision } from './repo-names.js';
import type { HubSnapshot, SnapshotFile } from './snapshot.js';
import { forEachParallel, streamEvents } from './stream-events.js';
import { transferFile } from './transfer-file.js';
import { type FileChoice, SIDE_FILES, wantedFiles } from './wanted-files.js';

/** Files that are downloaded at a time: more do not use a connection better, and load the hub. */
const DEFAULT_PARALLEL = 4;
const MAX_PARALLEL = 16;

/** Failures after which the cache will do. */
const UNREACHABLE = ['HUB_NETWORK', 'HUB_UNAVAILABLE'];

/** Options of {@link downloadSnapshot}. */
export interface DownloadSnapshotOptions extends Omit<PlanDownloadOptions, 'onRetry'> {
  /** Use the cache alone and make no request. Default false. */
  readonly offline?: boolean | undefined;
  /** Files that are downloaded at the same time, 1 to 16. Default 4. */
  readonly maxParallel?: number | undefined;
}

/**
 * Downloads a repository's files of one commit. Where the hub cannot be reached, the snapshot of the revision that the cache
 * holds whole takes its place, as an event says. A file enters the cache when its length and digest are those the hub
 * lists; an interrupted transfer keeps what arrived and continues from there, also in the next call. Breaking out of the loop, or
 * aborting, stops the download within moments and keeps the partial files.
 *
 * @throws ToolkitError `BAD_REPO_ID`, `BAD_REVISION`, `BAD_ENDPOINT`, `BAD_TOKEN`, `HUB_UNAUTHORIZED`, `HUB_FORBIDDEN`,
 * `HUB_GATED`, `HUB_REPO_NOT_FOUND`, `HUB_REVISION_NOT_FOUND`, `HUB_FILE_NOT_FOUND`, `HUB_RATE_LIMITED`,
 * `HUB_UNAVAILABLE`, `HUB_NETWORK`, `HUB_CORRUPT`, `HUB_BAD_RESPONSE`, `HUB_BAD_REDIRECT`, `HUB_OFFLINE`, `DISK_FULL`,
 * `CACHE_READ_ONLY`, `CACHE_FAILED`, `LIMIT_EXCEEDED`, `INVALID_ARGUMENT`; ToolkitError of a damaged index
 * @example
 * const download = downloadSnapshot({ repo: 'meta-llama/Llama-3.2-1B-Instruct', cacheDir, token });
 * let step = await download.next();
 * for (; !step.done; step = await download.next()) console.log(step.value);
 * console.log(step.value.path, step.value.commit);
 */
export async function* downloadSnapshot(options: DownloadSnapshotOptions): AsyncGenerator<HubEvent, HubSnapshot> {
  const { signal, cacheDir, maxParallel = DEFAULT_PARALLEL } = options;
  signal?.throwIfAborted();
  const cache = hubCache(options.files ?? FILE_LAYER, cacheDir, checkRepoId(options.repo));
  const revision = checkRevision(options.revision ?? 'main');
  if (!Number.isInteger(maxParallel) || maxParallel < 1 || maxParallel > MAX_PARALLEL) {
    throw new ToolkitError('INVALID_ARGUMENT', `maxParallel: ${maxParallel}, expected 1 to ${MAX_PARALLEL}`);
  }
  try {
    if (options.offline === true) return await findSnapshot(cache, revision, options);
    const connection = openConnection(options);
    return yield* streamEvents(signal, (emit, workSignal) =>
      download({ connection, cache, revision, maxParallel, choice: options, emit, signal: workSignal }),
    );
  } catch (error) {
    throw describeCacheFailure(error, cacheDir);
  }
}

interface DownloadContext {
  readonly choice: FileChoice;
  readonly connection: Connection;
  readonly cache: HubCache;
  readonly revision: string;
  readonly maxParallel: number;
  readonly emit: (event: HubEvent) => void;
  readonly signal: AbortSignal;
}

async function download(context: DownloadContext): Promise<HubSnapshot> {
  const { connection, cache, revision, maxParallel, choice, emit, signal } = context;
  const onRetry: Parameters<typeof listRepo>[1]['onRetry'] = ({ error, ...retry }) =>
    emit({ type: 'request-retry', ...retry, code: error.code, reason: error.message });
  const listing = await listRepo(connection, { repo: cache.repo, revision, signal, onRetry }).catch((error: unknown) =>
    insteadOfListing(error, context),
  );
  if ('path' in listing) return listing;
  const { commit } = listing;
  const wanted = await wantedFiles(connection, listing, choice, (file) =>
    readListedFile({ connection, cache, commit, signal, onRetry }, file),
  );
  const plan = await planFiles(cache, listing, wanted);
  emit({ type: 'plan-ready', plan });
  await checkDiskSpace(cache, plan.downloadBytes);
  // Tidying: a download does not need it, so that its failures do not count.
  await removeFilesOfTheDead(cache).catch(() => undefined);
  await removeLocksOfTheDead(cache).catch(() => undefined);

  // Equal files are one blob.
  const filesByEtag = new Map<string, RepoFile[]>();
  for (const file of wanted) filesByEtag.set(file.etag, [...(filesByEtag.get(file.etag) ?? []), file]);
  await forEachParallel([...filesByEtag.values()], maxParallel, signal, async (sameFiles, fileSignal) => {
    const unlinked: RepoFile[] = [];
    for (const file of sameFiles) {
      // A copy in place of a link has no blob, and needs none.
      if (await hasSnapshotFile(cache, commit, file)) emit({ type: 'file-cached', path: file.path, size: file.size });
      else unlinked.push(file);
    }
    if (unlinked.length === 0) return;
    await transferFile({ connection, cache, commit, emit, signal: fileSignal }, unlinked[0]!);
    for (const { path, etag } of unlinked) await linkSnapshot(cache, commit, path, etag);
  });
  const listed = new Set(listing.files.map(({ path }) => path));
  for (const path of SIDE_FILES) {
    // The note that a file is absent helps later runs without a network. A shared cache may be complete and read-only.
    if (!listed.has(path)) await writeAbsence(cache, commit, path).catch(() => undefined);
  }
  // Last, so that a reference never names an incomplete snapshot.
  await writeReference(cache, revision, commit);
  return { path: join(cache.snapshots, commit), repo: cache.repo, commit, files: wanted.map(snapshotFile) };
}

/** The cached files of the revision, if they suffice for an export and the hub cannot be reached. */
async function insteadOfListing(error: unknown, { cache, revision, choice, emit }: DownloadContext) {
  if (!isToolkitError(error) || !UNREACHABLE.includes(error.code)) throw error;
  const snapshot = await findSnapshot(cache, revision, choice).catch(() => {
    throw error;
  });
  emit({ type: 'hub-unreachable', commit: snapshot.commit, code: error.code, reason: error.message });
  return snapshot;
}

/** Refuses a download that the disk has no space for, before it starts. */
async function checkDiskSpace({ files, cacheDir }: HubCache, neededBytes: number): Promise<void> {
  if (neededBytes === 0) return;
  await makeFolder(files, cacheDir);
  const { bavail, bsize } = await files.statfs(cacheDir);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new ToolkitError('DISK_FULL', `${cacheDir}: ${freeSpace(freeBytes, neededBytes)} for the download`, {
    suggestions: [
      'free some space, then run the same command again',
      'keep it on another disk: export HF_HUB_CACHE=FOLDER',
    ],
  });
}

function snapshotFile({ path, size, etag, algorithm }: RepoFile): SnapshotFile {
  const isSha256 = algorithm === 'sha256';
  return { path, size, etag, sha256: isSha256 ? etag : null, gitSha1: isSha256 ? null : etag };
}
