// Verifies a .bin file: structure, checksums, values and round trips, and every tensor against a source.

import { type ByteSource, openFile, ToolkitError } from '@llama-ts/base';
import {
  type CalibrationText,
  floatRowsReader,
  type ModelSource,
  type OpenWeightCodecOptions,
  openWeightCodec,
  withModelSource,
} from '@llama-ts/exporter';
import { type BinFile, isRopeTable } from '@llama-ts/format';
import { type Bounds, checkBoundNames, checkBounds, type GateCheck } from '../gate.js';
import { boundsFor, checkRulesMatch, type TensorRule } from '../thresholds.js';
import { compareDimensions } from './compare-outline.js';
import { compareTrailer } from './compare-trailer.js';
import { checkText, deriveCalibrated } from './derive-calibrated.js';
import { addSums, emptySums, figuresOf } from './error-sums.js';
import { inspectOutline } from './inspect-outline.js';
import { maxBlockValues } from './tensor-blocks.js';
import type { Finding, TensorErrors, TensorVerdict, VerifyResult } from './verify-result.js';
import { type TensorInspection, verifyTensor } from './verify-tensor.js';

/** Options of {@link verifyModel}. */
export interface VerifyOptions {
  /** Path of a .bin file of any version. */
  readonly model: string;
  /** Where it came from: an open source, which stays open, or the name of one on this machine. */
  readonly against?: ModelSource | string | undefined;
  /** The text that a calibrated file was quantized with: needed with a source. */
  readonly calibrate?: CalibrationText | undefined;
  /** Bounds on figures of tensors; need a source. Default none. */
  readonly rules?: readonly TensorRule[];
  /** Where the rules come from, for messages. */
  readonly rulesFrom?: string;
  /** Kernels to compute with. Default: the fastest that run on this machine. */
  readonly kernels?: OpenWeightCodecOptions['kernels'];
  readonly signal?: AbortSignal | undefined;
}

/** Progress of a verification. `index` of a tensor is from 0 to `count` - 1. */
export type VerifyEvent =
  | { readonly type: 'tensor-start'; readonly name: string; readonly index: number; readonly count: number }
  | {
      readonly type: 'tensor-end';
      readonly name: string;
      readonly index: number;
      readonly count: number;
      readonly verdict: TensorVerdict;
    };

/** Figures of a tensor that rules may bound, as in `max-error` or `min-snr`. */
const verifyFigures = ['error', 'rmse', 'snr', 'cosine', 'beyond'] as const;

/**
 * Verifies a model. Damage is a finding of the result; an error is thrown only where the file cannot be read.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`; `CALIBRATION_TEXT` for a calibrated file with a source and without its
 *   text; `INVALID_ARGUMENT`, `BAD_BOUND` and `BAD_THRESHOLDS` for rules that can guard
 *   nothing; and what opening and reading the source throw
 * @example
 * const events = verifyModel({ model: 'model.bin', against: 'Llama-3.2-1B' });
 * let next = await events.next();
 * while (next.done !== true) next = await events.next();
 * console.log(next.value.passed);
 */
export async function* verifyModel(options: VerifyOptions): AsyncGenerator<VerifyEvent, VerifyResult> {
  const { model, rules = [], rulesFrom = 'rules', signal } = options;
  signal?.throwIfAborted();
  if (rules.length > 0 && options.against === undefined) {
    throw new ToolkitError(
      'INVALID_ARGUMENT',
      `${rulesFrom}: bounds without a source, expected one to measure against`,
      {
        suggestions: ['name the source: --against REPO_OR_DIR_OR_BIN'],
      },
    );
  }
  for (const { bounds } of rules) checkBoundNames(bounds, verifyFigures, rulesFrom);
  const source = await openFile(model);
  try {
    const outline = await inspectOutline(source);
    if ('part' in outline) return damagedResult(source, outline);
    // The tables of v0 are in no source: nothing of them is measured, and no bound could fail.
    const names = outline.layout.tensors.filter((tensor) => !isRopeTable(tensor)).map(({ name }) => name);
    checkRulesMatch(rules, names, rulesFrom);
    if (options.against === undefined) return yield* verifyTensors(source, outline, null, options);
    return yield* withModelSource(options.against, signal, (against) =>
      verifyTensors(source, outline, against, options),
    );
  } finally {
    await source.close();
  }
}

