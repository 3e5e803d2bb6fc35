// Opens a folder as Hugging Face lays it out: one model.safetensors, or shards listed by an index, seen as one file.

import {
  type ErrorCode,
  escapeControls,
  isToolkitError,
  joinPath,
  listFolder,
  pathStatus,
  quote,
  readRemedies,
  readWholeFile,
  reasonOf,
  ToolkitError,
} from '@llama-ts/base';
import { DOWNLOAD_INDEX, parseIndex, type SafetensorsIndex } from './index-file.js';
import { MAX_HEADER_BYTES, MAX_TENSORS } from './limits.js';
import { openSafetensors, type SafetensorsFile } from './safetensors-file.js';
import type { ReadOptions, TensorInfo, TensorReader } from './tensor-info.js';

const SINGLE_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';
/** Names listed in a message or a warning before it says how many more there are. */
const MAX_LISTED = 5;

/** A tensor and the file of the folder that holds it; `byteOffset` counts from that file's start. */
export interface ShardTensorInfo extends TensorInfo {
  /** Path of the file, relative to the folder, with forward slashes. */
  readonly shard: string;
}

/**
 * Opens every file of a folder's model and checks all headers, and the index against them. A lone `model.safetensors`
 * is preferred to an index, as transformers does.
 *
 * @throws FILE_UNREADABLE, SAFETENSORS_INDEX, LIMIT_EXCEEDED, and what openSafetensors throws for a file
 * @example
 * const folder = await openSafetensorsFolder('Llama-3.2-1B');
 * for (const warning of folder.warnings) console.warn(warning);
 * const firstRows = await folder.read('model.embed_tokens.weight', { end: 1024 * 2048 * 2 });
 * await folder.close();
 */
