// Causal attention over the key/value cache, in two passes: scores, then the weighted sum of values.
import type { KeyValueCache, Segment } from '../kernels.js';
import { floatToHalf, halfToFloat } from './half.js';
import { softmaxInPlace } from './softmax.js';
import { dot16 } from './sum16.js';

/** Writes key and value (n, nKvHeads, headDim) of a layer into the caches of their segments. */
export function store(layer: number, key: Float32Array, value: Float32Array, segments: readonly Segment[]): void {
  for (const { cache, row, nRows, position } of segments) {
    const { nKvHeads, headDim } = cache;
    for (let r = 0; r < nRows; r++) {
      for (let head = 0; head < nKvHeads; head++) {
        const from = ((row + r) * nKvHeads + head) * headDim;
        const to = cacheOffset(cache, layer, head, position + r);
        storeVector(cache.keys, to, key, from, headDim);
        storeVector(cache.values, to, value, from, headDim);
      }
    }
  }
}

/** out (n, nHeads, headDim): attention of q over the positions up to and including each row's own. */
export function attention(out: Float32Array, q: Float32Array, layer: number, segments: readonly Segment[]): void {
  const nRowsOfBatch = segments.reduce((sum, { nRows }) => sum + nRows, 0);
  const nHeads = q.length / nRowsOfBatch / segments[0]!.cache.headDim;
  for (const { cache, row, nRows, position } of segments) {
    const scores = new Float32Array(position + nRows); // (positions)
    const vector = new Float32Array(cache.headDim);
    for (let r = 0; r < nRows; r++) {
      const nPositions = position + r + 1;
      for (let head = 0; head < nHeads; head++) {
        const offset = ((row + r) * nHeads + head) * cache.headDim;
        const kvHead = Math.floor((head * cache.nKvHeads) / nHeads);
        const cached = cacheOffset(cache, layer, kvHead, 0);
        attendHead(out, q, offset, cache, cached, nPositions, scores, vector);
      }
    }
  }
}

function attendHead(
  out: Float32Array,
  q: Float32Array,
  offset: number,
  cache: KeyValueCache,
  cached: number,
  nPositions: number,
  scores: Float32Array,
  vector: Float32Array,
): void {
  const f = Math.fround;
  const { headDim } = cache;
  const scale = f(1 / f(Math.sqrt(headDim)));
  for (let t = 0; t < nPositions; t++) {
    loadVector(vector, cache.keys, cached + t * headDim);
    scores[t] = dot16(q, offset, vector, 0, headDim) * scale;
  }
  softmaxInPlace(scores, 0, nPositions);
  out.fill(0, offset, offset + headDim);
  for (let t = 0; t < nPositions; t++) {
    loadVector(vector, cache.values, cached + t * headDim);
    const p = scores[t]!;
    for (let d = 0; d < headDim; d++) out[offset + d] = out[offset + d]! + f(p * vector[d]!);
  }
}

function cacheOffset({ nKvHeads, seqLen, headDim }: KeyValueCache, layer: number, head: number, t: number): number {
  return ((layer * nKvHeads + head) * seqLen + t) * headDim;
}

function storeVector(to: Float32Array | Uint16Array, toOffset: number, from: Float32Array, offset: number, n: number) {
  if (to instanceof Float32Array) {
    for (let i = 0; i < n; i++) to[toOffset + i] = from[offset + i]!;
  } else {
    for (let i = 0; i < n; i++) to[toOffset + i] = floatToHalf(from[offset + i]!);
  }
}

function loadVector(to: Float32Array, from: Float32Array | Uint16Array, offset: number): void {
  if (from instanceof Float32Array) {
    for (let i = 0; i < to.length; i++) to[i] = from[offset + i]!;
  } else {
    for (let i = 0; i < to.length; i++) to[i] = halfToFloat[from[offset + i]!]!;
  }
}
