// Carries a model from any source this toolkit reads to any format it writes.

import { stat } from 'node:fs/promises';
import { type BinTensor, type BinVersion, openFile, readBinFile, ToolkitError } from '@llama-ts/format';
import type { Kernels } from '@llama-ts/kernels';
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { type ExportEvent, type ExportResult, exportModel } from '../export-model.js';
import type { FileLayer } from '../files/file-layer.js';
import { watchSource } from '../files/source-watch.js';
import { quantizeModel } from '../quantize-model.js';
import { binWeights } from '../weights/bin-weights.js';
import {
  type ConvertSource,
  fromBin,
  fromCheckpoint,
  modelTensors,
  type PlainFileKnowledge,
} from './convert-source.js';
import { type FloatBlocks, openFloatBlocks } from './float-blocks.js';
import { rewriteBin } from './rewrite-bin.js';
import { type FloatType, findExactType, type WeightType } from './weight-types.js';
import { writeGgufModel } from './write-gguf-model.js';
import { writeHfFolder } from './write-hf-folder.js';

/** Formats a model can be written in. */
export type ConvertTarget = 'v0' | 'v1' | 'v2' | 'gguf' | 'safetensors';

/** As large as transformers makes them. */
export const DEFAULT_SHARD_BYTES = 5_000_000_000;

/** Options of {@link convertModel}. */
export interface ConvertOptions extends PlainFileKnowledge {
  /** An open checkpoint, which stays open, or the path of a folder or of a .bin file. */
  readonly source: Checkpoint | string;
  /** Path of the file to write; of a folder for safetensors. */
  readonly output: string;
  readonly to: ConvertTarget;
  /**
   * How GGUF and safetensors store the weights; Q8_0 is for GGUF. Default: the smallest of BF16, F16 and F32 that holds
   * every weight exactly, for which a v0 or v1 file is read twice.
   */
  readonly type?: WeightType | undefined;
  /** Values per scale in v2. Default 64, halved until it divides the model's width. */
  readonly groupSize?: number | undefined;
  /** No trailer behind v0, v1 and v2. Default false. */
  readonly plain?: boolean | undefined;
  /** Bytes of tensors in one safetensors file at most. Default 5,000,000,000. */
  readonly maxShardBytes?: number | undefined;
  /** Replace what is there. Default false. */
  readonly force?: boolean | undefined;
  /** Default: the machine's files. */
  readonly files?: FileLayer | undefined;
  /** Computes; default: the fastest that runs here. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a conversion made. */
export interface ConvertResult {
  readonly output: string;
  readonly to: ConvertTarget;
  /** null for v0, v1 and v2. */
  readonly type: WeightType | null;
  /** null for all but v2. */
  readonly groupSize: number | null;
  /** Of the file, or of all files in the folder. */
  readonly byteLength: number;
  /** Largest quantization error of any weight; null for all but v2. */
  readonly maxError: number | null;
}

/**
 * Converts a model. The output appears under its name once it is complete and on disk; on failure, abort or an early
 * `return()` nothing is left behind. A .bin file's checksums are compared on the way, and a stream with the hub's digests.
 *
 * @throws ToolkitError `TYPE_UNFIT`, `INVALID_ARGUMENT`, `ALREADY_QUANTIZED`, `SETTINGS_UNKNOWN`, `BAD_CHECKSUM`,
 *   `BAD_WEIGHTS`, `SOURCE_CHANGED`, and what opening the source and writing the output throw
 * @example
 * for await (const event of convertModel({ source: 'model.bin', output: 'model.gguf', to: 'gguf' })) console.log(event);
 */
export async function* convertModel(options: ConvertOptions): AsyncGenerator<ExportEvent, ConvertResult> {
  const { source, signal } = options;
  signal?.throwIfAborted();
  checkOptions(options);
  if (typeof source !== 'string') return yield* convertCheckpoint(source, options);
  if (!(await isFolder(source))) return yield* convertBin(source, options);
  const checkpoint = await openCheckpoint(source, { signal });
  try {
    return yield* convertCheckpoint(checkpoint, options);
  } finally {
    await checkpoint.close();
  }
}

async function* convertCheckpoint(
  checkpoint: Checkpoint,
  options: ConvertOptions,
): AsyncGenerator<ExportEvent, ConvertResult> {
  if (options.settings !== undefined || options.tokenizer !== undefined) {
    const message = `${checkpoint.folder}: settings or a tokenizer are given, which are for a .bin file that holds none`;
    throw new ToolkitError('INVALID_ARGUMENT', message, {
      suggestions: ['the folder has its own: leave out --rope-theta, --rope-scaling and --tokenizer'],
    });
  }
  const version = binVersion(options.to);
  if (version === null) return yield* convertToOther(fromCheckpoint(checkpoint), options);
  const { output, groupSize, plain = false, force, files, kernels, signal } = options;
  const exported = exportModel({
    source: checkpoint,
    output,
    version,
    groupSize,
    plain,
    force,
    files,
    kernels,
    signal,
  });
  return binResult(yield* exported, options.to);
}

async function* convertBin(input: string, options: ConvertOptions): AsyncGenerator<ExportEvent, ConvertResult> {
  const { output, to, groupSize, plain = false, force, files, kernels, signal } = options;
  const file = await openFile(input);
  try {
    const bin = await readBinFile(file);
    const version = binVersion(to);
    const weights = binWeights(file, bin);
    if (version === null) return yield* convertToOther(fromBin(file, bin, weights, options), options);
    const written =
      version === 2
        ? quantizeModel({ input, output, groupSize, plain, force, files, kernels, signal })
        : rewriteBin({ input, bin, weights, output, version, plain, force, files, kernels, signal });
    return binResult(yield* written, to);
  } finally {
    await file.close();
  }
}

/** GGUF or safetensors. */
async function* convertToOther(
  source: ConvertSource,
  options: ConvertOptions,
): AsyncGenerator<ExportEvent, ConvertResult> {
  const { output, to, maxShardBytes = DEFAULT_SHARD_BYTES, force, files, kernels, signal } = options;
  for (const message of source.warnings) yield { type: 'warning', message };
  const { dimensions, weights } = source;
  const checkUnchanged = await watchSource(weights.name, source.identity);
  const checkSource = async (): Promise<void> => {
    await source.finish(signal);
    await checkUnchanged();
  };
  const tensors = modelTensors(dimensions);
  const blocks = await openFloatBlocks({ weights, tensors, headDim: dimensions.dim / dimensions.nHeads, kernels });
  try {
    const type = options.type ?? source.storedType ?? (await exactType(source, { blocks, tensors, signal }));
    const common = { source, blocks, output, checkSource, force, files, signal };
    if (to === 'gguf') {
      const byteLength = yield* writeGgufModel({ ...common, type });
      return { output, to, type, groupSize: null, byteLength, maxError: null };
    }
    if (type === 'Q8_0') throw misplaced('type Q8_0', '--type', to, 'gguf');
    const byteLength = yield* writeHfFolder({ ...common, type, maxShardBytes });
    return { output, to, type, groupSize: null, byteLength, maxError: null };
  } finally {
    await blocks.close();
  }
}

/** @throws ToolkitError `INVALID_ARGUMENT` for a stream, whose weights cannot be looked at beforehand */
async function exactType(
  { isStream, weights }: ConvertSource,
  { blocks, tensors, signal }: { blocks: FloatBlocks; tensors: readonly BinTensor[]; signal: AbortSignal | undefined },
): Promise<FloatType> {
  if (!isStream) return findExactType(blocks, tensors, signal);
  const found = [...new Set(tensors.map((tensor) => weights.dtypeOf(tensor)))].join(' and ');
  const message = `${weights.name}: weights of ${found} pass by once, expected to be told the type to write`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ['lose nothing: --type f32', 'download the repository first: leave out --stream'],
  });
}

