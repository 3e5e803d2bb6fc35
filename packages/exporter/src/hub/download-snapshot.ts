// Downloads what an export needs of a repository into the hub cache, checked, resumable, and shared with other tools.

import { join } from 'node:path';
import { ToolkitError } from '@llama-ts/format';
import { FILE_LAYER } from '../files/file-layer.js';
import { makeFolder } from '../files/make-folder.js';
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
import { SIDE_FILES, wantedFiles } from './wanted-files.js';

/** Files under way at a time: more do not fill a line better, and annoy the hub. */
const DEFAULT_PARALLEL = 4;
const MAX_PARALLEL = 16;

/** Options of {@link downloadSnapshot}. */
export interface DownloadSnapshotOptions extends Omit<PlanDownloadOptions, 'onRetry'> {
  /** Use the cache alone and make no request. Default false. */
  readonly offline?: boolean | undefined;
  /** From 1 to 16. Default 4. */
  readonly maxParallel?: number | undefined;
}

/**
 * Downloads a repository's files of one commit. A file enters the cache when its length and digest are those the hub
 * lists; a cut transfer keeps what came and goes on from there, also in the next call. Breaking out of the loop, or
 * aborting, stops the download within moments and keeps the partial files.
 *
 * @throws ToolkitError `BAD_REPO_ID`, `BAD_REVISION`, `BAD_ENDPOINT`, `BAD_TOKEN`, `HUB_UNAUTHORIZED`, `HUB_FORBIDDEN`,
 * `HUB_GATED`, `HUB_REPO_NOT_FOUND`, `HUB_REVISION_NOT_FOUND`, `HUB_FILE_NOT_FOUND`, `HUB_RATE_LIMITED`,
 * `HUB_UNAVAILABLE`, `HUB_NETWORK`, `HUB_CORRUPT`, `HUB_BAD_RESPONSE`, `HUB_BAD_REDIRECT`, `HUB_OFFLINE`, `DISK_FULL`,
 * `CACHE_READ_ONLY`, `CACHE_FAILED`, `LIMIT_EXCEEDED`, `INVALID_ARGUMENT`; SafetensorsError of a damaged index
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
    if (options.offline === true) return await findSnapshot(cache, revision, options.include);
    const connection = openConnection(options);
    return yield* streamEvents(signal, (emit, workSignal) =>
      download({ connection, cache, revision, maxParallel, include: options.include, emit, signal: workSignal }),
    );
  } catch (error) {
    throw describeCacheFailure(error, cacheDir);
  }
}

interface DownloadContext extends Pick<DownloadSnapshotOptions, 'include'> {
  readonly connection: Connection;
  readonly cache: HubCache;
  readonly revision: string;
  readonly maxParallel: number;
  readonly emit: (event: HubEvent) => void;
  readonly signal: AbortSignal;
}

async function download(context: DownloadContext): Promise<HubSnapshot> {
  const { connection, cache, revision, maxParallel, include, emit, signal } = context;
  const onRetry: Parameters<typeof listRepo>[1]['onRetry'] = ({ error, ...retry }) =>
    emit({ type: 'request-retry', ...retry, code: error.code, reason: error.message });
  const listing = await listRepo(connection, { repo: cache.repo, revision, signal, onRetry });
  const { commit } = listing;
  const wanted = await wantedFiles(connection, listing, include, (file) =>
    readListedFile({ connection, cache, commit, signal, onRetry }, file),
  );
  const plan = await planFiles(cache, listing, wanted);
  emit({ type: 'plan-ready', plan });
  await checkDiskSpace(cache, plan.downloadBytes);
  // Tidying; what cannot be removed, or is not there, does not keep anybody from downloading.
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
    // An aid to later offline runs; a cache of others may be complete and read-only.
    if (!listed.has(path)) await writeAbsence(cache, commit, path).catch(() => undefined);
  }
  // Last, so that a reference never names a snapshot that is not all there.
  await writeReference(cache, revision, commit);
  return { path: join(cache.snapshots, commit), repo: cache.repo, commit, files: wanted.map(snapshotFile) };
}

/** Better now than after two gigabytes. */
async function checkDiskSpace({ files, cacheDir }: HubCache, neededBytes: number): Promise<void> {
  if (neededBytes === 0) return;
  await makeFolder(files, cacheDir);
  const { bavail, bsize } = await files.statfs(cacheDir);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new ToolkitError(
    'DISK_FULL',
    `${cacheDir}: ${freeBytes} bytes free, expected ${neededBytes} for the download`,
    {
      suggestions: [
        'free some space, then run the same command again',
        'keep it on another disk: export HF_HUB_CACHE=FOLDER',
      ],
    },
  );
}

function snapshotFile({ path, size, etag, algorithm }: RepoFile): SnapshotFile {
  const isSha256 = algorithm === 'sha256';
  return { path, size, etag, sha256: isSha256 ? etag : null, gitSha1: isSha256 ? null : etag };
}
