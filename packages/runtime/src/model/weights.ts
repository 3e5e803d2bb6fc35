// The weights of a model as matrices: views of the file, in the places its layout names.

import { type BinFile, type BinTensor, scaleCount, type TensorKind } from '@llama-ts/format';
import type { Kernels, Matrix, Q8Matrix, WeightFile } from '@llama-ts/kernels';

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
export async function readWeights(file: BinFile, weights: WeightFile): Promise<Weights> {
  const places = new Map(file.layout.tensors.map((tensor) => [tensorKey(tensor.kind, tensor.layer), tensor]));
  const place = (kind: TensorKind, layer: number | null): BinTensor => places.get(tensorKey(kind, layer))!;
  const vector = (kind: TensorKind, layer: number | null): Promise<Float32Array> => {
    const { byteOffset, nValues } = place(kind, layer);
    return weights.float32(byteOffset, nValues);
  };
  const matrix = (kind: TensorKind, layer: number | null): Promise<Matrix> => readMatrix(place(kind, layer), weights);
  const { nLayers, sharedClassifier } = file.header.dimensions;
  const embedding = await matrix('embedding', null);
  const layers: LayerWeights[] = [];
  for (let layer = 0; layer < nLayers; layer++) {
    layers.push({
      attentionNorm: await vector('attentionNorm', layer),
      wq: await matrix('wq', layer),
      wk: await matrix('wk', layer),
      wv: await matrix('wv', layer),
      wo: await matrix('wo', layer),
      ffnNorm: await vector('ffnNorm', layer),
      w1: await matrix('w1', layer),
      w2: await matrix('w2', layer),
      w3: await matrix('w3', layer),
    });
  }
  return {
    embedding,
    layers,
    finalNorm: await vector('finalNorm', null),
    classifier: sharedClassifier ? embedding : await matrix('classifier', null),
  };
}

/**
 * The same weights with the maxima of groups instead of scales, where that is faster and gives the same bits: where the
 * quantized weights were bfloat16, as those of published models are. Every token reads all scales; maxima take half as
 * many bytes.
 */
export async function withGroupMaxima(weights: Weights, kernels: Kernels, signal?: AbortSignal): Promise<Weights> {
  if (!kernels.prefersGroupMaxima) return weights;
  const matrices = new Set([weights.embedding, weights.classifier]);
  for (const { wq, wk, wv, wo, w1, w2, w3 } of weights.layers) {
    for (const matrix of [wq, wk, wv, wo, w1, w2, w3]) matrices.add(matrix);
  }
  const quantized = [...matrices].filter((matrix): matrix is Q8Matrix => matrix.dtype === 'Q8_0');
  const nScales = quantized.reduce((sum, { scales }) => sum + scales.length, 0);
  if (nScales === 0) return weights;
  const { buffer, byteOffset } = kernels.allocate.filled(2 * nScales);
  const inexact = kernels.allocate.int32(quantized.length);
  let end = byteOffset;
  const maxima = quantized.map(({ scales }, i) => {
    const ofGroups = new Uint16Array(buffer, end, scales.length);
    end += ofGroups.byteLength;
    kernels.groupMaxima(ofGroups, inexact.subarray(i, i + 1), scales as Float32Array);
    return ofGroups;
  });
  await kernels.run(signal);
  const replaced = new Map(quantized.map((matrix, i) => [matrix, inexact[i] === 0 ? maxima[i]! : matrix.scales]));
  return mapMatrices(weights, (matrix) =>
    matrix.dtype === 'Q8_0' ? { ...matrix, scales: replaced.get(matrix)! } : matrix,
  );
}

function mapMatrices(weights: Weights, f: (matrix: Matrix) => Matrix): Weights {
  const embedding = f(weights.embedding);
  return {
    ...weights,
    embedding,
    layers: weights.layers.map(({ wq, wk, wv, wo, w1, w2, w3, ...norms }) => ({
      ...norms,
      wq: f(wq),
      wk: f(wk),
      wv: f(wv),
      wo: f(wo),
      w1: f(w1),
      w2: f(w2),
      w3: f(w3),
    })),
    classifier: weights.classifier === weights.embedding ? embedding : f(weights.classifier),
  };
}

function tensorKey(kind: TensorKind, layer: number | null): string {
  return `${kind} ${layer}`;
}

async function readMatrix(
  { shape, encoding, byteOffset, scalesByteOffset, nValues }: BinTensor,
  weights: WeightFile,
): Promise<Matrix> {
  const [rows, cols] = shape as [number, number];
  switch (encoding.id) {
    case 'F32':
      return { dtype: 'F32', rows, cols, values: await weights.float32(byteOffset, nValues) };
    case 'Q8_0':
      return {
        dtype: 'Q8_0',
        rows,
        cols,
        groupSize: encoding.groupSize,
        values: await weights.int8(byteOffset, nValues),
        scales: await weights.float32(scalesByteOffset, scaleCount(encoding, nValues)),
      };
    case 'Q8':
      return { dtype: 'Q8', rows, cols, panels: await weights.uint8(byteOffset, scalesByteOffset - byteOffset) };
    case 'Q4':
      return {
        dtype: 'Q4',
        rows,
        cols,
        panels: await weights.uint8(byteOffset, scalesByteOffset - byteOffset),
        codebook: Int8Array.from(encoding.codebook),
      };
  }
}
