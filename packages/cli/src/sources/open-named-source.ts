// Opens the source that a name means: a .bin file, a GGUF file, a folder, a repository of the hub, or the bundled sample model, which
// no name means too.

import { stat } from 'node:fs/promises';
import { isToolkitError, ToolkitError } from '@llama-ts/base';
import {
  downloadedSnapshot,
  downloadSnapshot,
  isGguf,
  isPytorchName,
  type ModelSource,
  openCheckpoint,
  openModelSource,
  type RepositoryRequest,
  type Retry,
  readHubToken,
  readSourceName,
  type Snapshot,
  type SourceOpener,
  type StatedSizes,
  sourceOpeners,
  streamSnapshot,
} from '@llama-ts/exporter';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { hubSettings } from '../environment/hub-settings.js';
import { retyped } from '../failure/retyped.js';
import { retryNote, showDownload } from '../progress/show-download.js';
import { visible } from '../terminal/terminal-safe.js';
import { nearFiles } from './near-files.js';

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
export interface NamedSourceOptions extends HubFlags {
  /** Pattern of the GGUF file of a repository; default: safetensors, else the only one. */
  readonly file?: string | undefined;
  /** Kinds of source that are expected; default all. */
  readonly openers?: readonly SourceOpener[] | undefined;
  /** What Meta's files do not say. */
  readonly stated?: StatedSizes | undefined;
  /** Leave a repository's weights at the hub; default false. */
  readonly isStreamed?: boolean | undefined;
}

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

/** Sources that an export takes. */
export const checkpointOpeners: readonly SourceOpener[] = [
  sourceOpeners.folder,
  sourceOpeners.hub,
  sourceOpeners.gguf,
  sourceOpeners.pytorch,
];

/**
 * Opens what a name means as a source. The sample model without a name, and by its own.
 *
 * @throws ToolkitError what openModelSource, readHubToken and downloadSnapshot throw
 */
export async function openNamedSource(name: string | undefined, options: NamedSourceOptions): Promise<ModelSource> {
  await checkFileFlag(name, options.file);
  if (name === undefined || (name === sampleModelName && (await stat(name).catch(() => null)) === null)) {
    return openSampleModel(options.signal);
  }
  const { signal, openers, stated } = options;
  const download = options.isStreamed === true ? streamRepository : downloadRepository;
  try {
    return await openModelSource(name, {
      ...(openers === undefined ? {} : { openers }),
      endpoint: hubSettings().endpoint,
      download: (request) => download(request, options),
      stated,
      signal,
    });
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
    // The flag was typed, so the command has it.
    suggestions: [retyped(ofFlag, ofName)!],
  });
}

/** The GGUF file of a flag, else of an address; undefined for the address of another file. */
export function chosenFile(ofName: string | null, ofFlag: string | undefined): string | undefined {
  return ofFlag ?? (/\.gguf$/i.test(ofName ?? '') ? ofName! : undefined);
}

/**
 * Refuses `--stream` for a source that is no repository: a file or folder is read from the disk anyway.
 *
 * @throws ToolkitError `INVALID_ARGUMENT`
 */
export async function checkStreamed(name: string | undefined): Promise<void> {
  const found = name === undefined || name === sampleModelName ? null : await readSourceName(name, hubSettings());
  const isLocal = found === null || found.kind === 'folder' || (found.kind === 'file' && (await isSourceFile(name!)));
  // A name that is no source at all is refused when it is opened.
  if (!isLocal) return;
  throw new ToolkitError('INVALID_ARGUMENT', '--stream: the source is no repository, expected one of the hub', {
    suggestions: ['what is on this machine is read where it is: leave out --stream'],
  });
}

/** Refuses `--file` for what is on this machine. @throws ToolkitError `INVALID_ARGUMENT` */
async function checkFileFlag(name: string | undefined, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const found = name === undefined || name === sampleModelName ? null : await readSourceName(name, hubSettings());
  if (found !== null && found.kind !== 'folder' && found.kind !== 'file') return;
  throw new ToolkitError('INVALID_ARGUMENT', `--file ${file}: the source is no repository, expected one of the hub`, {
    suggestions: ['a file on this machine is named as the source itself: leave out --file'],
  });
}

async function isSourceFile(path: string): Promise<boolean> {
  return isPytorchName(path) || (await isGguf(path));
}

/** Opens the bundled sample model, under its own name rather than its folder's. */
export function openSampleModel(signal: AbortSignal): Promise<ModelSource> {
  return openCheckpoint(sampleModelPath, { source: sampleModelName, signal });
}

async function downloadRepository(request: RepositoryRequest, options: NamedSourceOptions): Promise<Snapshot> {
  const revision = chosenRevision(request.revision, options.revision);
  const file = chosenFile(request.file, options.file);
  const events = downloadSnapshot({ repo: request.repo, file, ...(await hubOptions({ ...options, revision })) });
  return downloadedSnapshot(await showDownload(events, options.note));
}

/** @throws ToolkitError `HUB_OFFLINE` */
async function streamRepository(
  { repo, revision, file }: RepositoryRequest,
  options: NamedSourceOptions,
): Promise<Snapshot> {
  const chosen = chosenRevision(revision, options.revision);
  const { offline, ...reachable } = await hubOptions({ ...options, revision: chosen });
  if (offline) {
    throw new ToolkitError('HUB_OFFLINE', `${repo}: offline, expected the hub to be within reach for --stream`, {
      suggestions: ['go online: unset HF_HUB_OFFLINE', 'the cache may have it all: leave out --stream'],
    });
  }
  return streamSnapshot({
    ...reachable,
    repo,
    file: chosenFile(file, options.file),
    download: (small) => showDownload(downloadSnapshot(small), options.note),
  });
}