export async function openSafetensorsFolder(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<SafetensorsFolder> {
  options.signal?.throwIfAborted();
  const names = await namesIn(path);
  const warnings: string[] = [];
  let index: SafetensorsIndex | null = null;
  if (!names.includes(SINGLE_FILE)) {
    if (!names.includes(INDEX_FILE)) throw nothingToOpen(path, names);
    index = await readIndexFile(joinPath(path, INDEX_FILE), options.signal);
  } else if (names.includes(INDEX_FILE)) {
    warnings.push(`${escapeControls(path)}: has both ${SINGLE_FILE} and ${INDEX_FILE}; the index is ignored`);
  }
  const files = new Map<string, SafetensorsFile>();
  try {
    for (const shard of index?.shards ?? [SINGLE_FILE]) {
      if (index !== null) await checkShardExists(path, shard);
      files.set(shard, await openSafetensors(joinPath(path, shard), options));
    }
    const tensors = joinTensors(files, path);
    if (index !== null) warnings.push(...checkIndex(index, tensors, joinPath(path, INDEX_FILE)));
    return new SafetensorsFolder(files, tensors, warnings);
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

/** An open folder. Made by {@link openSafetensorsFolder}; owns its files until {@link SafetensorsFolder.close}. */
export class SafetensorsFolder implements TensorReader<ShardTensorInfo> {
  readonly tensors: ReadonlyMap<string, ShardTensorInfo>;
  /** The open files by relative path, in the order of the index. */
  readonly files: ReadonlyMap<string, SafetensorsFile>;
  /** Odd but harmless findings: a wrong total_size, tensors that the index omits. */
  readonly warnings: readonly string[];

  /** @internal */
  constructor(
    files: ReadonlyMap<string, SafetensorsFile>,
    tensors: ReadonlyMap<string, ShardTensorInfo>,
    warnings: readonly string[],
  ) {
    this.files = files;
    this.tensors = tensors;
    this.warnings = warnings;
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    const tensor = this.tensors.get(name);
    if (tensor === undefined) {
      throw new ToolkitError('TENSOR_NOT_FOUND', `no tensor ${quote(name)}, expected one of ${this.tensors.size}`);
    }
    return this.files.get(tensor.shard)!.read(name, options);
  }

  close(): Promise<void> {
    return closeAll(this.files);
  }
}

async function closeAll(files: ReadonlyMap<string, SafetensorsFile>): Promise<void> {
  await Promise.all([...files.values()].map((file) => file.close()));
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await listFolder(path)).map(({ name }) => name);
  } catch (error) {
    const message = `${escapeControls(path)}: cannot be read as a folder: ${reasonOf(error)}`;
    throw fail('FILE_UNREADABLE', message, readRemedies(path, error, 'rx'), error);
  }
}

function nothingToOpen(path: string, names: readonly string[]): ToolkitError {
  const found = names.length === 0 ? 'nothing' : listed(names);
  return fail('FILE_UNREADABLE', `${escapeControls(path)}: found ${found}, expected ${SINGLE_FILE} or ${INDEX_FILE}`, [
    'put the safetensors files into the folder, then run the same command again',
  ]);
}

async function readIndexFile(path: string, signal: AbortSignal | undefined): Promise<SafetensorsIndex> {
  try {
    const { size } = await pathStatus(path);
    if (size > MAX_HEADER_BYTES) {
      const message = `${escapeControls(path)}: ${size} bytes, expected at most ${MAX_HEADER_BYTES}`;
      throw fail('LIMIT_EXCEEDED', message, [DOWNLOAD_INDEX]);
    }
    return parseIndex(await readWholeFile(path, signal), path);
  } catch (error) {
    signal?.throwIfAborted();
    if (isToolkitError(error)) throw error;
    const message = `${escapeControls(path)}: cannot be read: ${reasonOf(error)}`;
    throw fail('FILE_UNREADABLE', message, readRemedies(path, error), error);
  }
}

async function checkShardExists(path: string, shard: string): Promise<void> {
  try {
    await pathStatus(joinPath(path, shard));
  } catch (error) {
    const message = `${escapeControls(joinPath(path, INDEX_FILE))}: shard ${quote(shard)}: ${reasonOf(error)}, expected a file`;
    const remedy = `download ${quote(shard)} into the folder, then run the same command again`;
    throw fail('SAFETENSORS_INDEX', message, [remedy], error);
  }
}

/** All tensors of all files. Two tensors of one name are refused, because either could be meant. */
function joinTensors(files: ReadonlyMap<string, SafetensorsFile>, path: string): Map<string, ShardTensorInfo> {
  const tensors = new Map<string, ShardTensorInfo>();
  for (const [shard, file] of files) {
    for (const tensor of file.tensors.values()) {
      const other = tensors.get(tensor.name);
      if (other !== undefined) {
        const message = `tensor ${quote(tensor.name)} is in ${quote(other.shard)} and in ${quote(shard)}, expected in one`;
        const remedy = 'remove the shard that is out of date, then run the same command again';
        throw fail('SAFETENSORS_INDEX', `${escapeControls(path)}: ${message}`, [remedy]);
      }
      tensors.set(tensor.name, { ...tensor, shard });
    }
    if (tensors.size > MAX_TENSORS) {
      const message = `${escapeControls(path)}: over ${MAX_TENSORS} tensors in all shards, expected fewer`;
      throw fail('LIMIT_EXCEEDED', message, ['open the shards one by one: openSafetensors(path)']);
    }
  }
  return tensors;
}

/** Refuses an index whose tensors are not where it says; returns what is odd but harmless. */
function checkIndex(index: SafetensorsIndex, tensors: ReadonlyMap<string, ShardTensorInfo>, name: string): string[] {
  const file = escapeControls(name);
  for (const [tensor, shard] of index.weightMap) {
    const found = tensors.get(tensor)?.shard;
    if (found === shard) continue;
    const where = found === undefined ? 'it is in no shard' : `it is in ${quote(found)}`;
    throw fail('SAFETENSORS_INDEX', `${file}: tensor ${quote(tensor)}: ${where}, expected in ${quote(shard)}`, [
      'download the index and all shards again from one revision, then run the same command again',
    ]);
  }
  const warnings: string[] = [];
  const unindexed = [...tensors.keys()].filter((tensor) => !index.weightMap.has(tensor));
  if (unindexed.length > 0) warnings.push(`${file}: weight_map omits ${listed(unindexed)}; kept all the same`);
  const totalBytes = [...tensors.values()].reduce((sum, tensor) => sum + tensor.byteLength, 0);
  if (index.totalSize !== null && index.totalSize !== totalBytes) {
    warnings.push(`${file}: total_size is ${index.totalSize}, but the tensors take ${totalBytes} bytes`);
  }
  return warnings;
}

function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).map(quote).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function fail(code: ErrorCode, message: string, suggestions: string[], cause?: unknown): ToolkitError {
  return new ToolkitError(code, message, { suggestions, cause });
}
