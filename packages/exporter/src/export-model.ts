// Writes a model as a .bin file of any version.

import { basename, dirname, joinPath, resolvePath, shellQuote, shellWord, ToolkitError } from '@llama-ts/base';
import type { DurableFile, FileLayer } from '@llama-ts/durable';
import {
  type BinVersion,
  bitsPerWeightOf,
  DEFAULT_GROUP_SIZE,
  encodeTokenizerBin,
  encodeTrailer,
  layout,
  type Provenance,
  type Quantization,
} from '@llama-ts/format';
import { type Kernels, openKernels } from '@llama-ts/kernels';
import { platform } from '#platform';
import { calibratedWriting } from './calibrate/calibrated-writing.js';
import { type CalibrationText, calibrationFacts } from './calibrate/calibration.js';
import { describeModel } from './describe-model.js';
import { watchSource } from './files/source-watch.js';
import { trailerByteLength } from './output/trailer-length.js';
import type { WriteEvent } from './output/write-event.js';
import { writeWeights } from './output/write-weights.js';
import { planHeader, requantizations, searchedTensors } from './plan/plan-header.js';
import { type ModelSource, pathsOf } from './source/model-source.js';
import { withModelSource } from './source/open-model-source.js';
import type { TypeRule } from './weights/tensor-types.js';

/** The name under which `llama export` knows the bundled model. */
const SAMPLE_MODEL = 'sample-model';

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** An open source, which stays open, or the name of one on this machine: a folder or a .bin file. */
  readonly source: ModelSource | string;
  /** Path of the file to write. */
  readonly output: string;
  /** Version of the file. Default 1. */
  readonly version?: BinVersion;
  /** Values per scale in v2. Default 64, halved until it divides the model's width. */
  readonly groupSize?: number | undefined;
  /** v3: tensors of 8 and of 4 bits. Default 4 bits for the layers, 8 for embedding and classifier. */
  readonly types?: readonly TypeRule[] | undefined;
  /**
   * v3: the most bytes of the file. Tensors that `types` does not name take 8 bits while the file is not larger, the most sensitive
   * first, and 4 bits else. Not for a stream.
   */
  readonly targetSize?: number | undefined;
  /**
   * v3: quantize the layers by the inputs that this text gives them (docs/arithmetic.md, rules 14 to 17); default by their
   * weights alone. Needs the model's settings, and a source that can be read more than once.
   */
  readonly calibrate?: CalibrationText | undefined;
  /** No trailer: byte for byte the reference exporter's file. Default false. */
  readonly plain?: boolean;
  /** Where to write a tokenizer.bin as well. */
  readonly tokenizerBin?: string | undefined;
  /** Replace files that exist. Default false. */
  readonly force?: boolean | undefined;
  /** Continue from what a killed export of the same source and settings left next to the output. Default true. */
  readonly resume?: boolean | undefined;
  /**
   * Called with the number of finished tensors when the signal aborts; they are kept for the next run. Without it,
   * no tensor is kept.
   */
  readonly onKept?: ((kept: { readonly nTensors: number }) => void) | undefined;
  /** The file system, in Node. Default: the machine's. */
  readonly files?: FileLayer | undefined;
  /** Kernels to compute with. Default: the fastest that run on this machine. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Progress of an export. */
export type ExportEvent = WriteEvent | { readonly type: 'warning'; readonly message: string };

/** The result of an export or a quantization. */
export interface ExportResult {
  readonly output: string;
  readonly version: BinVersion;
  /** null for v0 and v1. */
  readonly groupSize: number | null;
  /** Bits that a weight of a matrix takes on average, scales included. */
  readonly bitsPerWeight: number;
  /** Size of the written file in bytes. */
  readonly byteLength: number;
  /** First byte after the weights. */
  readonly weightsEnd: number;
  /** Largest quantization error of any weight; null for v0 and v1. */
  readonly maxError: number | null;
  /** Tensors that a killed run had finished, and whose bytes were found right. */
  readonly resumedTensors: number;
}

