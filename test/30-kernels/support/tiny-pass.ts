// A forward pass over random weights: all kernels of a layer in a row, larger than the cases of single kernels.

import type { Kernels, KeyValueCache, Matrix, RopeTable } from '@llama-ts/kernels';
import { ropeTable } from '@llama-ts/kernels';
import { indices, uniform } from './random.js';

const [dim, hiddenDim, nLayers, nHeads, nKvHeads, headDim, vocabSize, seqLen] = [128, 384, 2, 8, 2, 16, 1329, 80];
const kvDim = nKvHeads * headDim;
const EPSILON = 1e-5;

interface Layer {
  readonly norms: readonly [Float32Array, Float32Array];
  readonly wq: Matrix;
  readonly wk: Matrix;
  readonly wv: Matrix;
  readonly wo: Matrix;
  readonly w1: Matrix;
  readonly w2: Matrix;
  readonly w3: Matrix;
}

/** Weights, and what a pass needs besides. */
export interface TinyModel {
  readonly embedding: Matrix;
  readonly layers: readonly Layer[];
  readonly finalNorm: Float32Array;
  readonly table: RopeTable;
}

/** A part of a sequence's tokens, with the cache that holds what came before. */
export interface TinySegment {
  readonly cache: KeyValueCache;
  readonly position: number;
  readonly tokens: Int32Array;
}

/** Random tokens, `seqLen` at most. */
export function tinyTokens(length: number, seed: number): Int32Array {
  return indices(length, seed, vocabSize);
}

/** Size of the groups that weights are quantized in, or null for float32 weights. */
export type GroupSize = 8 | 16 | 32 | 64 | 128 | null;

/** The same weights on every backend. */
export async function tinyModel(kernels: Kernels, groupSize: GroupSize): Promise<TinyModel> {
  let seed = 100;
  const float32 = (length: number, size: number) => {
    const array = kernels.allocate.float32(length);
    array.set(uniform(length, seed++, size));
    return array;
  };
  const matrix = (rows: number, cols: number): Matrix => {
    const x = float32(rows * cols, 1.7 / Math.sqrt(cols));
    if (groupSize === null) return { dtype: 'F32', rows, cols, values: x };
    const values = kernels.allocate.int8(x.length);
    const scales = kernels.allocate.float32(x.length / groupSize);
    kernels.quantize(values, scales, x, groupSize);
    return { dtype: 'Q8_0', rows, cols, groupSize, values, scales };
  };
  const layer = (): Layer => ({
    norms: [float32(dim, 1.5), float32(dim, 1.5)],
    wq: matrix(nHeads * headDim, dim),
    wk: matrix(kvDim, dim),
    wv: matrix(kvDim, dim),
    wo: matrix(dim, nHeads * headDim),
    w1: matrix(hiddenDim, dim),
    w2: matrix(dim, hiddenDim),
    w3: matrix(hiddenDim, dim),
  });
  const model = {
    embedding: matrix(vocabSize, dim),
    layers: Array.from({ length: nLayers }, layer),
    finalNorm: float32(dim, 1.5),
    table: ropeTable({ headDim, seqLen, theta: 500000, scaling: null, allocate: kernels.allocate }),
  };
  await kernels.run();
  return model;
}

/** An empty cache. */
export function tinyCache(kernels: Kernels, precision: 'float32' | 'half'): KeyValueCache {
  const allocate = precision === 'half' ? kernels.allocate.uint16 : kernels.allocate.float32;
  const length = nLayers * nKvHeads * seqLen * headDim;
  return { nLayers, nKvHeads, seqLen, headDim, keys: allocate(length), values: allocate(length) };
}

/** Queues a pass. The logits (rows of all segments, vocabSize) may be read after `run()`. */
export function queuePass(kernels: Kernels, model: TinyModel, parts: readonly TinySegment[]): Float32Array {
  const n = parts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const tokens = kernels.allocate.int32(n);
  const positions = kernels.allocate.int32(n);
  let next = 0;
  const segments = parts.map(({ cache, position, tokens: part }) => {
    const row = next;
    for (const [i, token] of part.entries()) {
      tokens[next] = token;
      positions[next++] = position + i;
    }
    return { cache, row, nRows: part.length, position };
  });
  const rows = (length: number) => kernels.allocate.float32(n * length);
  const [x, xNorm, delta, q, attended] = [rows(dim), rows(dim), rows(dim), rows(dim), rows(dim)];
  const [k, v, gate, up, logits] = [rows(kvDim), rows(kvDim), rows(hiddenDim), rows(hiddenDim), rows(vocabSize)];
  kernels.embed(x, model.embedding, tokens);
  for (const [l, w] of model.layers.entries()) {
    kernels.rmsNorm(xNorm, x, w.norms[0], EPSILON);
    kernels.linear([q, k, v], [w.wq, w.wk, w.wv], xNorm);
    kernels.rope(q, model.table, positions, headDim);
    kernels.rope(k, model.table, positions, headDim);
    kernels.store(l, k, v, segments);
    kernels.attention(attended, q, l, segments);
    kernels.linear([delta], [w.wo], attended);
    kernels.add(x, delta);
    kernels.rmsNorm(xNorm, x, w.norms[1], EPSILON);
    kernels.linear([gate, up], [w.w1, w.w3], xNorm);
    kernels.swiGlu(gate, up);
    kernels.linear([delta], [w.w2], gate);
    kernels.add(x, delta);
  }
  kernels.rmsNorm(x, x, model.finalNorm, EPSILON);
  kernels.linear([logits], [model.embedding], x);
  return logits;
}
