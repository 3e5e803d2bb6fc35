// Describes a .bin file, a safetensors file or a checkpoint folder as plain data, ready for JSON.

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type AssumedSettings,
  assumedSettings,
  type BinFile,
  type BoundaryTokens,
  type ByteSource,
  countUsedTokens,
  describeForeignBytes,
  type EndTokenSource,
  type ForwardSettings,
  type GenerationDefaults,
  isToolkitError,
  type ModelDimensions,
  openFile,
  type Provenance,
  readBinFile,
  type TokenizerData,
  ToolkitError,
} from '@llama-ts/format';
import { openSafetensors } from '@llama-ts/safetensors';
import { describeOtherFile, describeOtherFolder, type OtherDescription } from './inspect-other.js';
import { shellWord } from './shell-word.js';
import { openFolder } from './source/open-source.js';
import { countValues, type TensorDescription } from './tensor-description.js';

/** Bytes that tell a safetensors file from others. */
const SNIFF_BYTES = 32;

/** A tokenizer in numbers. */
export interface TokenizerDescription {
  readonly splitPattern: string;
  readonly nTokens: number;
  /** null when merges follow from the ids. */
  readonly nMerges: number | null;
  readonly nSpecialTokens: number;
  /** Added tokens that are not special. */
  readonly nAddedTokens: number;
  /** Ids from here on are unused. */
  readonly nUsedTokens: number;
}

/** What a model is, where the file says so. */
export interface ModelSummary extends ForwardSettings {
  readonly bosId: number | null;
  readonly eosIds: readonly number[];
  /** Where the end tokens come from; files of older versions do not say it, so that `sources` may be empty. */
  readonly eosSources: readonly EndTokenSource[];
  readonly generation: GenerationDefaults;
  readonly tokenizer: TokenizerDescription | null;
  readonly hasChatTemplate: boolean;
}

/** A .bin file. */
export interface BinDescription {
  readonly kind: 'bin';
  readonly path: string;
  readonly byteLength: number;
  readonly version: number;
  readonly groupSize: number | null;
  readonly dimensions: ModelDimensions;
  /** Weights in all, shared ones once. */
  readonly nParameters: number;
  readonly weightsEnd: number;
  readonly tensors: readonly TensorDescription[];
  /** null for a plain file. */
  readonly trailer: (ModelSummary & { readonly byteLength: number; readonly provenance: Provenance }) | null;
  /** What a plain file's model is taken to be by its dimensions; null with a trailer, or where nothing is recognised. */
  readonly assumed: AssumedSettings | null;
}

/** A safetensors file. */
export interface SafetensorsDescription {
  readonly kind: 'safetensors';
  readonly path: string;
  readonly byteLength: number;
  readonly nParameters: number;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly tensors: readonly TensorDescription[];
}

