// Says what an export would read, download, write and need, before the first large byte.

import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type BinVersion,
  chooseGroupSize,
  encodeTokenizerBin,
  encodeTrailer,
  layout,
  type ModelDimensions,
} from '@llama-ts/format';
import { parseConfig } from './checkpoint/config.js';
import type { Checkpoint } from './checkpoint/open-checkpoint.js';
import { describeModel } from './describe-model.js';
import type { ExportOptions } from './export-model.js';
import { type PlanDownloadOptions, planDownloadWith } from './hub/plan-download.js';
import { parseJson } from './json-fields.js';
import { checkOutput } from './output/check-output.js';
import { type DiskNeed, diskNeeds } from './output/disk-space.js';
import { blockMemoryBytes } from './output/row-blocks.js';

/** Node, the program, and the heap of a model without a tokenizer; measured. */
const BASE_MEMORY_BYTES = 95_000_000;
/** A tokenizer.json's bytes, its tokens, and what reading it leaves for the collector; measured. */
const MEMORY_PER_TOKENIZER_BYTE = 6;
/** Room of the trailer besides tokenizer and template: settings, provenance, 32 bytes a tensor. */
const TRAILER_SLACK_BYTES = 1_000_000;
const SHA256_BYTES = 32;

/** A file that an export reads. */
export interface PlannedInput {
  /** Relative to the folder or repository. */
  readonly path: string;
  readonly byteLength: number;
  /** Bytes of it that are on this machine. */
  readonly cachedBytes: number;
}

/** A file that an export writes. */
export interface PlannedOutput {
  readonly path: string;
  readonly byteLength: number;
}

