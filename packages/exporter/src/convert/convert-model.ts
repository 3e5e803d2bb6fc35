// Writes a model from any source in any format.

import { ToolkitError } from '@llama-ts/base';
import type { FileLayer } from '@llama-ts/durable';
import type { BinTensor, BinVersion } from '@llama-ts/format';
import { type Kernels, openKernels } from '@llama-ts/kernels';
import type { CalibrationText } from '../calibrate/calibration.js';
import { type ExportEvent, type ExportResult, exportModel } from '../export-model.js';
import { watchSource } from '../files/source-watch.js';
import { type ModelSource, pathsOf, type StatedFacts } from '../source/model-source.js';
import { withModelSource } from '../source/open-model-source.js';
import { modelTensors } from '../weights/model-tensors.js';
import type { TypeRule } from '../weights/tensor-types.js';
import { isStoredInPanels, storedTypeOf } from './stored-types.js';
import { type FloatType, findExactType, type WeightType } from './weight-types.js';
import { withChatTemplate } from './with-chat-template.js';
import { writeGgufModel } from './write-gguf-model.js';
import { writeHfFolder } from './write-hf-folder.js';

/** Formats a model can be written in. */
export type ConvertTarget = 'v0' | 'v1' | 'v2' | 'v3' | 'gguf' | 'safetensors';

/** The size of the shards that transformers writes. */
export const DEFAULT_SHARD_BYTES = 5_000_000_000;

/** Options of {@link convertModel}. */
export interface ConvertOptions extends StatedFacts {
  /** Jinja source; takes the place of the source's chat templates. Not for plain output. */
  readonly chatTemplate?: string | undefined;
  /** An open source, which stays open, or the name of one on this machine: a folder or a .bin file. */
  readonly source: ModelSource | string;
  /** Path of the file to write; of a folder for safetensors. */
  readonly output: string;
  readonly to: ConvertTarget;
  /**
   * How GGUF and safetensors store the weights; Q8_0 is for GGUF. Default for GGUF from v3: each tensor as it is stored, as Q8_0,
   * Q4_0 or IQ4_NL. Else the smallest of BF16, F16 and F32 that holds
   * every weight exactly, for which a v0 or v1 file is read twice.
   */
  readonly type?: WeightType | undefined;
  /** Values per scale in v2. Default 64, halved until it divides the model's width. */
  readonly groupSize?: number | undefined;
  /** v3: tensors of 8 and of 4 bits. Default 4 bits for the layers, 8 for embedding and classifier. */
  readonly types?: readonly TypeRule[] | undefined;
  /** v3: the most bytes of the file; the most sensitive tensors that `types` does not name take 8 bits. */
  readonly targetSize?: number | undefined;
  /** v3: quantize the layers by the inputs that this text gives them; default by their weights alone. */
  readonly calibrate?: CalibrationText | undefined;
  /** No trailer in v0 to v3. Default false. */
  readonly plain?: boolean | undefined;
  /** Bytes of tensors in one safetensors file at most. Default 5,000,000,000. */
  readonly maxShardBytes?: number | undefined;
  /** Replace an output that exists. Default false. */
  readonly force?: boolean | undefined;
  /** The file system. Default: the machine's. */
  readonly files?: FileLayer | undefined;
  /** Kernels to compute with. Default: the fastest that run on this machine. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of a conversion. */
export interface ConvertResult {
  readonly output: string;
  readonly to: ConvertTarget;
  /** `stored`: each tensor of a v3 file as it is stored. null for v0 to v3. */
  readonly type: WeightType | 'stored' | null;
  /** null for all but v2 and v3. */
  readonly groupSize: number | null;
  /** Bytes of the file, or of all files in the folder. */
  readonly byteLength: number;
  /** Largest quantization error of any weight; null for all but v2 and v3. */
  readonly maxError: number | null;
}

/**
 * Converts a model. The output appears under its name once it is complete and on disk; on failure, abort or an early
 * `return()` nothing is left. A .bin file's checksums are compared while it is read, and a stream with the hub's digests.
 *
 * @throws ToolkitError `TYPE_UNFIT`, `INVALID_ARGUMENT`, `ALREADY_QUANTIZED`, `SETTINGS_UNKNOWN`, `BAD_CHECKSUM`,
 *   `BAD_WEIGHTS`, `SOURCE_CHANGED`, and what opening the source and writing the output throw
 * @example
 * for await (const event of convertModel({ source: 'model.bin', output: 'model.gguf', to: 'gguf' })) console.log(event);
 */
export async function* convertModel(options: ConvertOptions): AsyncGenerator<ExportEvent, ConvertResult> {
  const { source, chatTemplate, signal } = options;
  signal?.throwIfAborted();
  checkOptions(options);
  const version = binVersion(options.to);
  return yield* withModelSource(source, signal, (opened) => {
    const templated = withChatTemplate(opened, chatTemplate);
    return version === null ? convertToOther(templated, options) : convertToBin(templated, version, options);
  });
}

async function* convertToBin(
  source: ModelSource,
  version: BinVersion,
  options: ConvertOptions,
): AsyncGenerator<ExportEvent, ConvertResult> {
  const {
    output,
    to,
    groupSize,
    types,
    targetSize,
    calibrate,
    chatTemplate,
    plain = false,
    force,
    files,
    kernels,
    signal,
  } = options;
  if (chatTemplate !== undefined && source.settings === null) throw noPlaceForTemplate(source.weights.name);
  const written = { output, version, groupSize, types, targetSize, calibrate, plain, force, files };
  const exported = exportModel({ source, ...written, kernels, signal });
  return binResult(yield* exported, to);
}

/** GGUF or safetensors. */
async function* convertToOther(
  source: ModelSource,
  options: ConvertOptions,
): AsyncGenerator<ExportEvent, ConvertResult> {
  const { output, to, maxShardBytes = DEFAULT_SHARD_BYTES, force, files, signal } = options;
  const { warnings, ...completed } = source.complete(options);
  const facts = { ...source, ...completed };
  for (const message of warnings) yield { type: 'warning', message };
  const watch = await watchSource(source.weights.name, source.identity);
  const kernels = options.kernels ?? (await openKernels());
  try {
    const tensors = modelTensors(source.dimensions);
    const isStored = to === 'gguf' && options.type === undefined && isStoredInPanels(tensors, source.weights);
    const others = tensors.filter((tensor) => storedTypeOf(tensor, source.weights)?.isExact === false);
    if (isStored && others.length > 0) yield { type: 'warning', message: quantizedAgain(source.name, others) };
    const type = options.type ?? source.storedType ?? (await exactType(source, kernels, signal));
    const rows = source.pass({ digests: false });
    const checkSource = async (): Promise<void> => {
      await rows.finish(signal);
      await watch.checkUnchanged();
    };
    const common = { facts, rows, inputs: pathsOf(source), kernels, output, checkSource, force, files, signal };
    if (to === 'gguf') {
      const written = isStored ? 'stored' : type;
      const byteLength = yield* writeGgufModel({ ...common, type: written });
      return { output, to, type: written, groupSize: null, byteLength, maxError: null };
    }
    if (type === 'Q8_0') throw misplaced('type Q8_0', '--type', to, 'gguf');
    const byteLength = yield* writeHfFolder({ ...common, type, maxShardBytes });
    return { output, to, type, groupSize: null, byteLength, maxError: null };
  } finally {
    if (options.kernels === undefined) await kernels.close();
  }
}

/** @throws ToolkitError `INVALID_ARGUMENT` for a stream, whose weights can be read only once */
async function exactType(source: ModelSource, kernels: Kernels, signal: AbortSignal | undefined): Promise<FloatType> {
  const { dimensions, weights } = source;
  const tensors = modelTensors(dimensions);
  if (!source.isStream)
    return findExactType(tensors, { dimensions, rows: source.pass({ digests: false }), kernels, signal });
  const found = [...new Set(tensors.map((tensor) => weights.dtypeOf(tensor)))].join(' and ');
  const message = `${weights.name}: weights of ${found} are read once, expected to be told the type to write`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ['lose nothing: --type f32', 'download the repository first: leave out --stream'],
  });
}