/** A Hugging Face folder. */
export interface CheckpointDescription {
  readonly kind: 'checkpoint';
  readonly path: string;
  /** Of all tensors. */
  readonly byteLength: number;
  readonly nParameters: number;
  readonly dimensions: ModelDimensions;
  readonly model: ModelSummary;
  readonly tensors: readonly TensorDescription[];
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/** What {@link inspectPath} finds. */
export type PathDescription = BinDescription | SafetensorsDescription | CheckpointDescription | OtherDescription;

/** Options of {@link inspectPath}. */
export interface InspectOptions {
  /** Finds the token that a chat template ends an answer with: `findTurnEnd` of the runtime; default none. */
  readonly findTurnEnd?: (tokenizer: TokenizerData, chatTemplate: string, bosId: number | null) => number | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at a path and describes what is there. A folder that cannot be exported is listed all the same, with the reason. No matrix is read, except to see whether a classifier is shared.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, and what readBinFile and openSafetensors throw
 */
export async function inspectPath(path: string, options: InspectOptions = {}): Promise<PathDescription> {
  options.signal?.throwIfAborted();
  const found = await stat(path).catch((cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such file or folder`, {
      suggestions: [`ls ${shellWord(dirname(path))}`],
      cause,
    });
  });
  if (found.isDirectory()) return inspectCheckpoint(path, options);
  const source = await openFile(path);
  try {
    const start = await source.read(0, Math.min(SNIFF_BYTES, source.byteLength));
    const isSafetensors = path.endsWith('.safetensors') || describeForeignBytes(start) === 'a safetensors file';
    const other = isSafetensors ? null : await describeOtherFile(source, start);
    if (other !== null) return other;
    return isSafetensors
      ? await inspectSafetensors(path, options.signal)
      : describeBin(source, await readBinFile(source), options);
  } finally {
    await source.close();
  }
}

function describeBin(
  { name, byteLength }: ByteSource,
  { header, layout, trailer }: BinFile,
  options: InspectOptions,
): BinDescription {
  const weights = layout.tensors.filter(({ kind }) => kind !== 'ropeCos' && kind !== 'ropeSin');
  return {
    kind: 'bin',
    path: name,
    byteLength,
    version: header.version,
    groupSize: header.groupSize,
    dimensions: header.dimensions,
    nParameters: weights.reduce((sum, { nValues }) => sum + nValues, 0),
    weightsEnd: layout.weightsEnd,
    tensors: layout.tensors.map((tensor) => ({
      name: tensor.name,
      dtype: tensor.encoding.id,
      shape: tensor.shape,
      byteOffset: tensor.byteOffset,
      byteLength: tensor.byteLength,
    })),
    trailer: trailer && {
      ...summarize({ settings: trailer.description, ...trailer.description, tokenizer: trailer.tokenizer }, options),
      byteLength: byteLength - layout.weightsEnd,
      provenance: trailer.description.provenance,
    },
    assumed: trailer === null ? assumedSettings(header.dimensions) : null,
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
  options: InspectOptions,
): Promise<CheckpointDescription | OtherDescription> {
  const { signal } = options;
  const checkpoint = await openFolder(path, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (!isToolkitError(error)) throw error;
    return error;
  });
  if ('code' in checkpoint) return describeOtherFolder(path, checkpoint, signal);
  try {
    const { dimensions, files, warnings } = checkpoint;
    const tensors = [...checkpoint.reader.tensors.values()].map(({ shard, ...tensor }) => ({
      ...tensor,
      file: shard,
    }));
    return {
      kind: 'checkpoint',
      path,
      byteLength: tensors.reduce((sum, { byteLength }) => sum + byteLength, 0),
      nParameters: countValues(tensors),
      dimensions,
      model: summarize(checkpoint, options),
      tensors,
      files,
      warnings,
    };
  } finally {
    await checkpoint.close();
  }
}

/** What a summary is made of. */
interface Summarized {
  readonly settings: ForwardSettings & BoundaryTokens;
  readonly eosSources?: readonly EndTokenSource[] | undefined;
  readonly generation: GenerationDefaults;
  readonly tokenizer: TokenizerData | null;
  readonly chatTemplate: string | null;
}

function summarize(model: Summarized, { findTurnEnd }: InspectOptions): ModelSummary {
  const { settings, generation, tokenizer, chatTemplate } = model;
  const { ropeTheta, ropeScaling, normEpsilon, bosId } = settings;
  const turnEnd =
    tokenizer === null || chatTemplate === null ? null : (findTurnEnd?.(tokenizer, chatTemplate, bosId) ?? null);
  const eosSources = withTurnEnd(model, turnEnd);
  return {
    ropeTheta,
    ropeScaling,
    normEpsilon,
    bosId,
    eosIds: eosSources.map(({ id }) => id),
    eosSources,
    generation,
    tokenizer: tokenizer && {
      splitPattern: tokenizer.splitPattern,
      nTokens: tokenizer.nTokens,
      nUsedTokens: countUsedTokens(tokenizer),
      nMerges: tokenizer.merges && tokenizer.merges.length / 2,
      nSpecialTokens: tokenizer.specialTokens.length,
      nAddedTokens: tokenizer.addedTokens?.length ?? 0,
    },
    hasChatTemplate: chatTemplate !== null,
  };
}

/** End tokens of the files and of the template; a file of an older version names none of its sources. */
function withTurnEnd({ settings, eosSources }: Summarized, turnEnd: number | null): readonly EndTokenSource[] {
  const named = eosSources ?? settings.eosIds.map((id) => ({ id, sources: [] }));
  if (turnEnd === null || turnEnd === settings.bosId) return named;
  const isNamed = named.some(({ id }) => id === turnEnd);
  const all = isNamed ? named : [...named, { id: turnEnd, sources: [] }];
  return all.map(({ id, sources }) => ({ id, sources: id === turnEnd ? [...sources, 'chat template'] : sources }));
}
