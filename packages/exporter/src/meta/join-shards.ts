// The tensors of a model in one or several of Meta's files: each file holds a part of every matrix.
//
// A file of model parallelism holds some heads, some rows of the feed-forward layer and some tokens. Matrices are split
// along their rows; wo and w2, whose inputs are split, along their columns; norms are in every file.
// @see https://github.com/meta-llama/llama-models, models/llama3/model.py (ColumnParallelLinear, RowParallelLinear)

import { equalBytes, shellQuote, ToolkitError } from '@llama-ts/base';
import { type ModelDimensions, type TensorKind, type TensorShape, tensorName, tensorShapes } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import type { PytorchFile, PytorchTensor } from '@llama-ts/pytorch';
import { isSourceDtype } from '../checkpoint/tensor-names.js';
import { show } from '../json-fields.js';
import type { MetaSettings } from './known-sizes.js';

/** One of a model's files. */
export interface MetaShard {
  /** Relative to the folder. */
  readonly path: string;
  readonly file: PytorchFile;
  /** Its tensors by Meta's names. */
  readonly tensors: ReadonlyMap<string, PytorchTensor>;
}

/** A tensor in parts, one of each file. */
export interface JoinedTensor {
  readonly parts: readonly PytorchTensor[];
  readonly dtype: SourceDtype;
  readonly shape: readonly number[];
  /** Along rows (0) or columns (1); null for a tensor of one file, and for one that every file holds. */
  readonly axis: 0 | 1 | null;
}

/** Computed from the settings, and in some files all the same: Meta's first ones, and llama2.c's. */
const COMPUTED = /^(?:rope\.freqs|freqs_cos|freqs_sin)$/;
/** Split along their columns. */
const byColumns: ReadonlySet<TensorKind> = new Set(['wo', 'w2']);

/**
 * The dimensions: what the settings leave out is told by the tensors.
 *
 * @throws ToolkitError `MISSING_TENSOR`, `BAD_TENSOR_SHAPE`
 */
export function dimensionsOf(
  params: MetaSettings,
  shards: readonly MetaShard[],
  name: string,
): Omit<ModelDimensions, 'sharedClassifier'> {
  const { dim, nLayers, nHeads, nKvHeads, maxSeqLen } = params;
  const shapeOf = (tensor: string): readonly number[] => {
    const shape = shards[0]!.tensors.get(tensor)?.shape;
    if (shape === undefined) throw missing(name, tensor);
    if (shape.length !== 2) throw wrongShape(name, tensor, shape, 'two dimensions');
    return shape;
  };
  const hiddenDim = shapeOf(tensorName('w1', 0))[0]! * shards.length;
  const embedding = tensorName('embedding', null);
  const [rows, columns] = shapeOf(embedding);
  // Llama 3 splits the embedding by tokens, models before it by columns.
  const vocabSize = params.vocabSize ?? (columns === dim ? rows! * shards.length : rows!);
  return { dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, maxSeqLen };
}

/**
 * Finds the parts of each tensor and checks that they make it. The classifier may be absent.
 *
 * @throws ToolkitError `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE`
 */
export function joinShards(
  shards: readonly MetaShard[],
  dimensions: Omit<ModelDimensions, 'sharedClassifier'>,
  name: string,
): Map<string, JoinedTensor> {
  const joined = new Map<string, JoinedTensor>();
  for (const tensor of tensorShapes(1, { ...dimensions, sharedClassifier: false })) {
    const parts = shards.flatMap((shard) => shard.tensors.get(tensor.name) ?? []);
    if (parts.length === 0 && tensor.kind === 'classifier') continue;
    if (parts.length < shards.length) throw missing(name, tensor.name);
    joined.set(tensor.name, join(tensor, parts, name));
  }
  for (const { path, tensors } of shards) {
    for (const tensor of tensors.keys()) {
      if (joined.has(tensor) || COMPUTED.test(tensor)) continue;
      throw wrong('UNEXPECTED_TENSOR', name, `tensor ${show(tensor)} of ${path} has no place in a Llama of this size`);
    }
  }
  return joined;
}

/** Checks that every file has the same norms. @throws ToolkitError `BAD_WEIGHTS` */
export async function checkCopies(
  shards: readonly MetaShard[],
  joined: ReadonlyMap<string, JoinedTensor>,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [tensor, { shape }] of joined) {
    if (shape.length > 1) continue;
    const [first, ...others] = await Promise.all(
      shards.map(({ file, tensors }) => file.read(tensors.get(tensor)!.name, { signal })),
    );
    const other = others.findIndex((bytes) => !equalBytes(bytes, first!));
    if (other === -1) continue;
    const message = `${tensor} of ${shards[other + 1]!.path} differs from that of ${shards[0]!.path}, expected it to be equal`;
    throw new ToolkitError('BAD_WEIGHTS', `${name}: ${message}`, {
      suggestions: [
        `download all .pth files of one model into ${shellQuote(name)} again, then run the same command again`,
      ],
    });
  }
}

function join({ name: tensor, kind, shape }: TensorShape, parts: readonly PytorchTensor[], name: string): JoinedTensor {
  const { dtype } = parts[0]!;
  if (!isSourceDtype(dtype)) throw wrong('UNSUPPORTED_DTYPE', name, `${tensor} is ${dtype}, expected BF16, F16 or F32`);
  const mixed = parts.find((part) => part.dtype !== dtype);
  if (mixed !== undefined) {
    throw wrong('UNSUPPORTED_DTYPE', name, `${tensor} is ${dtype} in one file and ${mixed.dtype} in another`);
  }
  const axis = axisOf(kind, shape, parts);
  const expected = axis === null ? shape : shape.map((n, i) => (i === axis ? n / parts.length : n));
  for (const part of parts) {
    if (part.shape.length === expected.length && part.shape.every((n, i) => n === expected[i])) continue;
    throw wrongShape(name, tensor, part.shape, show(expected));
  }
  return { parts: axis === null ? parts.slice(0, 1) : parts, dtype, shape, axis };
}

function axisOf(kind: TensorKind, shape: readonly number[], parts: readonly PytorchTensor[]): JoinedTensor['axis'] {
  if (parts.length === 1 || shape.length === 1) return null;
  if (kind === 'embedding') return parts[0]!.shape[1] === shape[1] ? 0 : 1;
  return byColumns.has(kind) ? 1 : 0;
}

function missing(name: string, tensor: string): ToolkitError {
  return wrong('MISSING_TENSOR', name, `no tensor ${tensor}, expected one in every file of the model`);
}

function wrongShape(name: string, tensor: string, found: readonly number[], expected: string): ToolkitError {
  return wrong('BAD_TENSOR_SHAPE', name, `${tensor} has shape ${show(found)}, expected ${expected}`);
}

function wrong(
  code: 'MISSING_TENSOR' | 'UNEXPECTED_TENSOR' | 'BAD_TENSOR_SHAPE' | 'UNSUPPORTED_DTYPE',
  name: string,
  message: string,
): ToolkitError {
  return new ToolkitError(code, `${name}: ${message}`, {
    suggestions: [`compare the settings with the weights: llama inspect ${shellQuote(name)}`],
  });
}