/** Names the tensors that lose something. */
function quantizedAgain(source: string, tensors: readonly BinTensor[]): string {
  const { name } = tensors[0]!;
  const which = tensors.length === 1 ? name : `${tensors.length} tensors, ${name} first`;
  return `${source}: GGUF does not have the codebooks of ${which}; they are quantized again as IQ4_NL, the nearest`;
}

function binResult({ output, groupSize, byteLength, maxError }: ExportResult, to: ConvertTarget): ConvertResult {
  return { output, to, type: null, groupSize, byteLength, maxError };
}

function binVersion(to: ConvertTarget): BinVersion | null {
  return to === 'gguf' || to === 'safetensors' ? null : (Number(to.slice(1)) as BinVersion);
}

function checkOptions(options: ConvertOptions): void {
  const { to, type, groupSize, types, targetSize, calibrate, chatTemplate, plain, maxShardBytes, settings, tokenizer } =
    options;
  const version = binVersion(to);
  if (type !== undefined && version !== null) throw misplaced(`type ${type}`, '--type', to, 'gguf or safetensors');
  if (groupSize !== undefined && version !== 2) throw misplaced('a group size', '--group-size', to, 'v2');
  if (types !== undefined && version !== 3) throw misplaced('types of tensors', '--types', to, 'v3');
  if (targetSize !== undefined && version !== 3) throw misplaced('a target size', '--target-size', to, 'v3');
  if (calibrate !== undefined && version !== 3) throw misplaced('a calibration text', '--calibrate', to, 'v3');
  if (plain === true && chatTemplate !== undefined)
    throw misplaced('a chat template for a plain file', '--chat-template', to, 'files with a trailer');
  if (plain === true && version === null) throw misplaced('plain', '--plain', to, 'v0 to v3');
  if (settings !== undefined && version !== null)
    throw misplaced('RoPE settings', '--rope-theta and --rope-scaling', to, 'gguf or safetensors');
  if (tokenizer !== undefined && version !== null)
    throw misplaced('a tokenizer', '--tokenizer', to, 'gguf or safetensors');
  if (maxShardBytes !== undefined && to !== 'safetensors')
    throw misplaced('a shard size', '--shard-size', to, 'safetensors');
}

/** A plain file stays plain. */
function noPlaceForTemplate(input: string): ToolkitError {
  return new ToolkitError('INVALID_ARGUMENT', `${input}: holds no trailer, which a chat template would go into`, {
    suggestions: ['give the template to the command that needs it: leave out --chat-template'],
  });
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
