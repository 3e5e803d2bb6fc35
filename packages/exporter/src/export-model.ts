// Writes a checkpoint as a .bin file of any version.

import { basename, dirname, join, resolve } from 'node:path';
import {
  type BinVersion,
  chooseGroupSize,
  DEFAULT_GROUP_SIZE,
  encodeTokenizerBin,
  encodeTrailer,
  layout,
  shellQuote,
  ToolkitError,
} from '@llama-ts/format';
import { type Kernels, openKernels } from '@llama-ts/kernels';
import { checkpointSource } from './checkpoint/checkpoint-source.js';
import { type Checkpoint, openCheckpoint } from './checkpoint/open-checkpoint.js';
import { passSource } from './checkpoint/pass-source.js';
import { describeModel } from './describe-model.js';
import type { FileLayer } from './files/file-layer.js';
import { createDurableFile, type DurableFile } from './output/durable-file.js';
import { keyOf } from './output/resume-key.js';
import { type WriteEvent, writeWeights } from './output/write-weights.js';

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** An open checkpoint, which stays open, or the path of a folder. */
  readonly source: Checkpoint | string;
  /** Path of the file to write. */
  readonly output: string;
  /** Default 1. */
  readonly version?: BinVersion;
  /** Values per scale in v2. Default 64, halved until it divides the model's width. */
  readonly groupSize?: number | undefined;
  /** No trailer: byte for byte the reference exporter's file. Default false. */
  readonly plain?: boolean;
  /** Where to write a tokenizer.bin as well. */
  readonly tokenizerBin?: string | undefined;
  /** Replace files that are there. Default false. */
  readonly force?: boolean | undefined;
  /** Continue what a killed export of the same source and settings left beside the output. Default true. */
  readonly resume?: boolean | undefined;
  /**
   * Keeps finished tensors for the next run when the signal aborts, as a kill does, and is told how many. Without it,
   * nothing is left.
   */
  readonly onKept?: ((kept: { readonly nTensors: number }) => void) | undefined;
  /** Default: the machine's files. */
  readonly files?: FileLayer | undefined;
  /** Computes; default: the fastest that runs here. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Progress of an export. */
export type ExportEvent = WriteEvent | { readonly type: 'warning'; readonly message: string };

/** What an export or a quantization made. */
export interface ExportResult {
  readonly output: string;
  readonly version: BinVersion;
  /** null for v0 and v1. */
  readonly groupSize: number | null;
  readonly byteLength: number;
  /** First byte behind the weights. */
  readonly weightsEnd: number;
  /** Largest quantization error of any weight; null for v0 and v1. */
  readonly maxError: number | null;
  /** Tensors that a killed run had finished, and whose bytes were found right. */
  readonly resumedTensors: number;
}

/**
 * Exports a checkpoint. The output appears under its name once it is complete and on disk; on failure, abort or an early
 * `return()` nothing is left behind. A killed process leaves hidden files, from which the next export goes on.
 *
 * @throws ToolkitError `BAD_WEIGHTS`, `SOURCE_CHANGED`, `BAD_GROUP_SIZE`, `NO_TOKENIZER`, `INVALID_ARGUMENT`, and what openCheckpoint and the output throw
 * @example
 * for await (const event of exportModel({ source: 'Llama-3.2-1B', output: 'model.bin', version: 2 })) console.log(event);
 */
export async function* exportModel(options: ExportOptions): AsyncGenerator<ExportEvent, ExportResult> {
  const { source, signal } = options;
  signal?.throwIfAborted();
  const checkpoint = typeof source === 'string' ? await openCheckpoint(source, { signal }) : source;
  const kernels = options.kernels ?? (await openKernels());
  try {
    return yield* exportCheckpoint(checkpoint, kernels, options);
  } finally {
    if (options.kernels === undefined) await kernels.close();
    if (typeof source === 'string') await checkpoint.close();
  }
}