/**
 * Exports a model. A .bin file's checksums are compared on the way, and its trailer is carried over; a plain file stays
 * plain. The output appears under its name once it is complete and on disk; on failure, abort or an early
 * `return()` nothing is left. A killed process leaves hidden files, from which the next export continues.
 *
 * @throws ToolkitError `ALREADY_QUANTIZED`, `BAD_WEIGHTS`, `BAD_CHECKSUM`, `SOURCE_CHANGED`, `BAD_GROUP_SIZE`, `NO_TOKENIZER`,
 *   `INVALID_ARGUMENT`, and what opening the source and writing the output throw
 * @example
 * for await (const event of exportModel({ source: 'Llama-3.2-1B', output: 'model.bin', version: 2 })) console.log(event);
 */
export async function* exportModel(options: ExportOptions): AsyncGenerator<ExportEvent, ExportResult> {
  const { source, signal } = options;
  signal?.throwIfAborted();
  return yield* withModelSource(source, signal, async function* (opened) {
    const kernels = options.kernels ?? (await openKernels());
    try {
      return yield* exportSource(opened, kernels, options);
    } finally {
      if (options.kernels === undefined) await kernels.close();
    }
  });
}

async function* exportSource(
  source: ModelSource,
  kernels: Kernels,
  options: ExportOptions,
): AsyncGenerator<ExportEvent, ExportResult> {
  const { output, version = 1, plain = false, resume = true, force, files, calibrate, signal } = options;
  const { dimensions } = source;
  if (version >= 2 && source.isQuantized && source.kind === 'bin')
    throw await alreadyQuantized(source, version, options);
  const calibrating = calibrate === undefined ? undefined : calibratedWriting(source, calibrate, version);
  const calibration = calibrate === undefined ? undefined : calibrationFacts(calibrate);
  const trailerBytes = await trailerToFit(source, calibration, options);
  const header = planHeader(dimensions, options, { trailerBytes, rows: source.weights });
  const quantization = searchedTensors(header, source).length === 0 ? null : calibration;
  const { groupSize } = header;
  const inputs = pathsOf(source);
  const tokenizerFile = await createTokenizerFile(source, options, inputs);
  let file: DurableFile | null = null;
  try {
    const { weightsEnd } = layout(header);
    const { identity, checkUnchanged } = await watchSource(source.weights.name, source.identity);
    // A killed run never compared the bytes of a stream with a digest.
    const follows = resume && !source.isStream ? { header, plain, identity, calibration } : undefined;
    const expected = { expectedBytes: weightsEnd, direct: true };
    file = await platform.createOutput(output, { force, inputs, files, ...expected, follows });
    for (const message of source.warnings) yield { type: 'warning', message };
    const isSmaller = version === 2 && groupSize !== (options.groupSize ?? DEFAULT_GROUP_SIZE);
    if (isSmaller && searchedTensors(header, source).length > 0) {
      const message = `group size ${groupSize} instead of ${DEFAULT_GROUP_SIZE}, which does not divide ${dimensions.dim}`;
      yield { type: 'warning', message };
    }
    for (const message of requantizations(header, source)) yield { type: 'warning', message };
    // A plain file does not name the digests of what it was made from.
    const rows = source.pass({ digests: !plain });
    const written = yield* writeWeights({ header, rows, file, kernels, calibrate: calibrating, signal });
    let byteLength = weightsEnd;
    // Without a trailer too: only at the end of a stream is it known whether it was the hub's file.
    const passed = await rows.finish(signal);
    const provenance = plain ? null : await source.provenance({ passed, signal });
    const description = describeModel(source, provenance, version, quantization);
    if (description !== null) {
      const { tokenizer } = source;
      const trailer = encodeTrailer({ description, tokenizer, checksums: written.checksums }, weightsEnd);
      await file.writeAt(trailer, weightsEnd);
      byteLength += trailer.byteLength;
    }
    signal?.throwIfAborted();
    await checkUnchanged();
    await file.commit(byteLength);
    if (tokenizerFile !== null) await tokenizerFile.file.commit(tokenizerFile.byteLength);
    const { maxError, resumedTensors } = written;
    const bitsPerWeight = bitsPerWeightOf(written.layout);
    return { output, version, groupSize, bitsPerWeight, byteLength, weightsEnd, maxError, resumedTensors };
  } finally {
    await leaveFile(file, options);
    await tokenizerFile?.file.discard();
  }
}

