// One layer of the forward pass in float32, chunk by chunk, stopped wherever a linear layer takes its inputs.

import type { ForwardSettings, ModelDimensions } from '@llama-ts/format';
import { type Kernels, type KeyValueCache, type RopeTable, ropeTable } from '@llama-ts/kernels';
import type { LayerWeights } from './layer-weights.js';

/** The part of the hidden states that belongs to a chunk. */
export interface Chunk {
  /** Index of its first token among those of all chunks. */
  readonly first: number;
  readonly nTokens: number;
}

/** The steps of a layer. What `attentionInput`, `ffnInput` and `gated` return holds until the next call. */
export interface LayerPass {
  /** The normalized residual stream, which wq, wk and wv take: (tokens, dim) */
  attentionInput(chunk: Chunk): Promise<Float32Array>;
  /** Computes what wo takes; it is kept, {@link LayerPass.mixed}. */
  attend(chunk: Chunk): Promise<void>;
  /** What wo takes: (tokens, dim) */
  mixed(chunk: Chunk): Float32Array;
  /** Adds the result of wo to the residual stream. */
  addAttention(chunk: Chunk): Promise<void>;
  /** The normalized residual stream, which w1 and w3 take: (tokens, dim) */
  ffnInput(chunk: Chunk): Promise<Float32Array>;
  /** What w2 takes: (tokens, hiddenDim) */
  gated(chunk: Chunk): Promise<Float32Array>;
  /** Adds the result of w2 to the residual stream. */
  addFfn(chunk: Chunk): Promise<void>;
}

/** Sizes and memory of a pass. */
export interface LayerPassOptions {
  readonly dimensions: ModelDimensions;
  readonly settings: ForwardSettings;
  readonly weights: LayerWeights;
  /** The residual stream of all chunks: (tokens, dim) */
  readonly hidden: Float32Array;
  /** Tokens of the longest chunk. */
  readonly maxTokens: number;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal | undefined;
}

/** Allocates the buffers of a chunk, and what wo takes of all chunks. */
export function createLayerPass(options: LayerPassOptions): LayerPass {
  const { dimensions, settings, weights, hidden, maxTokens, kernels, signal } = options;
  const { dim, hiddenDim, nHeads, nKvHeads } = dimensions;
  const { allocate } = kernels;
  const headDim = dim / nHeads;
  const kvDim = nKvHeads * headDim;
  const mixed = allocate.float32(hidden.length);
  const buffer = (width: number): Float32Array => allocate.float32(maxTokens * width);
  const [normed, q, delta, k, v] = [buffer(dim), buffer(dim), buffer(dim), buffer(kvDim), buffer(kvDim)];
  const [gate, up] = [buffer(hiddenDim), buffer(hiddenDim)];
  const cache: KeyValueCache = {
    ...{ nLayers: 1, nKvHeads, seqLen: maxTokens, headDim },
    keys: buffer(kvDim),
    values: buffer(kvDim),
  };
  const rope: RopeTable = ropeTable({
    ...{ headDim, seqLen: maxTokens, allocate },
    theta: settings.ropeTheta,
    scaling: settings.ropeScaling,
  });
  const allPositions = allocate.int32(maxTokens);
  for (let i = 0; i < maxTokens; i++) allPositions[i] = i;
  const rowsOf = (from: Float32Array, { first, nTokens }: Chunk): Float32Array =>
    from.subarray(first * dim, (first + nTokens) * dim);
  const run = (): Promise<void> => kernels.run(signal);
  const queueFfn = (chunk: Chunk): Float32Array => {
    const x = normed.subarray(0, chunk.nTokens * dim);
    const [g, u] = [gate, up].map((array) => array.subarray(0, chunk.nTokens * hiddenDim));
    kernels.rmsNorm(x, rowsOf(hidden, chunk), weights.ffnNorm, settings.normEpsilon);
    kernels.linear([g!, u!], [weights.matrix('w1'), weights.matrix('w3')], x);
    kernels.swiGlu(g!, u!);
    return g!;
  };
  return {
    async attentionInput(chunk) {
      const x = normed.subarray(0, chunk.nTokens * dim);
      kernels.rmsNorm(x, rowsOf(hidden, chunk), weights.attentionNorm, settings.normEpsilon);
      await run();
      return x;
    },
    async attend(chunk) {
      const { nTokens } = chunk;
      const x = normed.subarray(0, nTokens * dim);
      const query = q.subarray(0, nTokens * dim);
      const [key, value] = [k, v].map((array) => array.subarray(0, nTokens * kvDim)) as [Float32Array, Float32Array];
      const positions = allPositions.subarray(0, nTokens);
      const segments = [{ cache, row: 0, nRows: nTokens, position: 0 }];
      kernels.rmsNorm(x, rowsOf(hidden, chunk), weights.attentionNorm, settings.normEpsilon);
      kernels.linear([query, key, value], [weights.matrix('wq'), weights.matrix('wk'), weights.matrix('wv')], x);
      kernels.rope(query, rope, positions, headDim);
      kernels.rope(key, rope, positions, headDim);
      kernels.store(0, key, value, segments);
      kernels.attention(rowsOf(mixed, chunk), query, 0, segments);
      await run();
    },
    mixed: (chunk) => rowsOf(mixed, chunk),
    async addAttention(chunk) {
      const out = delta.subarray(0, chunk.nTokens * dim);
      kernels.linear([out], [weights.matrix('wo')], rowsOf(mixed, chunk));
      kernels.add(rowsOf(hidden, chunk), out);
      await run();
    },
    async ffnInput(chunk) {
      const x = normed.subarray(0, chunk.nTokens * dim);
      kernels.rmsNorm(x, rowsOf(hidden, chunk), weights.ffnNorm, settings.normEpsilon);
      await run();
      return x;
    },
    async gated(chunk) {
      const g = queueFfn(chunk);
      await run();
      return g;
    },
    async addFfn(chunk) {
      const g = queueFfn(chunk);
      const out = delta.subarray(0, chunk.nTokens * dim);
      kernels.linear([out], [weights.matrix('w2')], g);
      kernels.add(rowsOf(hidden, chunk), out);
      await run();
    },
  };
}
