// Writes a model as GGUF for llama.cpp and the engines around it.

import { ToolkitError } from '@llama-ts/base';
import { createDurableFile, type FileLayer } from '@llama-ts/durable';
import type { BinTensor } from '@llama-ts/format';
import { encodeF32, serializeHeader, type TensorType, tensorByteLength } from '@llama-ts/gguf';
import { GGUF_ROPE_FACTORS, ggufName } from '../gguf/gguf-names.js';
import { ropeFactors } from '../gguf/rope-factors.js';
import type { WriteEvent } from '../output/write-event.js';
import type { CompleteFacts } from '../source/model-source.js';
import { modelTensors } from '../weights/model-tensors.js';
import type { FloatBlocksOptions } from './float-blocks.js';
import { ggufMetadata } from './gguf-metadata.js';
import { storedTypeOf } from './stored-types.js';
import type { WeightType } from './weight-types.js';
import { writeStoredTensors } from './write-stored-tensors.js';
import { writeTensors } from './write-tensors.js';

/** Options of {@link writeGgufModel}. */
export interface WriteGgufOptions extends Omit<FloatBlocksOptions, 'dimensions'> {
  readonly facts: CompleteFacts;
  /** Files that must not be written over. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Type of the matrices; norms and RoPE factors are float32. `stored`: each tensor of a v3 file as it is stored. */
  readonly type: WeightType | 'stored';
  /** Throws if the source changed, or is not what the hub lists. */
  readonly checkSource: () => Promise<void>;
  readonly force: boolean | undefined;
  readonly files: FileLayer | undefined;
}

/**
 * Writes one file and returns its length in bytes.
 *
 * @throws ToolkitError `TYPE_UNFIT`, `BAD_WEIGHTS`, and what the output throws
 */
export async function* writeGgufModel(options: WriteGgufOptions): AsyncGenerator<WriteEvent, number> {
  const { facts, inputs, output, type, checkSource, force, files, signal } = options;
  const typeOf = (tensor: BinTensor): TensorType =>
    type === 'stored' ? storedTypeOf(tensor, options.rows)!.type : type;
  const { header, weights, factors } = ggufLayout(facts, typeOf);
  const expectedBytes = header.fileByteLength;
  const file = await createDurableFile(output, { force, files, inputs, expectedBytes });
  try {
    await file.writeAt(header.bytes, 0);
    const places = new Map(header.tensors.map(({ name, byteOffset }) => [name, byteOffset]));
    if (factors !== null) await file.writeAt(encodeF32(factors), places.get(GGUF_ROPE_FACTORS)!);
    const placed = weights.map((tensor) => ({ ...tensor, file, byteOffset: places.get(tensor.name)! }));
    const write = type === 'stored' ? writeStoredTensors : writeTensors;
    yield* write(placed, { ...options, dimensions: facts.dimensions });
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

/** Where everything is in the file. @param typeOf the type of a matrix @throws ToolkitError `TYPE_UNFIT` */
export function ggufLayout(model: CompleteFacts, typeOf: (tensor: BinTensor) => TensorType) {
  const weights = modelTensors(model.dimensions).map((tensor) => {
    const stored: TensorType = tensor.shape.length === 1 ? 'F32' : typeOf(tensor);
    return { name: ggufName(tensor), tensor, type: stored, shape: tensor.shape };
  });
  for (const { name, type: stored, shape } of weights) checkRowLength(name, stored, shape);
  const factors = factorsOf(model);
  const factorSpecs =
    factors === null ? [] : [{ name: GGUF_ROPE_FACTORS, type: 'F32' as const, shape: [factors.length] }];
  const header = serializeHeader([...factorSpecs, ...weights], ggufMetadata(model, mostUsed(weights)));
  return { header, weights, factors };
}

/** The type with the most weights. */
function mostUsed(weights: readonly { readonly type: TensorType; readonly tensor: BinTensor }[]): TensorType {
  const counts = new Map<TensorType, number>();
  for (const { type, tensor } of weights) counts.set(type, (counts.get(type) ?? 0) + tensor.nValues);
  return [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most))[0];
}

function checkRowLength(name: string, type: TensorType, shape: readonly number[]): void {
  if (!Number.isNaN(tensorByteLength(type, shape))) return;
  const message = `${name}: rows of ${shape.at(-1)} weights, expected a multiple of 32 for ${type}`;
  throw new ToolkitError('TYPE_UNFIT', message, { suggestions: ['choose a type without blocks: --type bf16'] });
}

/** Divisors of the RoPE frequencies; null for none. (headDim / 2) */
function factorsOf({ dimensions, settings }: CompleteFacts): Float32Array | null {
  const { ropeTheta: theta, ropeScaling } = settings;
  return ropeScaling === null ? null : ropeFactors({ headDim: dimensions.dim / dimensions.nHeads, theta }, ropeScaling);
}
