// Opens a GGUF file, or all parts of a split one, as a source.

import {
  basename,
  dirname,
  equalBytes,
  isToolkitError,
  openFile,
  shellQuote,
  TOOL,
  ToolkitError,
} from '@llama-ts/base';
import { type ModelDimensions, type Provenance, templateFacts } from '@llama-ts/format';
import {
  type GgufFile,
  type GgufFiles,
  isQuantizedTypeRead,
  openGgufFiles,
  QUANTIZED_TYPES_READ,
  type SplitTensor,
  splitFileNames,
} from '@llama-ts/gguf';
import { NO_GENERATION_DEFAULTS } from '../checkpoint/generation-config.js';
import { openShardPass } from '../checkpoint/shard-pass.js';
import { describeFiles, identifyFiles } from '../checkpoint/source-files.js';
import { isSourceDtype, soleDtype } from '../checkpoint/tensor-names.js';
import { ggufConfig } from '../gguf/gguf-config.js';
import { ggufFields } from '../gguf/gguf-fields.js';
import { GGUF_CLASSIFIER, GGUF_EMBEDDING, GGUF_ROPE_FACTORS, ggufName } from '../gguf/gguf-names.js';
import { ggufPass, ggufRows } from '../gguf/gguf-rows.js';
import { ggufText } from '../gguf/gguf-tokenizer.js';
import { scalingOfFactors } from '../gguf/rope-factors.js';
import { modelTensors } from '../weights/model-tensors.js';
import type { CompletedFacts, CompleteSource, StatedFacts } from './model-source.js';
import { checkNothingStated } from './nothing-stated.js';
import type { SourceOpener } from './source-opener.js';

const MAGIC = new TextEncoder().encode('GGUF');
const ENDING = /\.gguf$/i;
/** Bytes of two tables compared at once. */
const BLOCK_BYTES = 1 << 20;