function binResult({ output, groupSize, byteLength, maxError }: ExportResult, to: ConvertTarget): ConvertResult {
  return { output, to, type: null, groupSize, byteLength, maxError };
}

function binVersion(to: ConvertTarget): BinVersion | null {
  return to === 'gguf' || to === 'safetensors' ? null : (Number(to.slice(1)) as BinVersion);
}

function checkOptions({ to, type, groupSize, plain, maxShardBytes, settings, tokenizer }: ConvertOptions): void {
  const version = binVersion(to);
  if (type !== undefined && version !== null) throw misplaced(`type ${type}`, '--type', to, 'gguf or safetensors');
  if (groupSize !== undefined && version !== 2) throw misplaced('a group size', '--group-size', to, 'v2');
  if (plain === true && version === null) throw misplaced('plain', '--plain', to, 'v0, v1 or v2');
  if (settings !== undefined && version !== null)
    throw misplaced('RoPE settings', '--rope-theta and --rope-scaling', to, 'gguf or safetensors');
  if (tokenizer !== undefined && version !== null)
    throw misplaced('a tokenizer', '--tokenizer', to, 'gguf or safetensors');
  if (maxShardBytes !== undefined && to !== 'safetensors')
    throw misplaced('a shard size', '--shard-size', to, 'safetensors');
}

/** An option that another format has. */
export function misplaced(option: string, flags: string, to: ConvertTarget, expected: string): ToolkitError {
  return new ToolkitError(
    'INVALID_ARGUMENT',
    `convert to ${to}: found ${option}, which is for ${expected}, expected none`,
    {
      suggestions: [`leave out ${flags}`],
    },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
