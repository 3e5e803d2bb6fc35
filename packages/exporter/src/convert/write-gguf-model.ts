// Writes a model as GGUF for llama.cpp and the engines around it.

import { type BinTensor, type TensorKind, ToolkitError } from '@llama-ts/format';
import { encodeF32, serializeHeader, tensorByteLength } from '@llama-ts/gguf';
import { ropeFrequencies } from '@llama-ts/kernels';
import type { FileLayer } from '../files/file-layer.js';
import { createDurableFile } from '../output/durable-file.js';
import type { WriteEvent } from '../output/write-weights.js';
import { type ConvertSource, type ModelFacts, modelTensors } from './convert-source.js';
import type { FloatBlocks } from './float-blocks.js';
import { ggufMetadata } from './gguf-metadata.js';
import type { WeightType } from './weight-types.js';
import { writeTensors } from './write-tensors.js';

/** Names of tensors in one layer, behind `blk.N.`. Rows of q and k lie in a .bin's order: that of Meta. */
const layerNames = {
  attentionNorm: 'attn_norm',
  wq: 'attn_q',
  wk: 'attn_k',
  wv: 'attn_v',
  wo: 'attn_output',
  ffnNorm: 'ffn_norm',
  w1: 'ffn_gate',
  w2: 'ffn_down',
  w3: 'ffn_up',
} as const;
const globalNames: Partial<Record<TensorKind, string>> = {
  embedding: 'token_embd.weight',
  finalNorm: 'output_norm.weight',
  classifier: 'output.weight',
};
const ROPE_FACTORS_NAME = 'rope_freqs.weight';

/** What {@link writeGgufModel} works with. */
export interface WriteGgufOptions {
  readonly source: ConvertSource;
  readonly blocks: FloatBlocks;
  readonly output: string;
  /** Type of the matrices; norms and RoPE factors are float32. */
  readonly type: WeightType;
  /** Throws once the source is another than at the start, or than it was said to be. */
  readonly checkSource: () => Promise<void>;
  readonly force: boolean | undefined;
  readonly files: FileLayer | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes one file and returns its length in bytes.
 *
 * @throws ToolkitError `TYPE_UNFIT`, `BAD_WEIGHTS`, and what the output throws
 */
export async function* writeGgufModel(options: WriteGgufOptions): AsyncGenerator<WriteEvent, number> {
  const { source, blocks, output, type, checkSource, force, files, signal } = options;
  const { header, weights, factors } = ggufLayout(source, type);
  const expectedBytes = header.fileByteLength;
  const file = await createDurableFile(output, { force, files, inputs: source.inputs, expectedBytes });
  try {
    await file.writeAt(header.bytes, 0);
    const places = new Map(header.tensors.map(({ name, byteOffset }) => [name, byteOffset]));
    if (factors !== null) await file.writeAt(encodeF32(factors), places.get(ROPE_FACTORS_NAME)!);
    const placed = weights.map((tensor) => ({ ...tensor, file, byteOffset: places.get(tensor.name)! }));
    yield* writeTensors(placed, { weights: source.weights, blocks, signal });
    // Readers want the last tensor padded like the others.
    const { byteOffset, byteLength } = header.tensors.at(-1)!;
    const end = byteOffset + byteLength;
    await file.writeAt(new Uint8Array(header.fileByteLength - end), end);
    signal?.throwIfAborted();
    await checkSource();
    await file.commit(header.fileByteLength);
    return header.fileByteLength;
  } finally {
    await file.discard();
  }
}

/** Where everything is in the file. @throws ToolkitError `TYPE_UNFIT` */
export function ggufLayout(model: ModelFacts, type: WeightType) {
  const weights = modelTensors(model.dimensions).map((tensor) => {
    const stored: WeightType = tensor.shape.length === 1 ? 'F32' : type;
    return { name: ggufName(tensor), tensor, type: stored, shape: tensor.shape };
  });
  for (const { name, type: stored, shape } of weights) checkRowLength(name, stored, shape);
  const factors = ropeFactors(model);
  const factorSpecs =
    factors === null ? [] : [{ name: ROPE_FACTORS_NAME, type: 'F32' as const, shape: [factors.length] }];
  const header = serializeHeader([...factorSpecs, ...weights], ggufMetadata(model, type));
  return { header, weights, factors };
}

function ggufName({ kind, layer }: BinTensor): string {
  return layer === null ? globalNames[kind]! : `blk.${layer}.${layerNames[kind as keyof typeof layerNames]}.weight`;
}

function checkRowLength(name: string, type: WeightType, shape: readonly number[]): void {
  if (!Number.isNaN(tensorByteLength(type, shape))) return;
  const message = `${name}: rows of ${shape.at(-1)} weights, expected a multiple of 32 for ${type}`;
  throw new ToolkitError('TYPE_UNFIT', message, { suggestions: ['choose a type without blocks: --type bf16'] });
}

/** Divisors of the RoPE frequencies: llama3 scaling as llama.cpp takes it; null for none. (headDim / 2) */
function ropeFactors({ dimensions, settings }: ModelFacts): Float32Array | null {
  if (settings.ropeScaling === null) return null;
  const unscaled = { headDim: dimensions.dim / dimensions.nHeads, theta: settings.ropeTheta, scaling: null };
  const scaled = ropeFrequencies({ ...unscaled, scaling: settings.ropeScaling });
  return Float32Array.from(ropeFrequencies(unscaled), (frequency, i) => frequency / scaled[i]!);
}
