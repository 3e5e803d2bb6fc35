// Describes a .bin file, a GGUF file, a safetensors file or a checkpoint folder as plain data, ready for JSON.

import {
  dirname,
  isToolkitError,
  openFile,
  pathStatus,
  recogniseFormat,
  SNIFF_BYTES,
  shellQuote,
  ToolkitError,
} from '@llama-ts/base';
import {
  type AssumedSettings,
  assumedSettings,
  bitsPerWeightOf,
  type ModelDimensions,
  type Provenance,
} from '@llama-ts/format';
import { openSafetensors } from '@llama-ts/safetensors';
import {
  describeOtherFile,
  describeOtherFolder,
  describeOtherGguf,
  describePytorchFile,
  type OtherDescription,
} from './inspect-other.js';
import { type BinSource, openBinSource } from './source/bin-source.js';
import { openFolderSource } from './source/folder-source.js';
import { isGguf, openGgufSource } from './source/gguf-source.js';
import { type CompleteSource, pathsOf } from './source/model-source.js';
import { isPytorchName, openPytorchSource } from './source/training-source.js';
import { type ModelSummary, type SummaryOptions, summarize } from './summarize-model.js';
import { countValues, type TensorDescription } from './tensor-description.js';

/** A .bin file. */
export interface BinDescription {
  readonly kind: 'bin';
  readonly path: string;
  /** Size of the file in bytes. */
  readonly byteLength: number;
  /** Version of the format, 0 to 3. */
  readonly version: number;
  readonly groupSize: number | null;
  /** Bits that a weight of a matrix takes on average, scales included. */
  readonly bitsPerWeight: number;
  readonly dimensions: ModelDimensions;
  /** Weights in all, shared ones once. */
  readonly nParameters: number;
  /** First byte after the weights. */
  readonly weightsEnd: number;
  readonly tensors: readonly TensorDescription[];
  /** null for a plain file. */
  readonly trailer: (ModelSummary & { readonly byteLength: number; readonly provenance: Provenance }) | null;
  /** The model that a plain file's dimensions are those of; null with a trailer, or where none is recognised. */
  readonly assumed: AssumedSettings | null;
}

/** A safetensors file. */
export interface SafetensorsDescription {
  readonly kind: 'safetensors';
  readonly path: string;
  /** Size of the file in bytes. */
  readonly byteLength: number;
  /** Values of all tensors. */
  readonly nParameters: number;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly tensors: readonly TensorDescription[];
}

