// The weights of a model as matrices: views of the file, in the places its layout names.

import type { BinFile, BinTensor, TensorKind } from '@llama-ts/format';
import type { Matrix, WeightFile } from '@llama-ts/kernels';

/** One transformer layer. kvDim = nKvHeads * headDim */
export interface LayerWeights {
  /** (dim) */
  readonly attentionNorm: Float32Array;
  /** (dim, dim) */
  readonly wq: Matrix;
  /** (kvDim, dim) */
  readonly wk: Matrix;
  /** (kvDim, dim) */
  readonly wv: Matrix;
  /** (dim, dim) */
  readonly wo: Matrix;
  /** (dim) */
  readonly ffnNorm: Float32Array;
  /** gate, (hiddenDim, dim) */
  readonly w1: Matrix;
  /** down, (dim, hiddenDim) */
  readonly w2: Matrix;
  /** up, (hiddenDim, dim) */
  readonly w3: Matrix;
}

/** All weights of a model. */
export interface Weights {
  /** (vocabSize, dim) */
  readonly embedding: Matrix;
  readonly layers: readonly LayerWeights[];
  /** (dim) */
  readonly finalNorm: Float32Array;
  /** (vocabSize, dim); the embedding where the model shares it */
  readonly classifier: Matrix;
}

/** Finds every tensor of `file` in its opened weights. */
export function readWeights(file: BinFile, weights: WeightFile): Weights {
  const places = new Map(file.layout.tensors.map((tensor) => [tensorKey(tensor.kind, tensor.layer), tensor]));
  const place = (kind: TensorKind, layer: number | null): BinTensor => places.get(tensorKey(kind, layer))!;
  const vector = (kind: TensorKind, layer: number | null): Float32Array => {
    const { byteOffset, nValues } = place(kind, layer);
    return weights.float32(byteOffset, nValues);
  };
  const matrix = (kind: TensorKind, layer: number | null): Matrix =>
    readMatrix(place(kind, layer), file.header.groupSize, weights);
  const embedding = matrix('embedding', null);
  return {
    embedding,
    layers: Array.from({ length: file.header.dimensions.nLayers }, (_, layer) => ({
      attentionNorm: vector('attentionNorm', layer),
      wq: matrix('wq', layer),
      wk: matrix('wk', layer),
      wv: matrix('wv', layer),
      wo: matrix('wo', layer),
      ffnNorm: vector('ffnNorm', layer),
      w1: matrix('w1', layer),
      w2: matrix('w2', layer),
      w3: matrix('w3', layer),
    })),
    finalNorm: vector('finalNorm', null),
    classifier: file.header.dimensions.sharedClassifier ? embedding : matrix('classifier', null),
  };
}

function tensorKey(kind: TensorKind, layer: number | null): string {
  return `${kind} ${layer}`;
}

function readMatrix(tensor: BinTensor, groupSize: number | null, weights: WeightFile): Matrix {
  const [rows, cols] = tensor.shape as [number, number];
  if (tensor.scalesByteOffset === null || groupSize === null) {
    return { dtype: 'F32', rows, cols, values: weights.float32(tensor.byteOffset, tensor.nValues) };
  }
  return {
    dtype: 'Q8_0',
    rows,
    cols,
    groupSize,
    values: weights.int8(tensor.byteOffset, tensor.nValues),
    scales: weights.float32(tensor.scalesByteOffset, tensor.nValues / groupSize),
  };
}