/** Options of {@link openGgufSource}. */
export interface OpenGgufSourceOptions {
  /** Hub repository id; default: the file's name without its ending. */
  readonly source?: string;
  /** Resolved commit on the hub; default null. */
  readonly commit?: string | null;
  /** sha256 of files that a download checked, by their names; others are read and hashed. */
  readonly knownSha256?: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Opens files that are named as GGUF, or begin as GGUF does. */
export const ggufOpener: SourceOpener = async (found, { stated, signal }) => {
  if (found.kind !== 'file' || !(await isGguf(found.path))) return null;
  checkNothingStated(found.path, stated);
  return openGgufSource(found.path, { signal });
};

/** Whether a file's name or its first bytes say that it is GGUF. */
export async function isGguf(path: string): Promise<boolean> {
  if (ENDING.test(path)) return true;
  const file = await openFile(path).catch((error: unknown) => {
    if (isToolkitError(error)) return null;
    throw error;
  });
  if (file === null) return false;
  try {
    return file.byteLength >= MAGIC.byteLength && equalBytes(await file.read(0, MAGIC.byteLength), MAGIC);
  } finally {
    await file.close();
  }
}

/** The name of a model by that of its file: without the ending, and the number of its part. */
export function ggufModelName(path: string): string {
  return basename(path)
    .replace(ENDING, '')
    .replace(/-\d{5}-of-\d{5}$/, '');
}

/**
 * Opens a file, or all parts of a model of which one is named. No tensor is read but small ones.
 *
 * @throws ToolkitError `UNSUPPORTED_MODEL`, `BAD_CONFIG`, `BAD_TOKENIZER`, `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`,
 *   `UNSUPPORTED_DTYPE`, and what openGgufFiles throws
 */
export async function openGgufSource(path: string, options: OpenGgufSourceOptions = {}): Promise<CompleteSource> {
  const { signal } = options;
  const files = await openGgufFiles(path, { signal });
  try {
    const fields = ggufFields(files.metadata, path);
    const config = ggufConfig(fields, files.tensors);
    checkTensors(files, config.dimensions, path);
    const dimensions = { ...config.dimensions, sharedClassifier: await sharesClassifier(files, signal) };
    const text = ggufText(fields, dimensions.vocabSize);
    const { ropeTheta, normEpsilon } = config;
    const headDim = dimensions.dim / dimensions.nHeads;
    const factors = await readFactors(files, headDim / 2, path, signal);
    const ropeScaling = factors && scalingOfFactors(factors, { headDim, theta: ropeTheta }, path);
    const settings = { ropeTheta, ropeScaling, normEpsilon, ...text.boundaries };
    const folder = dirname(path);
    const names = splitFileNames(basename(path));
    const source = options.source ?? ggufModelName(path);
    const { commit = null, knownSha256 = new Map<string, string>() } = options;
    const tensors = { files, dimensions, name: path };
    const weights = modelTensors(dimensions).map((tensor) => files.tensors.get(ggufName(tensor))!);
    const shardOf = ({ part }: SplitTensor): string => names[part]!;
    const { warnings } = text;
    let closing: Promise<void> | undefined;
    return {
      kind: 'gguf',
      name: options.source ?? path,
      commit,
      folder,
      files: names,
      warnings,
      dimensions,
      settings,
      eosSources: text.eosSources,
      generation: NO_GENERATION_DEFAULTS,
      tokenizer: text.tokenizer,
      chatTemplate: text.chatTemplate,
      ...templateFacts(text),
      modelName: source,
      tensors: [...files.tensors.values()].map(({ type, part, ...tensor }) => {
        return { ...tensor, dtype: type, ...(names.length === 1 ? {} : { file: names[part]! }) };
      }),
      storedType: soleDtype(weights.filter(({ shape }) => shape.length > 1).map(({ type }) => type)),
      isQuantized: weights.some(({ type }) => isQuantizedTypeRead(type)),
      isStream: false,
      weights: ggufRows(tensors),
      pass({ digests }) {
        const open = new Map<string, GgufFile>(names.map((name, part) => [name, files.files[part]!]));
        const placed = new Map(
          [...files.tensors].map(([name, tensor]) => [name, { ...tensor, shard: shardOf(tensor) }]),
        );
        const isHashed = (name: string): boolean => digests && !knownSha256.has(name);
        return ggufPass(tensors, openShardPass({ files: open, tensors: placed, isHashed }));
      },
      complete: (stated) => completeFacts(path, { settings, tokenizer: text.tokenizer, warnings }, stated),
      identity: () => identifyFiles(folder, names, { commit, knownSha256, stream: null }),
      async provenance(given = {}): Promise<Provenance> {
        return { source, commit, files: await describeFiles(folder, names, { knownSha256, ...given }), tool: TOOL };
      },
      close: () => (closing ??= files.close()),
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** @throws ToolkitError `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE` */
function checkTensors(
  { tensors }: GgufFiles,
  dimensions: Omit<ModelDimensions, 'sharedClassifier'>,
  path: string,
): void {
  const inspect = { suggestions: [`see what it holds: llama inspect ${shellQuote(path)}`] };
  const expected = new Set([GGUF_ROPE_FACTORS]);
  for (const tensor of modelTensors({ ...dimensions, sharedClassifier: false })) {
    const name = ggufName(tensor);
    expected.add(name);
    const found = tensors.get(name);
    if (found === undefined) {
      if (name === GGUF_CLASSIFIER) continue;
      const message = `${path}: no tensor ${name}, expected one of shape [${tensor.shape.join(', ')}]`;
      throw new ToolkitError('MISSING_TENSOR', message, inspect);
    }
    if (String(found.shape) !== String(tensor.shape)) {
      const message = `${path}: ${name} has shape [${found.shape.join(', ')}], expected [${tensor.shape.join(', ')}]`;
      throw new ToolkitError('BAD_TENSOR_SHAPE', message, inspect);
    }
    if (isSourceDtype(found.type) || isQuantizedTypeRead(found.type)) continue;
    const message = `${path}: ${name} is ${found.type}, expected F32, F16, BF16, ${QUANTIZED_TYPES_READ.join(', ')}`;
    throw new ToolkitError('UNSUPPORTED_DTYPE', message, {
      suggestions: ['let llama-quantize of llama.cpp write it as Q8_0, then run the same command again'],
    });
  }
  for (const name of tensors.keys()) {
    if (expected.has(name)) continue;
    const message = `${path}: tensor ${JSON.stringify(name)} has no place in a Llama model of this size`;
    throw new ToolkitError('UNEXPECTED_TENSOR', message, inspect);
  }
}

/** Whether there is no classifier, or one of the very bytes of the embedding. */
async function sharesClassifier({ files, tensors }: GgufFiles, signal: AbortSignal | undefined): Promise<boolean> {
  const classifier = tensors.get(GGUF_CLASSIFIER);
  const embedding = tensors.get(GGUF_EMBEDDING)!;
  if (classifier === undefined) return true;
  if (classifier.type !== embedding.type) return false;
  for (let start = 0; start < embedding.byteLength; start += BLOCK_BYTES) {
    const range = { start, end: Math.min(start + BLOCK_BYTES, embedding.byteLength), signal };
    const [a, b] = await Promise.all([
      files[classifier.part]!.read(GGUF_CLASSIFIER, range),
      files[embedding.part]!.read(GGUF_EMBEDDING, range),
    ]);
    if (!equalBytes(a, b)) return false;
  }
  return true;
}

/** (nFactors), or null without any. @throws ToolkitError `BAD_TENSOR_SHAPE` */
async function readFactors(
  { files, tensors }: GgufFiles,
  nFactors: number,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Float32Array | null> {
  const tensor = tensors.get(GGUF_ROPE_FACTORS);
  if (tensor === undefined) return null;
  if (tensor.type !== 'F32' || String(tensor.shape) !== String(nFactors)) {
    const found = `is ${tensor.type} of shape [${tensor.shape.join(', ')}], expected F32 of shape [${nFactors}]`;
    throw new ToolkitError('BAD_TENSOR_SHAPE', `${path}: ${GGUF_ROPE_FACTORS} ${found}`, {
      suggestions: [`see what it holds: llama inspect ${shellQuote(path)}`],
    });
  }
  const bytes = await files[tensor.part]!.read(GGUF_ROPE_FACTORS, { signal });
  // The bytes are little-endian, and so is every machine that the toolkit runs on.
  return new Float32Array(bytes.slice().buffer);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
function completeFacts(path: string, held: CompletedFacts, { settings, tokenizer }: StatedFacts): CompletedFacts {
  if (settings === undefined && tokenizer === undefined) return held;
  const message = `${path}: settings or a tokenizer are given, which are for a .bin file that holds none`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ['the file has its own: leave out --rope-theta, --rope-scaling and --tokenizer'],
  });
}
