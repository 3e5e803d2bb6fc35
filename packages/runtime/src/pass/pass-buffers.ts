// Buffers for the intermediate results of a forward pass, kept from pass to pass and grown when a batch needs more.

import type { ModelDimensions } from '@llama-ts/format';
import type { Allocator } from '@llama-ts/kernels';

/** Buffers for a batch of n tokens, of which nLogits rows are classified. */
export interface PassBuffers {
  /** (n) */
  readonly tokens: Int32Array;
  /** (n) */
  readonly positions: Int32Array;
  /** residual stream, (n, dim) */
  readonly x: Float32Array;
  /** (n, dim) */
  readonly xNorm: Float32Array;
  /** what a block adds to the residual stream, (n, dim) */
  readonly delta: Float32Array;
  /** (n, dim) */
  readonly q: Float32Array;
  /** (n, kvDim) */
  readonly k: Float32Array;
  /** (n, kvDim) */
  readonly v: Float32Array;
  /** (n, hiddenDim) */
  readonly gate: Float32Array;
  /** (n, hiddenDim) */
  readonly up: Float32Array;
  /** rows of the batch that are classified, (nLogits) */
  readonly rows: Int32Array;
  /** (nLogits, dim) */
  readonly last: Float32Array;
  /** (nLogits, vocabSize) */
  readonly logits: Float32Array;
}

/** Gives buffers of exactly the size a batch needs, as parts of larger ones that only grow. */
export type BuffersFor = (n: number, nLogits: number) => PassBuffers;

/** Growing by at least this much keeps batches of slowly rising size from making new buffers each time. */
const GROWTH = 1.25;

/** Buffers for the passes of one model; valid until the next call. */
export function createPassBuffers(dimensions: ModelDimensions, allocate: Allocator): BuffersFor {
  const { dim, hiddenDim, nHeads, nKvHeads, vocabSize } = dimensions;
  const kvDim = (dim / nHeads) * nKvHeads;
  let capacity = 0;
  let logitsCapacity = 0;
  let whole: PassBuffers | null = null;
  return (n, nLogits) => {
    if (whole === null || n > capacity || nLogits > logitsCapacity) {
      // An allocation that fails leaves the old buffers with their old capacities.
      const [rows, logitRows] = [grown(capacity, n), grown(logitsCapacity, nLogits)];
      whole = {
        tokens: allocate.int32(rows),
        positions: allocate.int32(rows),
        x: allocate.float32(rows * dim),
        xNorm: allocate.float32(rows * dim),
        delta: allocate.float32(rows * dim),
        q: allocate.float32(rows * dim),
        k: allocate.float32(rows * kvDim),
        v: allocate.float32(rows * kvDim),
        gate: allocate.float32(rows * hiddenDim),
        up: allocate.float32(rows * hiddenDim),
        rows: allocate.int32(logitRows),
        last: allocate.float32(logitRows * dim),
        logits: allocate.float32(logitRows * vocabSize),
      };
      capacity = rows;
      logitsCapacity = logitRows;
    }
    return {
      tokens: whole.tokens.subarray(0, n),
      positions: whole.positions.subarray(0, n),
      x: whole.x.subarray(0, n * dim),
      xNorm: whole.xNorm.subarray(0, n * dim),
      delta: whole.delta.subarray(0, n * dim),
      q: whole.q.subarray(0, n * dim),
      k: whole.k.subarray(0, n * kvDim),
      v: whole.v.subarray(0, n * kvDim),
      gate: whole.gate.subarray(0, n * hiddenDim),
      up: whole.up.subarray(0, n * hiddenDim),
      rows: whole.rows.subarray(0, nLogits),
      last: whole.last.subarray(0, nLogits * dim),
      logits: whole.logits.subarray(0, nLogits * vocabSize),
    };
  };
}

function grown(capacity: number, needed: number): number {
  return needed <= capacity ? capacity : Math.max(needed, Math.floor(capacity * GROWTH));
}
