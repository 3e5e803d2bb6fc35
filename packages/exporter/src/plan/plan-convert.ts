// Says what writing GGUF or safetensors would read, download, write and need, before any weight is read.

import { checkOutput, checkOutputFolder } from '@llama-ts/durable';
import { openSafetensors } from '@llama-ts/safetensors';
import { NO_GENERATION_DEFAULTS } from '../checkpoint/generation-config.js';
import { checkpointNames, soleDtype } from '../checkpoint/tensor-names.js';
import { type ConvertOptions, type ConvertTarget, DEFAULT_SHARD_BYTES, misplaced } from '../convert/convert-model.js';
import { divideIntoShards, shardHeader } from '../convert/hf-shards.js';
import { hfTexts } from '../convert/hf-texts.js';
import type { FloatType, WeightType } from '../convert/weight-types.js';
import { ggufLayout } from '../convert/write-gguf-model.js';
import { HF_FILES } from '../convert/write-hf-folder.js';
import { openFilePass } from '../hub/file-pass.js';
import type { CompleteFacts, ModelSource } from '../source/model-source.js';
import { modelTensors } from '../weights/model-tensors.js';
import { type Plan, type PlannedSource, settlePlan, sum } from './plan.js';
import {
  type PlannedRepository,
  type PlannedRepositoryOptions,
  plannedRepository,
  plannedSource,
} from './planned-source.js';

/** Blocks of weights, and encoded ones that wait for the collector; measured. */
const BLOCK_MEMORY_BYTES = 100_000_000;
/**
 * A tokenizer that is not read yet is written in at most this many times its bytes: tiktoken's file in base64 states no
 * merge, and GGUF all of them, in characters of up to two bytes.
 */
const TEXT_GROWTH = 4;
/** Quotes, commas, ids and indentation around a token or a merge. */
const TEXT_ENTRY_BYTES = 64;
/** Settings, the index of shards. */
const SLACK_BYTES = 1_000_000;

/** Formats of these plans. */
export type PlannedFormat = Extract<ConvertTarget, 'gguf' | 'safetensors'>;

/** A conversion that has not begun. */
export interface ConvertPlan extends Plan {
  readonly to: PlannedFormat;
  /** How the weights would be stored; null where only all weights can tell: F32 at most. */
  readonly type: WeightType | null;
}

/** The model to write. */
export interface PlannedConvertOptions extends Pick<ConvertOptions, 'output' | 'type' | 'maxShardBytes' | 'force'> {
  readonly to: PlannedFormat;
}

/** Options of {@link planConvert}. */
export interface PlanConvertOptions extends PlannedConvertOptions {
  /** Stays open. */
  readonly source: ModelSource;
}

/** Options of {@link planHubConvert}. */
export interface PlanHubConvertOptions extends PlannedConvertOptions, PlannedRepositoryOptions {}

/**
 * Plans the conversion of a source that is here. Reads no weight and writes nothing.
 *
 * @throws ToolkitError `TYPE_UNFIT`, `INVALID_ARGUMENT`, and what checking the output throws
 */
export async function planConvert({ source, ...options }: PlanConvertOptions): Promise<ConvertPlan> {
  return completePlan(options, await plannedSource(source), {
    facts: { ...source, ...source.complete({}) },
    storedType: source.storedType,
    isExact: true,
    textBytes: 0,
  });
}

/**
 * Plans the conversion of a repository: lists it, reads its config.json and, without a type, the headers of its weights, or
 * the header of its GGUF file; changes nothing on this machine.
 *
 * @throws ToolkitError what planDownload throws, `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `TYPE_UNFIT`,
 *   `INVALID_ARGUMENT`, what checking the output throws; ToolkitError of a damaged header
 */
export async function planHubConvert(options: PlanHubConvertOptions): Promise<ConvertPlan> {
  const repository = await plannedRepository(options);
  const { planned, model } = repository;
  const { dimensions, settings } = model;
  const facts: CompleteFacts = {
    dimensions,
    settings,
    generation: NO_GENERATION_DEFAULTS,
    tokenizer: null,
    chatTemplate: null,
    modelName: planned.source,
  };
  return completePlan(options, planned, {
    facts,
    storedType: options.type === undefined ? await storedTypeOf(repository, options) : null,
    isExact: false,
    textBytes: SLACK_BYTES + TEXT_GROWTH * planned.textBytes + 2 * TEXT_ENTRY_BYTES * dimensions.vocabSize,
  });
}

/** The facts that decide the lengths of the outputs. */
interface PlannedModel extends Pick<Plan, 'isExact'> {
  readonly facts: CompleteFacts;
  /** null where several types are, or where it was not looked up. */
  readonly storedType: FloatType | null;
  /** Bytes for what `facts` do not hold. */
  readonly textBytes: number;
}

async function completePlan(
  options: PlannedConvertOptions,
  planned: PlannedSource,
  { facts, storedType, isExact, textBytes }: PlannedModel,
): Promise<ConvertPlan> {
  const { output, to } = options;
  const type = options.type ?? storedType;
  const byteLength = textBytes + outputBytes(options, facts, type ?? 'F32');
  await checkTarget(options, planned.inputPaths);
  const plan = await settlePlan(planned, {
    outputs: [{ path: output, byteLength }],
    isExact: isExact && type !== null,
    blockMemoryBytes: BLOCK_MEMORY_BYTES,
  });
  return { to, type, ...plan };
}

function outputBytes(
  { to, maxShardBytes = DEFAULT_SHARD_BYTES }: PlannedConvertOptions,
  facts: CompleteFacts,
  type: WeightType,
): number {
  if (to === 'gguf') return ggufLayout(facts, () => type).header.fileByteLength;
  if (type === 'Q8_0') throw misplaced('type Q8_0', '--type', to, 'gguf');
  const shards = divideIntoShards(modelTensors(facts.dimensions), type, maxShardBytes);
  const weightBytes = shards.map((shard) => shardHeader(shard, type).fileByteLength);
  const texts = hfTexts(facts, shards, type).map(({ bytes }) => bytes().byteLength);
  return sum([...weightBytes, ...texts]);
}

async function checkTarget({ output, to, force }: PlannedConvertOptions, inputs: readonly string[]): Promise<void> {
  if (to === 'gguf') await checkOutput(output, { force, inputs });
  else await checkOutputFolder(output, { force, inputs, ownFiles: HF_FILES });
}

/** The one type of a repository's weights, by the headers of their files, some kB each; null for several. */
async function storedTypeOf(
  { planned, model, download, connection }: PlannedRepository,
  { signal, onRetry = () => undefined }: Pick<PlannedRepositoryOptions, 'signal' | 'onRetry'>,
): Promise<FloatType | null> {
  if (model.storedType !== undefined) return model.storedType;
  const wanted = new Set(checkpointNames(model.dimensions));
  const dtypes = new Set<string>();
  const { repo, commit } = download;
  for (const file of download.files.filter(({ path }) => path.endsWith('.safetensors'))) {
    const { blob } = openFilePass({ connection, repo, commit, file, signal, onRetry });
    const { tensors } = await openSafetensors(blob, { name: `${planned.source}/${file.path}`, signal });
    for (const { name, dtype } of tensors.values()) if (wanted.has(name)) dtypes.add(dtype);
  }
  return soleDtype(dtypes);
}
