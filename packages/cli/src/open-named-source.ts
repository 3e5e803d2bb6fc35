// Opens the checkpoint that --hf names: a folder, else a repository, which is downloaded into the hub cache.
// Without a name it is the bundled sample model.

import { homedir } from 'node:os';
import {
  type Checkpoint,
  downloadSnapshot,
  type HubEvent,
  hubSettingsFromEnv,
  openCheckpoint,
  openSource,
  readHubToken,
  type Snapshot,
} from '@llama-ts/exporter';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** How to reach a repository. */
export interface NamedSourceOptions {
  /** Branch, tag or commit; default main. */
  readonly revision: string | undefined;
  /** Instead of the environment's. */
  readonly token: string | undefined;
  /** Prints a note on the download. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
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

/** Opens the bundled sample model, under its own name rather than its folder's. */
export function openSampleModel(signal: AbortSignal): Promise<Checkpoint> {
  return openCheckpoint(sampleModelPath, { source: sampleModelName, signal });
}

async function download(repo: string, { revision, token, note, signal }: NamedSourceOptions): Promise<Snapshot> {
  const settings = hubSettingsFromEnv(process.env, homedir());
  const { endpoint, cacheDir, offline } = settings;
  const events = downloadSnapshot({
    repo,
    revision,
    token: token ?? (await readHubToken(settings)),
    endpoint,
    cacheDir,
    offline,
    signal,
  });
  let next = await events.next();
  for (; next.done !== true; next = await events.next()) {
    const text = noteOn(next.value);
    if (text !== null) note(visible(text));
  }
  const { path, commit, files } = next.value;
  const sha256 = new Map<string, string>();
  for (const file of files) if (file.sha256 !== null) sha256.set(file.path, file.sha256);
  return { folder: path, source: repo, commit, sha256 };
}

/** Words on what took long or went wrong; null for the rest. */
function noteOn(event: HubEvent): string | null {
  switch (event.type) {
    case 'file-start':
      return `downloading ${event.path}, ${byteSize(event.size - event.startOffset)}`;
    case 'file-wait':
      return `waiting for ${event.path}, which another process downloads`;
    case 'file-retry':
      return `${event.path}: ${event.reason}; trying again`;
    case 'request-retry':
      return `${event.reason}; trying again`;
    default:
      return null;
  }
}