/**
 * Bytes of the trailer of a file that has a target size; else 0.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` for another version, or a stream, whose trailer is not known before
 */
async function trailerToFit(
  source: ModelSource,
  calibration: Quantization | undefined,
  { version = 1, targetSize, plain }: ExportOptions,
): Promise<number> {
  if (targetSize === undefined) return 0;
  if (version !== 3) {
    throw new ToolkitError('INVALID_ARGUMENT', `target size: is given for version ${version}, expected version 3`, {
      suggestions: ['write v3: --version 3'],
    });
  }
  if (source.isStream) {
    throw new ToolkitError('INVALID_ARGUMENT', `${source.name}: is streamed, expected files whose names are known`, {
      suggestions: ['keep the weights on this machine: leave out --stream'],
    });
  }
  return plain === true ? 0 : trailerByteLength(source, version, calibration);
}

async function createTokenizerFile({ tokenizer, weights }: ModelSource, options: ExportOptions, inputs: string[]) {
  const { tokenizerBin: path, force, files, output } = options;
  if (path === undefined) return null;
  if (resolvePath(path) === resolvePath(output)) {
    throw new ToolkitError(
      'INVALID_ARGUMENT',
      `${path}: is named for the model and for tokenizer.bin, expected two files`,
      {
        suggestions: [`name another file: --tokenizer-bin ${shellQuote(otherName(path))}`],
      },
    );
  }
  if (tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', `${weights.name}: has no tokenizer, expected one to write ${path} from`, {
      suggestions: [
        'leave out --tokenizer-bin',
        'put its tokenizer.json into the folder, then run the same command again',
      ],
    });
  }
  const file = await platform.createOutput(path, { force, inputs, files });
  const bytes = encodeTokenizerBin(tokenizer);
  try {
    await file.writeAt(bytes, 0);
  } catch (error) {
    await file.discard();
    throw error;
  }
  return { file, byteLength: bytes.byteLength };
}

/** Keeps or removes an output that was not committed. */
async function leaveFile(
  file: DurableFile | null,
  { signal, onKept }: Pick<ExportOptions, 'signal' | 'onKept'>,
): Promise<void> {
  if (onKept === undefined || signal?.aborted !== true) {
    await file?.discard();
    return;
  }
  const { nFinished = 0 } = (await file?.keep()) ?? {};
  if (nFinished > 0) onKept({ nTensors: nFinished });
}

/** A file name next to the path, other than its own. */
function otherName(path: string): string {
  return joinPath(dirname(path), basename(path) === 'tokenizer.bin' ? 'c-tokenizer.bin' : 'tokenizer.bin');
}

async function alreadyQuantized(
  source: ModelSource,
  version: number,
  { output, groupSize }: ExportOptions,
): Promise<ToolkitError> {
  const from = exportableName(await source.provenance()) ?? 'REPO_OR_DIR';
  const group = groupSize === undefined ? '' : ` --group-size ${groupSize}`;
  return new ToolkitError('ALREADY_QUANTIZED', `${source.name}: is quantized already, expected a source of floats`, {
    suggestions: [
      `quantize it from its source: llama export ${shellQuote(output)} --hf ${shellWord(from)} --version ${version}${group}`,
    ],
  });
}

/** What `--hf` takes of a provenance: a repository, or the bundled model; null for the last part of a folder's path. */
function exportableName(provenance: Provenance | null): string | null {
  if (provenance === null) return null;
  const { source } = provenance;
  return source === SAMPLE_MODEL || /^[\w.-]+\/[\w.-]+$/.test(source) ? source : null;
}
