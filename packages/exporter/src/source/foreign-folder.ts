// The error of a folder that is no checkpoint: what it is, and what to do.

import {
  basename,
  type JsonObject,
  joinPath,
  listFolder,
  pathStatus,
  resolvePath,
  shellQuote,
  ToolkitError,
} from '@llama-ts/base';
import { parseIndex } from '@llama-ts/safetensors';
import { weightFilesOf } from '../checkpoint/weight-files.js';
import { readJsonFile, readSmallFile } from '../json-fields.js';
import { type ForeignCheckpoint, recogniseForeignCheckpoint } from './foreign-checkpoint.js';
import { originalModel } from './original-model.js';

/** Folders of checkpoints hold dozens of files; the listing of a home folder stops here. */
const MAX_PATHS = 2_000;
/** Levels of folders below the one that is named. */
const MAX_DEPTH = 2;
const MAX_TEXT_BYTES = 1024 * 1024;
/** An index of 405B parameters has about 100 kB. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024;
/** Names shown of a folder that holds nothing known. */
const MAX_SHOWN = 5;

/** The small files of a folder; null for files that do not exist or cannot be read. */
export interface FolderTraces {
  /** Paths of files, down to two levels. */
  readonly paths: readonly string[];
  readonly config: JsonObject | null;
  readonly adapterConfig: JsonObject | null;
  /** Unquantized, unmerged model that the files name. */
  readonly original: string | null;
}

/** Reads the names in a folder and the small files that tell what it is. Damaged ones count as absent. */
export async function readTraces(folder: string, signal?: AbortSignal): Promise<FolderTraces> {
  const paths: string[] = [];
  await listInto(paths, folder, '', signal);
  const json = (name: string) =>
    readJsonFile(joinPath(folder, name), { code: 'BAD_CONFIG' as const, maxBytes: MAX_TEXT_BYTES, signal }).catch(
      () => null,
    );
  const [config, adapterConfig] = await Promise.all([json('config.json'), json('adapter_config.json')]);
  const options = { code: 'BAD_CONFIG' as const, maxBytes: MAX_TEXT_BYTES, signal };
  const readme = await readSmallFile(joinPath(folder, 'README.md'), options).catch(() => null);
  signal?.throwIfAborted();
  const name = basename(resolvePath(folder));
  return { paths, config, adapterConfig, original: originalModel({ name, config, readme: textOf(readme) }) };
}

/** A description of a folder that is no checkpoint, or null if nothing is recognised. */
function foreignFolder(folder: string, traces: FolderTraces): ForeignCheckpoint | null {
  return recogniseForeignCheckpoint({
    ...traces,
    name: folder,
    adapterBase: adapterBase(traces.adapterConfig),
    isRemote: false,
  });
}

/** The error of a folder without config.json: what it is, where something is recognised. */
export async function notACheckpoint(folder: string, signal?: AbortSignal): Promise<ToolkitError> {
  const traces = await readTraces(folder, signal);
  const found = (await originalBesideCheckpoint(folder)) ?? foreignFolder(folder, traces);
  if (found !== null) return refusal(folder, found);
  const names = traces.paths.slice(0, MAX_SHOWN).join(', ');
  const more = traces.paths.length > MAX_SHOWN ? ' …' : '';
  const holds = traces.paths.length === 0 ? 'holds no file' : `holds ${names}${more} and no config.json`;
  return new ToolkitError('BAD_CONFIG', `${folder}: ${holds}, expected a checkpoint: config.json and safetensors`, {
    suggestions: [
      ...(traces.paths.length === 0 ? [] : [`ls ${shellQuote(folder)}`]),
      'a checkpoint of the hub: llama export meta-llama/Llama-3.2-1B-Instruct',
    ],
  });
}

/** The error of a folder with config.json whose weights are of another kind or incomplete; null for others. */
export async function incompleteness(folder: string, signal?: AbortSignal): Promise<ToolkitError | null> {
  const traces = await readTraces(folder, signal);
  const found = foreignFolder(folder, traces) ?? (await incompleteCheckpoint(folder, traces, signal));
  return found && refusal(folder, found);
}

/** @param name folder or repository */
export function refusal(name: string, { what, expected, suggestions }: ForeignCheckpoint): ToolkitError {
  const verb = what.startsWith('a ') || what.startsWith('an ') ? 'is' : 'holds';
  return new ToolkitError('NOT_A_CHECKPOINT', `${name}: ${verb} ${what}; expected ${expected}`, { suggestions });
}

/** PEFT's name of the base model, or that of MLX. */
export function adapterBase(config: JsonObject | null): string | null {
  const base = config?.base_model_name_or_path ?? config?.model;
  return typeof base === 'string' && base !== '' ? base : null;
}

/** `original/` of a checkpoint: the checkpoint is the folder above. */
async function originalBesideCheckpoint(folder: string): Promise<ForeignCheckpoint | null> {
  const above = joinPath(folder, '..');
  if (basename(resolvePath(folder)) !== 'original') return null;
  const entries = await listFolder(above).catch(() => []);
  if (!entries.some(({ name }) => name === 'config.json')) return null;
  return {
    what: 'Meta’s original files of the checkpoint above it',
    expected: 'that checkpoint',
    suggestions: [`llama export ${shellQuote(above)}`],
  };
}

/** Shards that the index names and the folder lacks. */
async function incompleteCheckpoint(
  folder: string,
  { paths, original }: FolderTraces,
  signal: AbortSignal | undefined,
): Promise<ForeignCheckpoint | null> {
  const files = weightFilesOf(paths);
  if (files === null || paths.includes(files.single)) return null;
  const { index, pattern } = files;
  const options = { code: 'BAD_CONFIG' as const, maxBytes: MAX_INDEX_BYTES, signal };
  const bytes = await readSmallFile(joinPath(folder, index), options).catch(() => null);
  if (bytes === null) return null;
  let shards: readonly string[];
  try {
    shards = parseIndex(bytes, index).shards;
  } catch {
    return null;
  }
  const isThere = await Promise.all(
    shards.map((shard) =>
      pathStatus(joinPath(folder, shard)).then(
        () => true,
        () => false,
      ),
    ),
  );
  const missing = shards.filter((_, i) => !isThere[i]);
  if (missing.length === 0) return null;
  const shown = missing.slice(0, MAX_SHOWN).join(' ');
  return {
    what: `${shards.length - missing.length} of the ${shards.length} shards that its index names`,
    expected: `${shown}${missing.length > MAX_SHOWN ? ` and ${missing.length - MAX_SHOWN} more` : ''} as well`,
    suggestions: [
      `hf download ${shellQuote(original ?? 'OWNER/NAME')} --include ${shellQuote(pattern)} --local-dir ${shellQuote(folder)}`,
    ],
  };
}

async function listInto(
  paths: string[],
  folder: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const entries = await listFolder(joinPath(folder, prefix)).catch(() => []);
  for (const entry of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (paths.length >= MAX_PATHS) return;
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    // A hub cache holds links to files.
    if (!entry.isFolder) paths.push(path);
    else if (!entry.name.startsWith('.') && prefix.split('/').length < MAX_DEPTH)
      await listInto(paths, folder, path, signal);
  }
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : new TextDecoder().decode(bytes);
}
