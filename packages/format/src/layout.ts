// The list of tensors of a .bin file with their places: the one description that writer and reader both walk.

import { type BinHeader, type BinVersion, headerByteLength } from './header.js';
import type { ModelDimensions } from './model-config.js';
import { ToolkitError } from './toolkit-error.js';
import { float32Encoding, matrixEncoding, scaleBytes, valueBytes, type WeightEncoding } from './weight-encoding.js';

/** What a tensor is for. w1, w2 and w3 are Meta's names of the gate, down and up projections. */
export type TensorKind =
  | 'attentionNorm'
  | 'ffnNorm'
  | 'finalNorm'
  | 'embedding'
  | 'wq'
  | 'wk'
  | 'wv'
  | 'wo'
  | 'w1'
  | 'w2'
  | 'w3'
  | 'classifier'
  | 'ropeCos'
  | 'ropeSin';

/** One tensor and its place in the file. */
export interface BinTensor {
  /** Meta's name, as in consolidated.00.pth: `layers.0.attention.wq.weight`. */
  readonly name: string;
  readonly kind: TensorKind;
  /** null for tensors that no layer owns. */
  readonly layer: number | null;
  /** (n) or (rows = outputs, cols = inputs) */
  readonly shape: readonly number[];
  readonly encoding: WeightEncoding;
  readonly nValues: number;
  /** First byte of the values. */
  readonly byteOffset: number;
  /** Bytes of values and scales together. */
  readonly byteLength: number;
  /** First byte after the values, where the scales start if the encoding has scales. */
  readonly scalesByteOffset: number;
}

/** Every tensor in file order, and where the weights end. */
export interface BinLayout {
  readonly tensors: readonly BinTensor[];
  /** First byte after the last weight: the end of a plain file, the start of the trailer in others. */
  readonly weightsEnd: number;
}

const kindsByVersion: Readonly<Record<BinVersion, readonly TensorKind[]>> = {
  0: [
    'embedding',
    'attentionNorm',
    'wq',
    'wk',
    'wv',
    'wo',
    'ffnNorm',
    'w1',
    'w2',
    'w3',
    'finalNorm',
    'ropeCos',
    'ropeSin',
    'classifier',
  ],
  1: ['attentionNorm', 'ffnNorm', 'finalNorm', 'embedding', 'wq', 'wk', 'wv', 'wo', 'w1', 'w2', 'w3', 'classifier'],
  2: ['attentionNorm', 'ffnNorm', 'finalNorm', 'embedding', 'wq', 'wk', 'wv', 'wo', 'w1', 'w2', 'w3', 'classifier'],
};

const layerNames: Partial<Record<TensorKind, string>> = {
  attentionNorm: 'attention_norm',
  wq: 'attention.wq',
  wk: 'attention.wk',
  wv: 'attention.wv',
  wo: 'attention.wo',
  ffnNorm: 'ffn_norm',
  w1: 'feed_forward.w1',
  w2: 'feed_forward.w2',
  w3: 'feed_forward.w3',
};

const globalNames: Partial<Record<TensorKind, string>> = {
  embedding: 'tok_embeddings.weight',
  finalNorm: 'norm.weight',
  classifier: 'output.weight',
  ropeCos: 'rope.freqs_cos',
  ropeSin: 'rope.freqs_sin',
};

/**
 * Places every tensor of a model.
 *
 * @throws ToolkitError `BAD_HEADER` when the sizes exceed what a file offset can address
 */
export function layout(header: BinHeader): BinLayout {
  const { version, dimensions, groupSize } = header;
  const tensors: BinTensor[] = [];
  let byteOffset = headerByteLength(version);
  for (const kind of kindsByVersion[version]) {
    if (kind === 'classifier' && dimensions.sharedClassifier) continue;
    const nCopies = layerNames[kind] === undefined ? 1 : dimensions.nLayers;
    for (let i = 0; i < nCopies; i++) {
      const tensor = place(kind, layerNames[kind] === undefined ? null : i, dimensions, groupSize, byteOffset);
      tensors.push(tensor);
      byteOffset += tensor.byteLength;
    }
  }
  if (!Number.isSafeInteger(byteOffset)) {
    throw new ToolkitError('BAD_HEADER', `weights of ${byteOffset} bytes, expected at most ${Number.MAX_SAFE_INTEGER}`);
  }
  return { tensors, weightsEnd: byteOffset };
}

/** The name of a tensor, whatever the version. */
export function tensorName(kind: TensorKind, layer: number | null): string {
  return layer === null ? globalNames[kind]! : `layers.${layer}.${layerNames[kind]!}.weight`;
}

/** The shape of a tensor: (n) or (rows = outputs, cols = inputs). */
export function tensorShape(kind: TensorKind, dimensions: ModelDimensions): readonly number[] {
  const { dim, hiddenDim, nHeads, nKvHeads, vocabSize, maxSeqLen } = dimensions;
  const headDim = dim / nHeads;
  switch (kind) {
    case 'attentionNorm':
    case 'ffnNorm':
    case 'finalNorm':
      return [dim];
    case 'embedding':
    case 'classifier':
      return [vocabSize, dim];
    case 'wq':
    case 'wo':
      return [dim, dim];
    case 'wk':
    case 'wv':
      return [nKvHeads * headDim, dim];
    case 'w1':
    case 'w3':
      return [hiddenDim, dim];
    case 'w2':
      return [dim, hiddenDim];
    case 'ropeCos':
    case 'ropeSin':
      return [maxSeqLen, headDim / 2];
  }
}

function place(
  kind: TensorKind,
  layer: number | null,
  dimensions: ModelDimensions,
  groupSize: number | null,
  byteOffset: number,
): BinTensor {
  const shape = tensorShape(kind, dimensions);
  const nValues = shape.reduce((product, n) => product * n, 1);
  const encoding = shape.length === 1 ? float32Encoding : matrixEncoding(groupSize);
  const scalesByteOffset = byteOffset + valueBytes(encoding, nValues);
  const byteLength = scalesByteOffset + scaleBytes(encoding, nValues) - byteOffset;
  return {
    name: tensorName(kind, layer),
    kind,
    layer,
    shape,
    encoding,
    nValues,
    byteOffset,
    byteLength,
    scalesByteOffset,
  };
}

/** Rows of a tensor; a vector is one row. */
export function rowsOf({ shape }: BinTensor): number {
  return shape.length === 1 ? 1 : shape[0]!;
}

/** Values of a row. */
export function columnsOf({ shape }: BinTensor): number {
  return shape.at(-1)!;
}

/** Whether a tensor is one of v0's tables of cosines and sines, which come from no checkpoint. */
export function isRopeTable({ kind }: BinTensor): boolean {
  return kind === 'ropeCos' || kind === 'ropeSin';
}
