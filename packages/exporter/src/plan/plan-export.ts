// Says what an export to .bin would read, download, write and need, before the first large byte.

import {
  type BinVersion,
  chooseGroupSize,
  encodeTokenizerBin,
  encodeTrailer,
  layout,
  type ModelDimensions,
  matrixEncoding,
} from '@llama-ts/format';
import type { Checkpoint } from '../checkpoint/open-checkpoint.js';
import { describeModel } from '../describe-model.js';
import type { ExportOptions } from '../export-model.js';
import { checkOutput } from '../output/check-output.js';
import { blockMemoryBytes } from '../output/row-blocks.js';
import { type Plan, type PlannedSource, settlePlan } from './plan.js';
import { type PlannedRepositoryOptions, plannedCheckpoint, plannedRepository } from './planned-source.js';

/** Room of the trailer besides tokenizer and template: settings, provenance, 32 bytes a tensor. */
const TRAILER_SLACK_BYTES = 1_000_000;
const SHA256_BYTES = 32;

/** What an export would do. */
export interface ExportPlan extends Plan {
  readonly version: BinVersion;
  /** null for v0 and v1. */
  readonly groupSize: number | null;
}

/** What is to be written. */
export type PlannedExportOptions = Pick<
  ExportOptions,
  'output' | 'version' | 'groupSize' | 'plain' | 'tokenizerBin' | 'force'
>;

/** Options of {@link planExport}. */
export interface PlanExportOptions extends PlannedExportOptions {
  /** Stays open. */
  readonly source: Checkpoint;
}

/** Options of {@link planHubExport}. */
export interface PlanHubExportOptions extends PlannedExportOptions, PlannedRepositoryOptions {}

/**
 * Plans the export of a checkpoint that is here. Reads no weight and writes nothing.
 *
 * @throws ToolkitError `BAD_GROUP_SIZE`, and what checking the output throws
 */
export async function planExport({ source, ...options }: PlanExportOptions): Promise<ExportPlan> {
  const { dimensions, tokenizer } = source;
  const planned = await plannedCheckpoint(source);
  const files = planned.inputs.map(({ path, byteLength }) => {
    return { path, byteLength, sha256: '0'.repeat(2 * SHA256_BYTES) };
  });
  return completePlan(options, planned, {
    dimensions,
    isExact: true,
    trailerBytes({ nTensors, weightsEnd }) {
      const checksums = { header: noChecksum(), tensors: Array.from({ length: nTensors }, noChecksum) };
      return encodeTrailer({ description: describeModel(source, files), tokenizer, checksums }, weightsEnd).byteLength;
    },
    tokenizerBinBytes: tokenizer === null ? 0 : encodeTokenizerBin(tokenizer).byteLength,
  });
}

/**
 * Plans the export of a repository: lists it and reads its config.json, and changes nothing on this machine.
 *
 * @throws ToolkitError what planDownload throws, `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `BAD_GROUP_SIZE`, and what checking
 *   the output throws
 */
export async function planHubExport(options: PlanHubExportOptions): Promise<ExportPlan> {
  const { planned, config } = await plannedRepository(options);
  const { dimensions, tiedEmbeddings } = config;
  return completePlan(options, planned, {
    dimensions: { ...dimensions, sharedClassifier: tiedEmbeddings },
    isExact: options.plain === true && options.tokenizerBin === undefined && tiedEmbeddings,
    // Each token and each merge takes more room in JSON than in the trailer.
    trailerBytes: () => planned.textBytes + TRAILER_SLACK_BYTES,
    tokenizerBinBytes: planned.textBytes,
  });
}

/** What the lengths of the outputs follow from. */
interface PlannedModel extends Pick<Plan, 'isExact'> {
  readonly dimensions: ModelDimensions;
  readonly trailerBytes: (weights: { readonly nTensors: number; readonly weightsEnd: number }) => number;
  readonly tokenizerBinBytes: number;
}

async function completePlan(
  options: PlannedExportOptions,
  planned: PlannedSource,
  model: PlannedModel,
): Promise<ExportPlan> {
  const { output, version = 1, plain = false, tokenizerBin, force } = options;
  const { dimensions, isExact } = model;
  const groupSize = version === 2 ? chooseGroupSize(dimensions, options.groupSize) : null;
  const { weightsEnd, tensors } = layout({ version, dimensions, groupSize });
  const trailerBytes = plain ? 0 : model.trailerBytes({ nTensors: tensors.length, weightsEnd });
  const outputs = [{ path: output, byteLength: weightsEnd + trailerBytes }];
  if (tokenizerBin !== undefined) outputs.push({ path: tokenizerBin, byteLength: model.tokenizerBinBytes });
  for (const { path } of outputs) await checkOutput(path, { force, inputs: planned.inputPaths });
  const plan = await settlePlan(planned, {
    outputs,
    isExact,
    blockMemoryBytes: blockMemoryBytes(matrixEncoding(groupSize)),
  });
  return { version, groupSize, ...plan };
}

function noChecksum(): Uint8Array {
  return new Uint8Array(SHA256_BYTES);
}