/** A Hugging Face folder. */
export interface CheckpointDescription {
  readonly kind: 'checkpoint';
  readonly path: string;
  /** Bytes of all tensors. */
  readonly byteLength: number;
  /** Values of all tensors. */
  readonly nParameters: number;
  readonly dimensions: ModelDimensions;
  readonly model: ModelSummary;
  readonly tensors: readonly TensorDescription[];
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/** A GGUF file, or all parts of a split one, that can be exported. */
export interface GgufDescription {
  readonly kind: 'gguf';
  readonly path: string;
  /** Bytes of all files. */
  readonly byteLength: number;
  /** Values of all tensors. */
  readonly nParameters: number;
  /** Bits that a weight takes on average, scales included. */
  readonly bitsPerWeight: number;
  readonly dimensions: ModelDimensions;
  readonly model: ModelSummary;
  readonly tensors: readonly TensorDescription[];
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/** The results of {@link inspectPath}. */
export type PathDescription =
  | BinDescription
  | GgufDescription
  | SafetensorsDescription
  | CheckpointDescription
  | OtherDescription;

/** Options of {@link inspectPath}. */
export interface InspectOptions extends SummaryOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Describes the file or folder at a path. A folder or a GGUF file that cannot be exported is listed as well, with the reason.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, and what readBinFile and openSafetensors throw
 */
export async function inspectPath(path: string, options: InspectOptions = {}): Promise<PathDescription> {
  options.signal?.throwIfAborted();
  const found = await pathStatus(path).catch(async (cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such file or folder`, {
      suggestions: [`ls ${shellQuote(await nearestFolder(path))}`],
      cause,
    });
  });
  const { signal } = options;
  if (found.isFolder) {
    return inspectCheckpoint(path, openFolderSource(path, { signal }), options, (error) =>
      describeOtherFolder(path, error, signal),
    );
  }
  if (isPytorchName(path)) {
    return inspectCheckpoint(path, openPytorchSource(path, { signal }), options, (error) =>
      describePytorchFile(path, error, signal),
    );
  }
  if (await isGguf(path)) return inspectGguf(path, options);
  const other = await inspectOtherFile(path, options.signal);
  if (other !== null) return other;
  const source = await openBinSource(path, options);
  await source.close();
  return describeBin(source, options);
}

async function inspectGguf(path: string, options: InspectOptions): Promise<GgufDescription | OtherDescription> {
  const { signal } = options;
  const source = await openGgufSource(path, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (!isToolkitError(error)) throw error;
    return error;
  });
  if ('code' in source) return describeOtherGguf(path, source, signal);
  await source.close();
  const { dimensions, tensors, files, warnings } = source;
  const nParameters = countValues(tensors);
  const dataBytes = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const sizes = await Promise.all(pathsOf(source).map(async (file) => (await pathStatus(file)).size));
  return {
    kind: 'gguf',
    path,
    byteLength: sizes.reduce((sum, size) => sum + size, 0),
    nParameters,
    bitsPerWeight: (8 * dataBytes) / nParameters,
    dimensions,
    model: summarize(source, options),
    tensors,
    files,
    warnings,
  };
}

/** Inspects a file that is no .bin; null if its format is unknown. */
async function inspectOtherFile(
  path: string,
  signal: AbortSignal | undefined,
): Promise<SafetensorsDescription | OtherDescription | null> {
  const source = await openFile(path);
  try {
    const start = await source.read(0, Math.min(SNIFF_BYTES, source.byteLength));
    const isSafetensors = path.endsWith('.safetensors') || recogniseFormat(start)?.id === 'safetensors';
    return isSafetensors ? await inspectSafetensors(path, signal) : await describeOtherFile(source, start);
  } finally {
    await source.close();
  }
}

function describeBin(source: BinSource, options: InspectOptions): BinDescription {
  const { bin, name, byteLength, dimensions } = source;
  const { header, layout, trailer } = bin;
  const weights = layout.tensors.filter(({ kind }) => kind !== 'ropeCos' && kind !== 'ropeSin');
  return {
    kind: 'bin',
    path: name,
    byteLength,
    version: header.version,
    groupSize: header.groupSize,
    bitsPerWeight: bitsPerWeightOf(layout),
    dimensions,
    nParameters: weights.reduce((sum, { nValues }) => sum + nValues, 0),
    weightsEnd: layout.weightsEnd,
    tensors: source.tensors,
    trailer: trailer && {
      ...summarize({ ...source, settings: trailer.description }, options),
      byteLength: byteLength - layout.weightsEnd,
      provenance: trailer.description.provenance,
    },
    assumed: trailer === null ? assumedSettings(dimensions) : null,
  };
}

async function inspectSafetensors(path: string, signal: AbortSignal | undefined): Promise<SafetensorsDescription> {
  const file = await openSafetensors(path, { signal });
  try {
    const tensors = [...file.tensors.values()].map((tensor) => ({ ...tensor }));
    return {
      kind: 'safetensors',
      path,
      byteLength: file.byteLength,
      nParameters: countValues(tensors),
      metadata: file.metadata && Object.fromEntries(file.metadata),
      tensors,
    };
  } finally {
    await file.close();
  }
}

async function inspectCheckpoint(
  path: string,
  opening: Promise<CompleteSource>,
  options: InspectOptions,
  describeOther: (error: ToolkitError) => Promise<OtherDescription>,
): Promise<CheckpointDescription | OtherDescription> {
  const source = await opening.catch((error: unknown) => {
    options.signal?.throwIfAborted();
    if (!isToolkitError(error)) throw error;
    return error;
  });
  if ('code' in source) return describeOther(source);
  await source.close();
  const { dimensions, tensors, files, warnings } = source;
  return {
    kind: 'checkpoint',
    path,
    byteLength: tensors.reduce((sum, { byteLength }) => sum + byteLength, 0),
    nParameters: countValues(tensors),
    dimensions,
    model: summarize(source, options),
    tensors,
    files,
    warnings,
  };
}

/** The last folder of a path that is there. */
async function nearestFolder(path: string): Promise<string> {
  const folder = dirname(path);
  const isThere = folder === dirname(folder) || (await pathStatus(folder).catch(() => null)) !== null;
  return isThere ? folder : nearestFolder(folder);
}
