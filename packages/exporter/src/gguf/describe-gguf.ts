// Describes the model of open GGUF files by their header alone, and refuses what cannot be exported.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import { type GgufFiles, isQuantizedTypeRead, QUANTIZED_TYPES_READ } from '@llama-ts/gguf';
import { isSourceDtype } from '../checkpoint/tensor-names.js';
import type { ModelSettings } from '../source/model-source.js';
import { modelTensors } from '../weights/model-tensors.js';
import { type GgufConfig, ggufConfig } from './gguf-config.js';
import { ggufFields } from './gguf-fields.js';
import { GGUF_CLASSIFIER, GGUF_ROPE_FACTORS, ggufName } from './gguf-names.js';
import { type GgufText, ggufText } from './gguf-tokenizer.js';
import { scalingOfFactors } from './rope-factors.js';

/** Options of {@link describeGguf}. */
export interface DescribeGgufOptions {
  /** Name in messages: the path, or that in a repository. */
  readonly name: string;
  /** Whether the files are at the hub. */
  readonly isRemote: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What the header of a model says. */
export interface GgufOutline {
  /** Without what only the bytes of a classifier tell: whether they are those of the embedding. */
  readonly dimensions: GgufConfig['dimensions'];
  readonly settings: ModelSettings;
  readonly text: GgufText;
}

/**
 * Reads settings, tokenizer and the divisors of RoPE, and compares the tensors with the settings; reads no other tensor.
 *
 * @throws ToolkitError `UNSUPPORTED_MODEL`, `BAD_CONFIG`, `BAD_TOKENIZER`, `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`,
 *   `UNSUPPORTED_DTYPE`
 */
export async function describeGguf(files: GgufFiles, options: DescribeGgufOptions): Promise<GgufOutline> {
  const { name } = options;
  const fields = ggufFields(files.metadata, name);
  const { dimensions, ropeTheta, normEpsilon } = ggufConfig(fields, files.tensors);
  checkTensors(files, dimensions, options);
  const text = ggufText(fields, dimensions.vocabSize);
  const headDim = dimensions.dim / dimensions.nHeads;
  const factors = await readFactors(files, headDim / 2, options);
  const ropeScaling = factors && scalingOfFactors(factors, { headDim, theta: ropeTheta }, name);
  return { dimensions, settings: { ropeTheta, ropeScaling, normEpsilon, ...text.boundaries }, text };
}

/** @throws ToolkitError `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE` */
function checkTensors(
  { tensors }: GgufFiles,
  dimensions: GgufConfig['dimensions'],
  options: DescribeGgufOptions,
): void {
  const { name: file } = options;
  const inspect = inspecting(options);
  const expected = new Set([GGUF_ROPE_FACTORS]);
  for (const tensor of modelTensors({ ...dimensions, sharedClassifier: false })) {
    const name = ggufName(tensor);
    expected.add(name);
    const found = tensors.get(name);
    if (found === undefined) {
      if (name === GGUF_CLASSIFIER) continue;
      const message = `${file}: no tensor ${name}, expected one of shape [${tensor.shape.join(', ')}]`;
      throw new ToolkitError('MISSING_TENSOR', message, inspect);
    }
    if (String(found.shape) !== String(tensor.shape)) {
      const message = `${file}: ${name} has shape [${found.shape.join(', ')}], expected [${tensor.shape.join(', ')}]`;
      throw new ToolkitError('BAD_TENSOR_SHAPE', message, inspect);
    }
    if (isSourceDtype(found.type) || isQuantizedTypeRead(found.type)) continue;
    const message = `${file}: ${name} is ${found.type}, expected F32, F16, BF16, ${QUANTIZED_TYPES_READ.join(', ')}`;
    throw new ToolkitError('UNSUPPORTED_DTYPE', message, {
      suggestions: ['let llama-quantize of llama.cpp write it as Q8_0, then run the same command again'],
    });
  }
  for (const name of tensors.keys()) {
    if (expected.has(name)) continue;
    const message = `${file}: tensor ${JSON.stringify(name)} has no place in a Llama model of this size`;
    throw new ToolkitError('UNEXPECTED_TENSOR', message, inspect);
  }
}

/** (nFactors), or null without any. @throws ToolkitError `BAD_TENSOR_SHAPE` */
async function readFactors(
  { files, tensors }: GgufFiles,
  nFactors: number,
  options: DescribeGgufOptions,
): Promise<Float32Array | null> {
  const { name: file, signal } = options;
  const tensor = tensors.get(GGUF_ROPE_FACTORS);
  if (tensor === undefined) return null;
  if (tensor.type !== 'F32' || String(tensor.shape) !== String(nFactors)) {
    const found = `is ${tensor.type} of shape [${tensor.shape.join(', ')}], expected F32 of shape [${nFactors}]`;
    throw new ToolkitError('BAD_TENSOR_SHAPE', `${file}: ${GGUF_ROPE_FACTORS} ${found}`, inspecting(options));
  }
  const bytes = await files[tensor.part]!.read(GGUF_ROPE_FACTORS, { signal });
  // The bytes are little-endian, and so is every machine that the toolkit runs on.
  return new Float32Array(bytes.slice().buffer);
}

/** The suggestions of an error about tensors. */
function inspecting({ name, isRemote }: DescribeGgufOptions): { readonly suggestions: readonly string[] } {
  return isRemote
    ? { suggestions: ['take another commit, whose file is right: --revision REVISION'] }
    : { suggestions: [`see what it holds: llama inspect ${shellQuote(name)}`] };
}