async function* verifyTensors(
  source: ByteSource,
  bin: BinFile,
  against: ModelSource | null,
  options: VerifyOptions,
): AsyncGenerator<VerifyEvent, VerifyResult> {
  const { rules = [], kernels, calibrate, signal } = options;
  const isCalibrated = against !== null && !against.isQuantized && checkText(source.name, bin, calibrate);
  const codec = await openWeightCodec({ maxValues: maxBlockValues(bin), kernels });
  try {
    const otherDimensions = against === null ? [] : compareDimensions(source.name, bin.header, against);
    // Tensors of other shapes cannot be compared; the file is still verified without a source.
    const comparable = otherDimensions.length === 0 ? against : null;
    const findings = [
      ...otherDimensions,
      ...(bin.trailer === null || comparable === null ? [] : compareTrailer(source.name, bin.trailer, comparable)),
    ];
    const tables = bin.header.version === 0 ? codec.v0RopeTables(bin.header.dimensions) : null;
    const read = comparable && { name: comparable.name, read: floatRowsReader(comparable.weights, codec) };
    const derived =
      isCalibrated && comparable !== null && calibrate !== undefined
        ? await deriveCalibrated({ source, bin, against: comparable, calibrate, kernels, signal })
        : null;
    const context = { source, bin, against: read, derived, codec, tables, signal };
    const inspections: TensorInspection[] = [];
    const count = bin.layout.tensors.length;
    for (const [index, tensor] of bin.layout.tensors.entries()) {
      signal?.throwIfAborted();
      yield { type: 'tensor-start', name: tensor.name, index, count };
      const inspection = await verifyTensor(tensor, index, context);
      inspections.push(inspection);
      yield { type: 'tensor-end', name: tensor.name, index, count, verdict: inspection.verdict };
    }
    const all = [...findings, ...inspections.flatMap((inspection) => inspection.findings)];
    const tensors = inspections.map(({ verdict }) => verdict);
    const checks = tensors.flatMap(({ name, errors }) =>
      errors === null ? [] : checkTensor(name, errors, boundsFor(name, rules)),
    );
    return {
      model: describe(source, bin),
      against: against && { name: against.name, kind: against.kind },
      findings: all,
      tensors,
      overall: overallFigures(inspections),
      checks,
      passed: all.length === 0 && checks.every(({ passed }) => passed),
    };
  } finally {
    await codec.close();
  }
}

function checkTensor(name: string, errors: TensorErrors, bounds: Bounds): GateCheck[] {
  const { maxError: error, rmse, snr, cosine, beyond } = errors;
  return checkBounds(name, { error, rmse, snr, cosine, beyond }, bounds);
}

function overallFigures(inspections: readonly TensorInspection[]): VerifyResult['overall'] {
  const total = emptySums();
  for (const { verdict, sums } of inspections) if (sums !== null && verdict.dtype !== 'F32') addSums(total, sums);
  return total.n === 0 ? null : figuresOf(total);
}

function describe({ name, byteLength }: ByteSource, { header, layout, trailer }: BinFile): VerifyResult['model'] {
  const weights = layout.tensors.filter((tensor) => !isRopeTable(tensor));
  return {
    path: name,
    byteLength,
    version: header.version,
    groupSize: header.groupSize,
    nParameters: weights.reduce((sum, { nValues }) => sum + nValues, 0),
    hasChecksums: trailer !== null,
  };
}

function damagedResult({ name, byteLength }: ByteSource, finding: Finding): VerifyResult {
  return {
    model: { path: name, byteLength, version: null, groupSize: null, nParameters: null, hasChecksums: null },
    against: null,
    findings: [finding],
    tensors: [],
    overall: null,
    checks: [],
    passed: false,
  };
}
