// Opens the checkpoint that a name means: a folder, else a repository, which is downloaded into the hub cache.
// Without a name it is the bundled sample model.

import { stat } from 'node:fs/promises';
import {
  type Checkpoint,
  downloadSnapshot,
  openCheckpoint,
  openSource,
  type RepositoryRequest,
  type Retry,
  readHubToken,
  readSourceName,
  refuseSource,
  type Snapshot,
  streamCheckpoint,
} from '@llama-ts/exporter';
import { isToolkitError, ToolkitError } from '@llama-ts/format';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { hubSettings } from './hub-settings.js';
import { nearFiles } from './near-files.js';
import { retyped } from './retyped.js';
import { retryNote, showDownload } from './show-download.js';
import { visible } from './terminal-safe.js';

/** How to reach the hub. */
export interface HubFlags {
  /** Branch, tag or commit; default main. */
  readonly revision: string | undefined;
  /** Instead of the environment's. */
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  /** Prints a note on the download. */
  readonly note: (text: string) => void;
}

/** How to open a source. */
export type NamedSourceOptions = HubFlags;

/**
 * The flags and the environment as options of the hub client.
 *
 * @throws ToolkitError `BAD_TOKEN`
 */
export async function hubOptions({ revision, token, signal, note }: HubFlags) {
  const settings = hubSettings();
  const { endpoint, cacheDir, offline } = settings;
  const onRetry = (retry: Retry): void => note(visible(retryNote(retry.error.message, retry)));
  return { revision, token: token ?? (await readHubToken(settings)), endpoint, cacheDir, offline, signal, onRetry };
}

/**
 * Opens what a name means as a source: a folder, or a repository by its id or address. The sample model without a name,
 * and by its own.
 *
 * @throws ToolkitError what openSource, readHubToken and downloadSnapshot throw
 */
export async function openNamedSource(name: string | undefined, options: NamedSourceOptions): Promise<Checkpoint> {
  if (name === undefined || (name === sampleModelName && (await stat(name).catch(() => null)) === null)) {
    return openSampleModel(options.signal);
  }
  const { endpoint } = hubSettings();
  try {
    const { signal } = options;
    return await openSource(name, { signal, endpoint, download: (request) => download(request, options) });
  } catch (error) {
    throw await withNearFiles(error, name);
  }
}

/** A name that leads nowhere may be a mistyped path: names that are there come first among the suggestions. */
async function withNearFiles(error: unknown, name: string): Promise<unknown> {
  if (!isToolkitError(error) || !(error.code === 'SOURCE_NOT_FOUND' || error.code.startsWith('HUB_'))) return error;
  if ((await stat(name).catch(() => null)) !== null) return error;
  const near = (await nearFiles(name)).map((path) => retyped(name, path) ?? path);
  return new ToolkitError(error.code, error.message, { suggestions: [...near, ...error.suggestions], cause: error });
}

/** The revision of a flag, or of an address; both must be one. @throws ToolkitError `USAGE` */
export function chosenRevision(ofName: string | null, ofFlag: string | undefined): string | undefined {
  if (ofName === null || ofFlag === undefined || ofName === ofFlag) return ofFlag ?? ofName ?? undefined;
  throw new ToolkitError('USAGE', `--revision ${ofFlag}: is not the ${ofName} of the address, expected one revision`, {
    suggestions: [retyped(ofFlag, ofName) ?? 'leave out --revision'],
  });
}

/**
 * Opens a repository whose weights stay at the hub and pass by once.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` for what is no repository, `HUB_OFFLINE`, and what streamCheckpoint throws
 */
export async function openStreamedSource(name: string | undefined, options: NamedSourceOptions): Promise<Checkpoint> {
  const { endpoint } = hubSettings();
  const found = name === undefined || name === sampleModelName ? null : await readSourceName(name, { endpoint });
  if (name !== undefined && found !== null && found.kind !== 'folder' && found.kind !== 'repository') {
    throw await withNearFiles(await refuseSource(name, found), name);
  }
  if (name === undefined || found?.kind !== 'repository') {
    throw new ToolkitError('INVALID_ARGUMENT', '--stream: the source is no repository, expected one of the hub', {
      suggestions: ['a folder is read where it is: leave out --stream'],
    });
  }
  const revision = chosenRevision(found.revision, options.revision);
  const { offline, ...reachable } = await hubOptions({ ...options, revision });
  if (offline) {
    throw new ToolkitError('HUB_OFFLINE', `${name}: offline, expected the hub to be within reach for --stream`, {
      suggestions: ['go online: unset HF_HUB_OFFLINE', 'the cache may have it all: leave out --stream'],
    });
  }
  return streamCheckpoint({
    ...reachable,
    repo: found.repo,
    download: (small) => showDownload(downloadSnapshot(small), options.note),
  });
}

/** Opens the bundled sample model, under its own name rather than its folder's. */
export function openSampleModel(signal: AbortSignal): Promise<Checkpoint> {
  return openCheckpoint(sampleModelPath, { source: sampleModelName, signal });
}

async function download({ repo, revision: ofName }: RepositoryRequest, options: NamedSourceOptions): Promise<Snapshot> {
  const revision = chosenRevision(ofName, options.revision);
  const events = downloadSnapshot({ repo, ...(await hubOptions({ ...options, revision })) });
  const { path, commit, files } = await showDownload(events, options.note);
  const sha256 = new Map<string, string>();
  for (const file of files) if (file.sha256 !== null) sha256.set(file.path, file.sha256);
  return { folder: path, source: repo, commit, sha256 };
}