/** What an export would do. */
export interface ExportPlan {
  /** Repository id or folder name. */
  readonly source: string;
  /** Resolved commit on the hub; null for a folder. */
  readonly commit: string | null;
  readonly version: BinVersion;
  /** null for v0 and v1. */
  readonly groupSize: number | null;
  readonly inputs: readonly PlannedInput[];
  /** Bytes of all inputs. */
  readonly readBytes: number;
  /** Bytes of them that are still to come. */
  readonly downloadBytes: number;
  readonly outputs: readonly PlannedOutput[];
  /** Bytes of all outputs. */
  readonly outputBytes: number;
  /** false while tokenizer or weights are not here: the outputs are then at most this large. */
  readonly isExact: boolean;
  /** Most memory the export is expected to take. */
  readonly peakMemoryBytes: number;
  /** One entry a disk that is written to. */
  readonly disks: readonly DiskNeed[];
  /** Whether every disk has the room. */
  readonly fits: boolean;
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
export interface PlanHubExportOptions extends PlannedExportOptions, PlanDownloadOptions {
  /** The weights are not kept. Default false. */
  readonly stream?: boolean | undefined;
}

/**
 * Plans the export of a checkpoint that is here. Reads no weight and writes nothing.
 *
 * @throws ToolkitError `BAD_GROUP_SIZE`, and what checking the output throws
 */
export async function planExport({ source, ...options }: PlanExportOptions): Promise<ExportPlan> {
  const inputs: PlannedInput[] = [];
  for (const path of source.files) {
    const { size } = await stat(join(source.folder, path));
    inputs.push({ path, byteLength: size, cachedBytes: size });
  }
  const { tokenizer } = source;
  const files = inputs.map(({ path, byteLength }) => ({ path, byteLength, sha256: '0'.repeat(2 * SHA256_BYTES) }));
  return completePlan(options, {
    ...source,
    inputs,
    isExact: true,
    inputPaths: source.files.map((path) => join(source.folder, path)),
    trailerBytes({ nTensors, weightsEnd }) {
      const checksums = { header: noChecksum(), tensors: Array.from({ length: nTensors }, noChecksum) };
      return encodeTrailer({ description: describeModel(source, files), tokenizer, checksums }, weightsEnd).byteLength;
    },
    tokenizerBinBytes: tokenizer === null ? 0 : encodeTokenizerBin(tokenizer).byteLength,
    downloadBytes: 0,
    downloads: [],
  });
}

/**
 * Plans the export of a repository: lists it and reads its config.json, and changes nothing on this machine.
 *
 * @throws ToolkitError what planDownload throws, `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `BAD_GROUP_SIZE`, and what checking
 *   the output throws
 */
export async function planHubExport(options: PlanHubExportOptions): Promise<ExportPlan> {
  const { plan, readFile } = await planDownloadWith(options);
  const { repo: source, commit } = plan;
  const name = `${source}/config.json`;
  const { dimensions, tiedEmbeddings } = parseConfig(
    parseJson(await readFile('config.json'), name, 'BAD_CONFIG'),
    name,
  );
  const isStreamed = (path: string) => options.stream === true && path.endsWith('.safetensors');
  const inputs = plan.files.map(({ path, size, cachedBytes }) => {
    return { path, byteLength: size, cachedBytes: isStreamed(path) ? 0 : cachedBytes };
  });
  const streamedBytes = sum(inputs.filter(({ path }) => isStreamed(path)).map(({ byteLength }) => byteLength));
  const streamedCache = plan.files.filter(({ path }) => isStreamed(path));
  const keptBytes = plan.downloadBytes - sum(streamedCache.map(({ size, cachedBytes }) => size - cachedBytes));
  const textBytes = tokenizerBytes(inputs);
  return completePlan(options, {
    source,
    commit,
    dimensions: { ...dimensions, sharedClassifier: tiedEmbeddings },
    inputs,
    isExact: options.plain === true && options.tokenizerBin === undefined && tiedEmbeddings,
    inputPaths: [],
    // Each token and each merge takes more room in JSON than in the trailer.
    trailerBytes: () => textBytes + TRAILER_SLACK_BYTES,
    tokenizerBinBytes: textBytes,
    downloadBytes: keptBytes + streamedBytes,
    downloads: keptBytes === 0 ? [] : [{ path: options.cacheDir, byteLength: keptBytes }],
  });
}

interface PlannedSource extends Pick<ExportPlan, 'source' | 'commit' | 'inputs' | 'isExact'> {
  readonly dimensions: ModelDimensions;
  /** Files that must not be written over. */
  readonly inputPaths: readonly string[];
  readonly trailerBytes: (weights: { readonly nTensors: number; readonly weightsEnd: number }) => number;
  readonly tokenizerBinBytes: number;
  readonly downloadBytes: number;
  /** Of them, what is kept. */
  readonly downloads: readonly PlannedOutput[];
}

async function completePlan(options: PlannedExportOptions, planned: PlannedSource): Promise<ExportPlan> {
  const { output, version = 1, plain = false, tokenizerBin, force } = options;
  const { source, commit, dimensions, inputs, isExact, inputPaths, downloads } = planned;
  const groupSize = version === 2 ? chooseGroupSize(dimensions, options.groupSize) : null;
  const { weightsEnd, tensors } = layout({ version, dimensions, groupSize });
  const trailerBytes = plain ? 0 : planned.trailerBytes({ nTensors: tensors.length, weightsEnd });
  const outputs = [{ path: output, byteLength: weightsEnd + trailerBytes }];
  if (tokenizerBin !== undefined) outputs.push({ path: tokenizerBin, byteLength: planned.tokenizerBinBytes });
  for (const { path } of outputs) await checkOutput(path, { force, inputs: inputPaths });
  const written = outputs.map(({ path, byteLength }) => ({ path: dirname(resolve(path)), byteLength }));
  const disks = await diskNeeds([...written, ...downloads]);
  return {
    source,
    commit,
    version,
    groupSize,
    inputs,
    readBytes: sum(inputs.map(({ byteLength }) => byteLength)),
    downloadBytes: planned.downloadBytes,
    outputs,
    outputBytes: sum(outputs.map(({ byteLength }) => byteLength)),
    isExact,
    peakMemoryBytes: peakMemoryBytes(version, tokenizerBytes(inputs)),
    disks,
    fits: disks.every(({ neededBytes, freeBytes }) => freeBytes >= neededBytes),
  };
}

function peakMemoryBytes(version: BinVersion, nTokenizerBytes: number): number {
  return BASE_MEMORY_BYTES + blockMemoryBytes(version) + MEMORY_PER_TOKENIZER_BYTE * nTokenizerBytes;
}

/** Bytes of the files that tokenizer and chat template come from. */
function tokenizerBytes(inputs: readonly PlannedInput[]): number {
  const texts = inputs.filter(({ path }) => /^tokenizer|^chat_template|tokenizer\.model$/.test(path));
  return texts.reduce((total, { byteLength }) => total + byteLength, 0);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

function noChecksum(): Uint8Array {
  return new Uint8Array(SHA256_BYTES);
}
