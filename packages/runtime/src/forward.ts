// The forward pass of Llama 3.2 for a batch of tokens: from ids to logits, top to bottom as in the paper.

import type { GrowingRopeTable, Kernels, KeyValueCache, Segment } from '@llama-ts/kernels';
import type { LastPass } from './last-pass.js';
import type { Scratch, ScratchPool } from './scratch.js';
import type { Weights } from './weights.js';

/** What a pass works with: kernels, weights and room, none of which belong to a sequence. */
export interface ForwardContext {
  readonly kernels: Kernels;
  readonly weights: Weights;
  /** As many positions as a cache may have. */
  readonly rope: GrowingRopeTable;
  readonly headDim: number;
  readonly normEpsilon: number;
  readonly scratch: ScratchPool;
  readonly lastPass: LastPass;
}

/** Consecutive tokens of one sequence. */
export interface SequenceTokens {
  readonly cache: KeyValueCache;
  /** Position of the first token; all before it are in the cache. */
  readonly position: number;
  /** At least one. */
  readonly tokens: ArrayLike<number>;
  /** Which of them get logits; default what the pass's options say. */
  readonly logits?: WantedLogits | undefined;
}

/** Which rows get logits: the last of a sequence, all, or none. */
export type WantedLogits = 'last' | 'all' | 'none';

/** Options of {@link Model.forward}. */
export interface ForwardOptions {
  /** For sequences that do not say it themselves; default `last`. */
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
  const { kernels, rope, scratch, lastPass } = context;
  const segments = toSegments(batch);
  const n = segments.reduce((sum, { nRows }) => sum + nRows, 0);
  const classified = classifiedRows(segments, batch, wanted);
  const nLogits = classified.length;
  const room = scratch(n, nLogits);
  fillTokens(room.tokens, room.positions, batch, segments);
  room.rows.set(classified);
  for (const { position, nRows } of segments) rope.fill(position, position + nRows);
  try {
    if (!lastPass.replay(room, segments)) {
      queuePass(context, room, segments);
      lastPass.record(room, segments);
    }
  } catch (error) {
    kernels.discard();
    throw error;
  }
  await kernels.run(signal);
  return room.logits;
}

/** Queues a pass, from the rows of the embedding table to logits. */
function queuePass(
  { kernels, weights, rope, headDim, normEpsilon }: ForwardContext,
  { tokens, positions, x, xNorm, delta, q, k, v, gate, up, rows, last, logits }: Scratch,
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

    // Remember keys and values, then attend to all positions so far.
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

  // Only rows that somebody reads are classified: for a prompt, the last.
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