async function* exportCheckpoint(
  checkpoint: Checkpoint,
  kernels: Kernels,
  options: ExportOptions,
): AsyncGenerator<ExportEvent, ExportResult> {
  const { output, version = 1, plain = false, resume = true, force, files, signal } = options;
  const { dimensions } = checkpoint;
  const groupSize = version === 2 ? chooseGroupSize(dimensions, options.groupSize) : null;
  const inputs = checkpoint.files.map((path) => join(checkpoint.folder, path));
  const tokenizerFile = await createTokenizerFile(checkpoint, options, inputs);
  let file: DurableFile | null = null;
  try {
    const header = { version, dimensions, groupSize };
    const { weightsEnd } = layout(header);
    const identity = await checkpoint.identity();
    // What a killed run took from a stream was never compared with a digest.
    const resumeKey = resume && checkpoint.stream === null ? keyOf({ header, plain, identity }) : undefined;
    const expected = { expectedBytes: weightsEnd, direct: true };
    file = await createDurableFile(output, { force, inputs, files, ...expected, resumeKey });
    for (const message of checkpoint.warnings) yield { type: 'warning', message };
    if (groupSize !== null && groupSize !== (options.groupSize ?? DEFAULT_GROUP_SIZE)) {
      const message = `group size ${groupSize} instead of ${DEFAULT_GROUP_SIZE}, which does not divide ${dimensions.dim}`;
      yield { type: 'warning', message };
    }
    // Without a trailer nobody asks for the digests of what is here; a stream is right only when all of it has passed by.
    const pass = plain && checkpoint.stream === null ? null : checkpoint.pass();
    const source = pass === null ? checkpointSource(checkpoint) : passSource(checkpoint, pass);
    const written = yield* writeWeights({ header, source, file, kernels, signal });
    let byteLength = weightsEnd;
    const passed = (await pass?.finish(signal)) ?? [];
    if (!plain) {
      const description = describeModel(checkpoint, await checkpoint.sourceFiles({ passed, signal }));
      const { tokenizer } = checkpoint;
      const trailer = encodeTrailer({ description, tokenizer, checksums: written.checksums }, weightsEnd);
      await file.writeAt(trailer, weightsEnd);
      byteLength += trailer.byteLength;
    }
    signal?.throwIfAborted();
    if ((await checkpoint.identity()) !== identity) throw sourceChanged(checkpoint.folder);
    await file.commit(byteLength);
    if (tokenizerFile !== null) await tokenizerFile.file.commit(tokenizerFile.byteLength);
    const { maxError, resumedTensors } = written;
    return { output, version, groupSize, byteLength, weightsEnd, maxError, resumedTensors };
  } finally {
    await leaveFile(file, options);
    await tokenizerFile?.file.discard();
  }
}

async function createTokenizerFile({ tokenizer, folder }: Checkpoint, options: ExportOptions, inputs: string[]) {
  const { tokenizerBin: path, force, files, output } = options;
  if (path === undefined) return null;
  if (resolve(path) === resolve(output)) {
    throw new ToolkitError(
      'INVALID_ARGUMENT',
      `${path}: is named for the model and for tokenizer.bin, expected two files`,
      {
        suggestions: [`name another file: --tokenizer-bin ${shellQuote(otherName(path))}`],
      },
    );
  }
  if (tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', `${folder}: has no tokenizer, expected one to write ${path} from`, {
      suggestions: [
        'leave out --tokenizer-bin',
        'put its tokenizer.json into the folder, then run the same command again',
      ],
    });
  }
  const file = await createDurableFile(path, { force, inputs, files });
  const bytes = encodeTokenizerBin(tokenizer);
  try {
    await file.writeAt(bytes, 0);
  } catch (error) {
    await file.discard();
    throw error;
  }
  return { file, byteLength: bytes.byteLength };
}

/** What becomes of an output that was not committed. */
export async function leaveFile(
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

/** tokenizer.bin beside the model, or a name that it has not. */
function otherName(path: string): string {
  return join(dirname(path), basename(path) === 'tokenizer.bin' ? 'c-tokenizer.bin' : 'tokenizer.bin');
}

function sourceChanged(folder: string): ToolkitError {
  return new ToolkitError('SOURCE_CHANGED', `${folder}: a file changed while it was exported, expected none to`, {
    suggestions: ['wait until nothing writes to the folder, then run the same command again'],
  });
}
