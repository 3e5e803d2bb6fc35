// Says what an export to .bin would read, download, write and need, before any weight is read.

import { checkOutput } from '@llama-ts/durable';
import {
  type BinHeader,
  type BinVersion,
  CALIBRATION_RULE,
  encodeTokenizerBin,
  layout,
  type ModelDimensions,
  type Quantization,
} from '@llama-ts/format';
import { chunkLength } from '../calibrate/calibration.js';
import {
  type CalibrationSpeed,
  calibrationMemoryBytes,
  calibrationSeconds,
  calibrationWork,
} from '../calibrate/calibration-cost.js';
import type { ExportOptions } from '../export-model.js';
import { blockMemoryBytes } from '../output/row-blocks.js';
import { trailerByteLength } from '../output/trailer-length.js';
import type { ModelSource } from '../source/model-source.js';
import { type Plan, type PlannedSource, settlePlan } from './plan.js';
import { planHeader, searchedTensors } from './plan-header.js';
import { type PlannedRepositoryOptions, plannedRepository, plannedSource } from './planned-source.js';

/** Bytes of the trailer besides tokenizer and template: settings, provenance, 32 bytes a tensor. */
const TRAILER_SLACK_BYTES = 1_000_000;
const SHA256_DIGITS = 64;

/** An export that has not begun. */
export interface ExportPlan extends Plan {
  readonly version: BinVersion;
  /** null for v0 and v1. */
  readonly groupSize: number | null;
  /** The cost of calibration; undefined without a calibration text. Its memory is part of the plan's. */
  readonly calibration?: PlannedCalibration | undefined;
}

/** A calibration that has not begun. */
export interface PlannedCalibration {
  /** Tokens of the text, with those before each chunk. */
  readonly nTokens: number;
  /** false where the tokenizer is not on this machine: the number of tokens is then an upper bound. */
  readonly isExact: boolean;
  /** About how long it takes here; null where nothing was measured. */
  readonly seconds: number | null;
}

/** A calibration to plan. */
export interface CalibrationToPlan {
  /** Tokens of the text. */
  readonly nTokens: number;
  /** false for bytes of the text, where no tokenizer is on this machine. */
  readonly isExact: boolean;
  /** The speed of this machine, as measureCalibration measures it. */
  readonly speed?: CalibrationSpeed | undefined;
}

/** The model to write. */
export interface PlannedExportOptions
  extends Pick<
    ExportOptions,
    'output' | 'version' | 'groupSize' | 'types' | 'targetSize' | 'plain' | 'tokenizerBin' | 'force'
  > {
  readonly calibrate?: CalibrationToPlan | undefined;
}

/** Options of {@link planExport}. */
export interface PlanExportOptions extends PlannedExportOptions {
  /** Stays open. */
  readonly source: ModelSource;
}

/** Options of {@link planHubExport}. */
export interface PlanHubExportOptions extends PlannedExportOptions, PlannedRepositoryOptions {}

/**
 * Plans the export of a source that is here. Reads no weight and writes nothing.
 *
 * @throws ToolkitError `BAD_GROUP_SIZE`, and what checking the output throws
 */
export async function planExport({ source, ...options }: PlanExportOptions): Promise<ExportPlan> {
  const { dimensions, tokenizer } = source;
  const { version = 1, calibrate } = options;
  const text = calibrate && { sha256: '0'.repeat(SHA256_DIGITS), nTokens: calibrate.nTokens };
  const quantization: Quantization | undefined = text && { rule: CALIBRATION_RULE, text };
  const rows = source.weights;
  const most = await trailerByteLength(source, version, quantization);
  const header = planHeader(dimensions, options, { trailerBytes: options.plain === true ? 0 : most, rows });
  const isCarried = searchedTensors(header, source).length === 0;
  return completePlan(options, await plannedSource(source), {
    header,
    isExact: true,
    trailerBytes: isCarried ? await trailerByteLength(source, version, null) : most,
    tokenizerBinBytes: tokenizer === null ? 0 : encodeTokenizerBin(tokenizer).byteLength,
  });
}

/**
 * Plans the export of a repository: lists it and reads its config.json, or the header of its GGUF file, and changes nothing
 * on this machine.
 *
 * @throws ToolkitError what planDownload throws, `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `BAD_GROUP_SIZE`, and what checking
 *   the output throws; for a GGUF file what openGgufSource throws
 */
export async function planHubExport(options: PlanHubExportOptions): Promise<ExportPlan> {
  const { planned, model } = await plannedRepository(options);
  const { dimensions, rows } = model;
  // Each token and each merge takes more bytes in JSON than in the trailer.
  const trailerBytes = planned.textBytes + TRAILER_SLACK_BYTES;
  return completePlan(options, planned, {
    header: planHeader(dimensions, options, { trailerBytes: options.plain === true ? 0 : trailerBytes, rows }),
    isExact: options.plain === true && options.tokenizerBin === undefined && dimensions.sharedClassifier,
    trailerBytes,
    tokenizerBinBytes: planned.textBytes,
  });
}

/** The facts that decide the lengths of the outputs. */
interface PlannedModel extends Pick<Plan, 'isExact'> {
  readonly header: BinHeader;
  readonly trailerBytes: number;
  readonly tokenizerBinBytes: number;
}

async function completePlan(
  options: PlannedExportOptions,
  planned: PlannedSource,
  model: PlannedModel,
): Promise<ExportPlan> {
  const { output, version = 1, plain = false, tokenizerBin, force, calibrate } = options;
  const { header, isExact } = model;
  const { dimensions } = header;
  const calibration = calibrate === undefined ? null : planCalibration(dimensions, calibrate);
  const trailerBytes = plain ? 0 : model.trailerBytes;
  const { weightsEnd, tensors } = layout(header);
  const matrices = tensors.filter(({ shape }) => shape.length > 1);
  const outputs = [{ path: output, byteLength: weightsEnd + trailerBytes }];
  if (tokenizerBin !== undefined) outputs.push({ path: tokenizerBin, byteLength: model.tokenizerBinBytes });
  for (const { path } of outputs) await checkOutput(path, { force, inputs: planned.inputPaths });
  const plan = await settlePlan(planned, {
    outputs,
    isExact,
    blockMemoryBytes:
      Math.max(...matrices.map(({ encoding }) => blockMemoryBytes(encoding))) + (calibration?.memoryBytes ?? 0),
  });
  return {
    version,
    groupSize: header.groupSize,
    ...plan,
    ...(calibration === null ? {} : { calibration: calibration.planned }),
  };
}

/** Chunks begin with a token of their own, as Llama's do. */
function planCalibration(dimensions: ModelDimensions, { nTokens: ofText, isExact, speed }: CalibrationToPlan) {
  const nTokens = ofText + Math.ceil(ofText / (chunkLength(dimensions) - 1));
  const seconds = speed === undefined ? null : calibrationSeconds(calibrationWork(dimensions, nTokens), speed);
  return { planned: { nTokens, isExact, seconds }, memoryBytes: calibrationMemoryBytes(dimensions, nTokens) };
}
