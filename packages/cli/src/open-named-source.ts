// Opens the checkpoint that --hf names: a folder, else a repository, which is downloaded into the hub cache.
// Without a name it is the bundled sample model.

import { devNull } from 'node:os';
import {
  type Checkpoint,
  downloadSnapshot,
  hubSettingsFromEnv,
  namesRepository,
  openCheckpoint,
  openSource,
  type Retry,
  readHubToken,
  type Snapshot,
  streamCheckpoint,
} from '@llama-ts/exporter';
import { ToolkitError } from '@llama-ts/format';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { homeFolder } from './home-folder.js';
import { retryNote, showDownload } from './show-download.js';
import { visible } from './terminal-safe.js';

/** Stands for the home of a user who has none: nothing is found there, and a cache in it is refused with a remedy. */
const NO_HOME = devNull;

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
  const settings = hubSettingsFromEnv(process.env, homeFolder() ?? NO_HOME);
  const { endpoint, cacheDir, offline } = settings;
  const onRetry = (retry: Retry): void => note(visible(retryNote(retry.error.message, retry)));
  return { revision, token: token ?? (await readHubToken(settings)), endpoint, cacheDir, offline, signal, onRetry };
}

/**
 * Opens a folder or a repository; the sample model when there is no name.
 *
 * @throws ToolkitError what openSource, readHubToken and downloadSnapshot throw
 */
export function openNamedSource(name: string | undefined, options: NamedSourceOptions): Promise<Checkpoint> {
  if (name === undefined) return openSampleModel(options.signal);
  return openSource(name, { signal: options.signal, download: (repo) => download(repo, options) });
}

/**
 * Opens a repository whose weights stay at the hub and pass by once.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` for what is no repository, `HUB_OFFLINE`, and what streamCheckpoint throws
 */
export async function openStreamedSource(name: string | undefined, options: NamedSourceOptions): Promise<Checkpoint> {
  if (name === undefined || !(await namesRepository(name))) {
    throw new ToolkitError('INVALID_ARGUMENT', '--stream: the source is no repository, expected one of the hub', {
      suggestions: ['leave --stream out: a folder is read where it is'],
    });
  }
  const { offline, ...reachable } = await hubOptions(options);
  if (offline) {
    throw new ToolkitError('HUB_OFFLINE', `${name}: offline, expected the hub to be within reach for --stream`, {
      suggestions: ['unset HF_HUB_OFFLINE', 'leave --stream out: the cache may have it all'],
    });
  }
  return streamCheckpoint({
    ...reachable,
    repo: name,
    download: (small) => showDownload(downloadSnapshot(small), options.note),
  });
}

/** Opens the bundled sample model, under its own name rather than its folder's. */
export function openSampleModel(signal: AbortSignal): Promise<Checkpoint> {
  return openCheckpoint(sampleModelPath, { source: sampleModelName, signal });
}

async function download(repo: string, options: NamedSourceOptions): Promise<Snapshot> {
  const events = downloadSnapshot({ repo, ...(await hubOptions(options)) });
  const { path, commit, files } = await showDownload(events, options.note);
  const sha256 = new Map<string, string>();
  for (const file of files) if (file.sha256 !== null) sha256.set(file.path, file.sha256);
  return { folder: path, source: repo, commit, sha256 };
}
