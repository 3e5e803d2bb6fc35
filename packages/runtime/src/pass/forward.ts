// The forward pass of Llama 3.2 for a batch of tokens: from ids to logits, top to bottom as in the paper. Or to the hidden
// states before the classifier, of which embeddings are made.

import type { GrowingRopeTable, Kernels, KeyValueCache, Segment } from '@llama-ts/kernels';
import type { Weights } from '../model/weights.js';
import type { LastPass } from './last-pass.js';
import type { BuffersFor, PassBuffers } from './pass-buffers.js';

/** Kernels, weights and buffers of a pass; none of them belongs to a sequence. */
export interface ForwardContext {
  readonly kernels: Kernels;
  readonly weights: Weights;
  /** Holds as many positions as a KV cache may have. */
  readonly rope: GrowingRopeTable;
  readonly headDim: number;
  readonly normEpsilon: number;
  readonly buffersFor: BuffersFor;
  readonly lastPass: LastPass;
}

/** Consecutive tokens of one sequence. */
export interface SequenceTokens {
  readonly cache: KeyValueCache;
  /** Position of the first token; all before it are in the cache. */
  readonly position: number;
  /** The tokens to compute, at least one. */
  readonly tokens: ArrayLike<number>;
  /** Which of the tokens get logits. Default: as the options of the pass say. */
  readonly logits?: WantedLogits | undefined;
}

/** Which rows get logits: the last of a sequence, all, or none. */
export type WantedLogits = 'last' | 'all' | 'none';

/** Options of {@link Model.forward}. */
export interface ForwardOptions {
  /** Which tokens get logits in sequences that have no `logits` of their own. Default `last`. */
  readonly logits?: WantedLogits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the tokens of a batch through the model and stores their keys and values.
 *
 * @returns logits, (rows asked for, in the order of the batch, vocabSize), valid until the next pass
 */
export async function forward(
  context: ForwardContext,
  batch: readonly SequenceTokens[],
  { logits: wanted = 'last', signal }: ForwardOptions = {},
): Promise<Float32Array> {
  signal?.throwIfAborted();
  const { kernels, lastPass } = context;
  const segments = toSegments(batch);
  const classified = classifiedRows(segments, batch, wanted);
  const buffers = filledBuffers(context, batch, segments, classified.length);
  buffers.rows.set(classified);
  try {
    if (!lastPass.replay(buffers, segments)) {
      queueLayers(context, buffers, segments);
      queueClassifier(context, buffers);
      lastPass.record(buffers, segments);
    }
  } catch (error) {
    kernels.discard();
    throw error;
  }
  await kernels.run(signal);
  return buffers.logits;
}

/**
 * The same pass without the classifier.
 *
 * @returns hidden states after the final norm, (tokens of the batch, dim), valid until the next pass
 */
export async function hiddenStates(
  context: ForwardContext,
  batch: readonly SequenceTokens[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  signal?.throwIfAborted();
  const { kernels, weights, normEpsilon } = context;
  const segments = toSegments(batch);
  const buffers = filledBuffers(context, batch, segments, 0);
  try {
    queueLayers(context, buffers, segments);
    kernels.rmsNorm(buffers.xNorm, buffers.x, weights.finalNorm, normEpsilon);
  } catch (error) {
    kernels.discard();
    throw error;
  }
  await kernels.run(signal);
  return buffers.xNorm;
}

/** Buffers that hold the tokens of a batch and their positions. */
function filledBuffers(
  { buffersFor, rope }: ForwardContext,
  batch: readonly SequenceTokens[],
  segments: readonly Segment[],
  nLogits: number,
): PassBuffers {
  const n = segments.reduce((sum, { nRows }) => sum + nRows, 0);
  const buffers = buffersFor(n, nLogits);
  fillTokens(buffers.tokens, buffers.positions, batch, segments);
  for (const { position, nRows } of segments) rope.fill(position, position + nRows);
  return buffers;
}

/** Queues all layers, from the rows of the embedding table to the residual stream after the last. */
function queueLayers(
  { kernels, weights, rope, headDim, normEpsilon }: ForwardContext,
  { tokens, positions, x, xNorm, delta, q, k, v, gate, up }: PassBuffers,
  segments: readonly Segment[],
): void {
  // Each token starts as its row of the embedding table.
  kernels.embed(x, weights.embedding, tokens);

  for (const [layer, w] of weights.layers.entries()) {
    // Attention block: normalize, then project to queries, keys and values.
    kernels.rmsNorm(xNorm, x, w.attentionNorm, normEpsilon);
    kernels.linear([q, k, v], [w.wq, w.wk, w.wv], xNorm);

    // Rotate queries and keys by their positions.
    kernels.rope(q, rope, positions, headDim);
    kernels.rope(k, rope, positions, headDim);

    // Store keys and values, then attend to all positions so far.
    kernels.store(layer, k, v, segments);
    kernels.attention(xNorm, q, layer, segments);

    // Project the heads back and add them to the residual stream.
    kernels.linear([delta], [w.wo], xNorm);
    kernels.add(x, delta);

    // Feed-forward block: normalize, then w2(silu(w1(x)) * w3(x)), added to the residual stream.
    kernels.rmsNorm(xNorm, x, w.ffnNorm, normEpsilon);
    kernels.linear([gate, up], [w.w1, w.w3], xNorm);
    kernels.swiGlu(gate, up);
    kernels.linear([delta], [w.w2], gate);
    kernels.add(x, delta);
  }
}

/** Queues the logits of the rows that want them: for a prompt, the last. */
function queueClassifier(
  { kernels, weights, normEpsilon }: ForwardContext,
  { x, rows, last, logits }: PassBuffers,
): void {
  if (rows.length === 0) return;
  kernels.gather(last, x, rows, weights.finalNorm.length);
  kernels.rmsNorm(last, last, weights.finalNorm, normEpsilon);
  kernels.linear([logits], [weights.classifier], last);
}

function toSegments(batch: readonly SequenceTokens[]): Segment[] {
  let row = 0;
  return batch.map(({ cache, position, tokens }) => {
    const segment = { cache, position, row, nRows: tokens.length };
    row += tokens.length;
    return segment;
  });
}

function fillTokens(
  tokens: Int32Array,
  positions: Int32Array,
  batch: readonly SequenceTokens[],
  segments: readonly Segment[],
): void {
  segments.forEach(({ row, nRows, position }, s) => {
    for (let i = 0; i < nRows; i++) {
      tokens[row + i] = batch[s]!.tokens[i]!;
      positions[row + i] = position + i;
    }
  });
}

function classifiedRows(
  segments: readonly Segment[],
  batch: readonly SequenceTokens[],
  byDefault: WantedLogits,
): readonly number[] {
  const rows: number[] = [];
  segments.forEach(({ row, nRows }, s) => {
    const wanted = batch[s]!.logits ?? byDefault;
    const first = wanted === 'all' ? row : wanted === 'last' ? row + nRows - 1 : row + nRows;
    for (let i = first; i < row + nRows; i++) rows.push(i);
  });
  return rows;
}
