// Models that llama-gguf-split divided: NAME-00001-of-0000N.gguf, each a GGUF file, the first with the metadata of all.

import {
  basename,
  dirname,
  escapeControls,
  isToolkitError,
  joinPath,
  type Openable,
  quote,
  ToolkitError,
} from '@llama-ts/base';
import { type GgufFile, openGguf } from './gguf-file.js';
import { MAX_SPLIT_FILES, MAX_TENSORS } from './limits.js';
import { ggufError } from './reader/gguf-error.js';
import type { ReadGgufValue } from './reader/read-metadata.js';
import type { GgufTensor } from './reader/tensor-table.js';

/** A tensor, and which of the files holds it. */
export interface SplitTensor extends GgufTensor {
  /** Index of the file; `byteOffset` counts from its start. */
  readonly part: number;
}

/** All files of a model, open. */
export interface GgufFiles {
  /** In their order; one for a model that is not split. */
  readonly files: readonly GgufFile[];
  /** Metadata of the first file. */
  readonly metadata: GgufFile['metadata'];
  /** Tensors of all files, those of a file in the order of its data. */
  readonly tensors: ReadonlyMap<string, SplitTensor>;
  /** May be called more than once. */
  close(): Promise<void>;
}

const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s;

/** Names of all files of the model that a file belongs to, in order; the name alone for one that is not split. */
export function splitFileNames(name: string): readonly string[] {
  const [, start, part, count] = PART.exec(name) ?? [];
  if (count === undefined || Number(count) < 1 || Number(count) > MAX_SPLIT_FILES) return [name];
  if (Number(part) < 1 || Number(part) > Number(count)) return [name];
  return Array.from(
    { length: Number(count) },
    (_, part) => `${start}-${String(part + 1).padStart(5, '0')}-of-${count}.gguf`,
  );
}

/** Options of {@link openGgufFiles}. */
export interface OpenGgufFilesOptions {
  /** Gives the bytes at a path; default the file there. Messages name the path. */
  readonly open?: ((path: string) => Openable) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the file at a path, and with one of several parts all of them, from the same folder.
 *
 * @throws GGUF_HEADER for parts that do not belong together, and what openGguf throws
 * @example const model = await openGgufFiles('Llama-3.1-70B-Q8_0-00001-of-00002.gguf');
 */
export async function openGgufFiles(
  path: string,
  { open = (partPath) => partPath, signal }: OpenGgufFilesOptions = {},
): Promise<GgufFiles> {
  const names = splitFileNames(basename(path));
  const paths = names.length === 1 ? [path] : names.map((name) => joinPath(dirname(path), name));
  const files: GgufFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(files.map((file) => file.close()));
  };
  try {
    for (const [part, partPath] of paths.entries()) {
      files.push(await openPart(partPath, { path, part, count: paths.length, open, signal }));
    }
    return { files, metadata: files[0]!.metadata, tensors: joinTensors(files), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Part {
  /** The path that was named. */
  readonly path: string;
  readonly part: number;
  readonly count: number;
  readonly open: (path: string) => Openable;
  readonly signal: AbortSignal | undefined;
}

async function openPart(partPath: string, { path, part, count, open, signal }: Part): Promise<GgufFile> {
  const file = await openGguf(open(partPath), { name: partPath, signal }).catch((cause: unknown) => {
    if (partPath === path || !isToolkitError(cause) || cause.code !== 'FILE_NOT_FOUND') throw cause;
    const shown = escapeControls(partPath);
    throw new ToolkitError('FILE_NOT_FOUND', `${shown}: is not there, expected it beside ${basename(path)}`, {
      suggestions: [`put all ${count} parts of the model into one folder, then run the same command again`],
      cause,
    });
  });
  const [stated, total] = [numberOf(file.metadata.get('split.no')), numberOf(file.metadata.get('split.count'))];
  // A file that is renamed, or was never split, does not say that there are parts.
  if ((stated ?? 0) === part && (total ?? 1) === (total === undefined ? 1 : count)) return file;
  await file.close();
  const found = `is part ${(stated ?? 0) + 1} of ${total ?? 1}`;
  throw ggufError('GGUF_HEADER', partPath, `${found}, expected part ${part + 1} of ${count}`, [
    'give each part its own name back, then run the same command again',
  ]);
}

/** The tensors of all files. @throws GGUF_TENSOR, GGUF_HEADER, LIMIT_EXCEEDED */
function joinTensors(files: readonly GgufFile[]): ReadonlyMap<string, SplitTensor> {
  const tensors = new Map<string, SplitTensor>();
  for (const [part, file] of files.entries()) {
    for (const tensor of file.tensors.values()) {
      if (tensors.has(tensor.name)) {
        throw ggufError('GGUF_TENSOR', file.name, `tensor ${quote(tensor.name)} is in two parts, expected it in one`);
      }
      tensors.set(tensor.name, { ...tensor, part });
    }
    if (tensors.size > MAX_TENSORS) {
      throw ggufError('LIMIT_EXCEEDED', file.name, `over ${MAX_TENSORS} tensors in all parts, expected fewer`);
    }
  }
  const [first] = files;
  const stated = numberOf(first!.metadata.get('split.tensors.count'));
  if (stated === undefined || stated === tensors.size) return tensors;
  throw ggufError('GGUF_HEADER', first!.name, `split.tensors.count ${stated}, expected ${tensors.size}, all tensors`);
}

function numberOf(value: ReadGgufValue | undefined): number | undefined {
  return value !== undefined && value.kind !== 'array' && typeof value.value === 'number' ? value.value : undefined;
}
