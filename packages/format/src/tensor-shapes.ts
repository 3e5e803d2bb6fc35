// The tensors of a model, in the order in which each version stores them: names and shapes, without places.

import type { ModelDimensions } from './model-config.js';

/** Purpose of a tensor. w1, w2 and w3 are Meta's names of the gate, down and up projections. */
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

/** One tensor of a model. */
export interface TensorShape {
  /** Meta's name, as in consolidated.00.pth: `layers.0.attention.wq.weight`. */
  readonly name: string;
  readonly kind: TensorKind;
  /** null for tensors that no layer owns. */
  readonly layer: number | null;
  /** (n) or (rows = outputs, cols = inputs) */
  readonly shape: readonly number[];
}

const legacyKinds: readonly TensorKind[] = [
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
];
/** v1, v2 and v3. */
const kinds: readonly TensorKind[] = [
  'attentionNorm',
  'ffnNorm',
  'finalNorm',
  'embedding',
  'wq',
  'wk',
  'wv',
  'wo',
  'w1',
  'w2',
  'w3',
  'classifier',
];

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

/** Every tensor of a model in file order. @param version 0 has an order of its own, and the tables of RoPE */
export function tensorShapes(version: 0 | 1 | 2 | 3, dimensions: ModelDimensions): readonly TensorShape[] {
  const shapes: TensorShape[] = [];
  for (const kind of version === 0 ? legacyKinds : kinds) {
    if (kind === 'classifier' && dimensions.sharedClassifier) continue;
    const shape = tensorShape(kind, dimensions);
    if (layerNames[kind] === undefined) shapes.push({ name: tensorName(kind, null), kind, layer: null, shape });
    else {
      for (let layer = 0; layer < dimensions.nLayers; layer++) {
        shapes.push({ name: tensorName(kind, layer), kind, layer, shape });
      }
    }
  }
  return shapes;
}

/** The name of a tensor, the same in every version. */
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

/** Rows of a tensor; a vector is one row. */
export function rowsOf({ shape }: Pick<TensorShape, 'shape'>): number {
  return shape.length === 1 ? 1 : shape[0]!;
}

/** Values of a row. */
export function columnsOf({ shape }: Pick<TensorShape, 'shape'>): number {
  return shape.at(-1)!;
}

/** Whether a tensor is one of v0's tables of cosines and sines, which come from no checkpoint. */
export function isRopeTable({ kind }: Pick<TensorShape, 'kind'>): boolean {
  return kind === 'ropeCos' || kind === 'ropeSin';
}
