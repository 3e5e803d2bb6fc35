// The memory that the WebAssembly kernels take beside what is allocated of them: an upper bound, known before they are opened.

import { MAX_MEMORY_BYTES, MODULE_PAGES, PAGE_BYTES, STACK_BYTES } from './wasm-sizes.js';

/** The work that kernels have to do at most. */
export interface WasmWork {
  /** Threads that compute, from 1. */
  readonly threads: number;
  /** Tokens of a pass. */
  readonly rows: number;
  /** The widest input of a quantized matrix; 0 where all are float32. */
  readonly columns: number;
  /** Group size of the quantized matrices. */
  readonly groupSize: number;
  /** Query heads that share a key/value head. */
  readonly headsPerKeyValue: number;
  /** Values of a key or value of one head. */
  readonly headDim: number;
  /** Positions of a KV cache. */
  readonly positions: number;
}

/** Bytes that 32-bit addresses reach. */
export const WASM_MEMORY_BYTES = MAX_MEMORY_BYTES;

/** A quantized activation, as a lane of the product of int16 takes it. */
const ACTIVATION_BYTES = 2;
/** Tokens that are computed together are padded to a multiple of two, groups to lanes of two values. */
const TILE_TOKENS = 2;
/** native/kernels/linear-tiling.h, `kPanelsBytes`: panels of rows that lie in scratch memory together, or one that is larger. */
const PANELS_BYTES = 320 * 1024;
const PANEL_ROWS = 16;
/** native/kernels/attention.h, `kBlockRows`. */
const BLOCK_ROWS = 4;
/** A block is freed before a larger one takes its place, which then lies after it. */
const REPLACED = 2;

/** Bytes of the module, of stacks, and of scratch memory. */
export function wasmOverhead(work: WasmWork): number {
  return MODULE_PAGES * PAGE_BYTES + work.threads * STACK_BYTES + REPLACED * scratchBytes(work);
}

function scratchBytes(work: WasmWork): number {
  const { threads, rows, columns, groupSize, headsPerKeyValue, headDim, positions } = work;
  const scores = BLOCK_ROWS * headsPerKeyValue * (positions + PANEL_ROWS) + PANEL_ROWS * headDim;
  const attention = threads * 4 * scores;
  if (columns === 0) return attention;
  const groups = columns / groupSize;
  const paddedColumns = groups * (groupSize + (groupSize % 2));
  const tokens = rows + TILE_TOKENS;
  const activations = tokens * (paddedColumns * ACTIVATION_BYTES + 2 * 4 * groups);
  const panel = PANEL_ROWS * (4 * groups + paddedColumns * ACTIVATION_BYTES);
  const linear = activations + threads * Math.max(PANELS_BYTES, panel);
  return Math.max(linear, activations + attention, attention);
}
