// Reads blocks of weights and encodes them as a .bin file stores them, overlapped: while the caller hashes and writes one
// block, the kernels compute the next, and the one after is read.

import { PAGE_BYTES, type ToolkitError } from '@llama-ts/base';
import {
  columnsOf,
  isInPanels,
  isRopeTable,
  type PanelEncoding,
  scaleCount,
  type WeightEncoding,
} from '@llama-ts/format';
import { type Kernels, ropeTable } from '@llama-ts/kernels';
import { noted } from '../noted.js';
import { checkScales } from '../weights/beyond-scales.js';
import { isCarried } from '../weights/carried.js';
import { notFinite } from '../weights/check-finite.js';
import { chooseCodebook } from '../weights/choose-codebook.js';
import { packPanels } from '../weights/pack-panels.js';
import { panelMatrix } from '../weights/panel-matrix.js';
import { V0_ROPE_THETA } from '../weights/v0-rope-theta.js';
import type { QuantizedRows } from '../weights/weight-codec.js';
import type { WeightRows } from '../weights/weight-rows.js';
import {
  blockByteOffset,
  blockValueBytes,
  N_SLOTS,
  nBlockValues,
  type RowBlock,
  sourceValueBytes,
} from './row-blocks.js';

/** A block as it goes into a file. Its arrays are valid until {@link EncodedBlock.release} was called. */
export interface EncodedBlock {
  readonly block: RowBlock;
  /** Values, or panels, as the file has them, at the same offset in a page of memory as in a page of the file. */
  readonly bytes: Uint8Array;
  /** (values / group size), where the file has them after the values; else null. */
  readonly scales: Float32Array | null;
  /** Largest |weight − stored weight|; null for float32. */
  readonly maxError: number | null;
  /** How a quantized tensor is stored; in 4 bits with the codebook that was chosen for it. */
  readonly encoding: WeightEncoding;
  /** Lets the buffers be reused once the promise settles. */
  release(written: Promise<void>): void;
}

/** Options of {@link encodeBlocks}. */
export interface EncodeBlocksOptions {
  readonly rows: WeightRows;
  readonly kernels: Kernels;
  /** Dimension of a head in the rotary embedding, for v0's tables. */
  readonly headDim: number;
  /** Encodings that were chosen, by the index of the tensor: codebooks are found with the first block. */
  readonly chosen: Map<number, PanelEncoding>;
  readonly signal?: AbortSignal | undefined;
}

/** Buffers of one block. */
interface Slot {
  readonly source: Uint8Array;
  /** Values or panels as they go into the file. It begins on a page and is longer than any block by one page. */
  readonly values: Uint8Array;
  readonly scales: Float32Array;
  /** The largest quantization error, or the largest magnitude of float32 values. (1) */
  readonly largest: Float32Array;
  /** What the source stores, where it is written as it is; else null. */
  stored: QuantizedRows | null;
  /** Resolves when the source no longer needs its bytes. */
  hashed: Promise<void>;
  free: Promise<void>;
}

/**
 * Encodes blocks in the order given. A promise passed to `release` that rejects makes this throw.
 *
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity; what the source throws
 */
export async function* encodeBlocks(
  blocks: readonly RowBlock[],
  options: EncodeBlocksOptions,
): AsyncGenerator<EncodedBlock> {
  const { signal } = options;
  const slots = allocateSlots(blocks, options);
  const slotOf = (i: number): Slot => slots[i % N_SLOTS]!;
  const startRead = (i: number): Promise<void> => {
    const block = blocks[i];
    return block === undefined ? Promise.resolve() : noted(readBlock(block, slotOf(i), options));
  };
  let reading = startRead(0);
  let computing: Promise<void> = Promise.resolve();
  try {
    for (let i = 0; i < blocks.length; i++) {
      signal?.throwIfAborted();
      await reading;
      reading = startRead(i + 1);
      computing = noted(computeBlock(blocks[i]!, slotOf(i), options));
      if (i > 0) yield settleBlock(blocks[i - 1]!, slotOf(i - 1), options);
      await computing;
    }
    const last = blocks.length - 1;
    if (last >= 0) yield settleBlock(blocks[last]!, slotOf(last), options);
    for (const { free } of slots) await free;
  } finally {
    await Promise.allSettled([reading, computing, ...slots.flatMap(({ hashed, free }) => [hashed, free])]);
  }
}

async function readBlock(block: RowBlock, slot: Slot, { rows, signal }: EncodeBlocksOptions): Promise<void> {
  await slot.free;
  const { tensor, firstRow, nRows } = block;
  if (isRopeTable(tensor)) return;
  const read = await rows.readRows(tensor, firstRow, nRows, sourceBytes(block, slot, rows), signal);
  slot.stored = isCarried(tensor.encoding, rows.quantizationOf(tensor)) ? read.stored : null;
  slot.hashed = noted(read.hashed);
}

/** Whether a block is written as it is read. */
function isCopied({ tensor }: RowBlock, rows: WeightRows): boolean {
  return !tensor.encoding.isQuantized && rows.dtypeOf(tensor) === 'F32';
}

/** Where a block is read to: one that is only copied, to its place in the output. */
function sourceBytes(block: RowBlock, slot: Slot, rows: WeightRows): Uint8Array {
  if (isCopied(block, rows)) return fileBytes(block, slot);
  return slot.source.subarray(0, nBlockValues(block) * sourceValueBytes(block.tensor, rows));
}

/** The part of a slot for a block's values: at the same offset in a page as in the file, so that whole pages can be written. */
function fileBytes(block: RowBlock, { values }: Slot): Uint8Array {
  const start = blockByteOffset(block) % PAGE_BYTES;
  return values.subarray(start, start + blockValueBytes(block));
}

/** @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity */
async function computeBlock(block: RowBlock, slot: Slot, options: EncodeBlocksOptions): Promise<void> {
  const { kernels, rows, signal } = options;
  const { tensor } = block;
  const { encoding } = tensor;
  if (isRopeTable(tensor)) return;
  if (slot.stored !== null) return carryBlock(block, slot.stored, slot, options);
  const n = nBlockValues(block);
  const dtype = rows.dtypeOf(tensor);
  const from = sourceBytes(block, slot, rows);
  const bytes = fileBytes(block, slot);
  if (isInPanels(encoding)) {
    const chosen = await chooseEncoding(block, encoding, from, options);
    kernels.quantizePanels(panelMatrix(chosen, block.nRows, columnsOf(tensor), bytes), slot.largest, from, dtype);
  } else if (encoding.isQuantized) {
    const scales = slot.scales.subarray(0, scaleCount(encoding, n));
    kernels.quantizeWeights(integersOf(bytes), scales, slot.largest, from, dtype, encoding.groupSize);
  } else {
    const values = floatsOf(bytes);
    if (dtype !== 'F32') kernels.widen(values, from, dtype);
    kernels.largestMagnitude(slot.largest, values);
  }
  await kernels.run(signal);
  const largest = slot.largest[0]!;
  // The error of finite weights may be infinite, but is never NaN.
  const isSound = encoding.isQuantized ? !Number.isNaN(largest) : Number.isFinite(largest);
  if (!isSound) throw await nonFiniteBlock(block, from, options);
  if (isInPanels(encoding)) checkScales(largest, tensor.name, rows.name);
}

/** Writes what the source stores. */
function carryBlock(block: RowBlock, stored: QuantizedRows, slot: Slot, { chosen }: EncodeBlocksOptions): void {
  const { tensor, index } = block;
  const { encoding } = tensor;
  const bytes = fileBytes(block, slot);
  if (isInPanels(encoding)) {
    packPanels(encoding, columnsOf(tensor), stored, bytes);
    chosen.set(index, encoding);
  } else {
    integersOf(bytes).set(stored.values);
    slot.scales.set(stored.scales);
  }
  slot.largest[0] = 0;
}

/** The encoding of a tensor in panels; its codebook is chosen by the first block. */
async function chooseEncoding(
  { tensor, index, nRows }: RowBlock,
  encoding: PanelEncoding,
  source: Uint8Array,
  { rows, kernels, chosen, signal }: EncodeBlocksOptions,
): Promise<PanelEncoding> {
  const known = encoding.id === 'Q8' ? encoding : chosen.get(index);
  const first = { source, dtype: rows.dtypeOf(tensor), rows: nRows, columns: columnsOf(tensor) };
  const found = known ?? (await chooseCodebook(first, kernels, signal));
  chosen.set(index, found);
  return found;
}

/** The error of a block that is not finite: its weights are widened to find the first one. */
async function nonFiniteBlock(block: RowBlock, from: Uint8Array, options: EncodeBlocksOptions): Promise<ToolkitError> {
  const { kernels, rows, signal } = options;
  const weights = kernels.allocate.float32(nBlockValues(block));
  kernels.widen(weights, from, rows.dtypeOf(block.tensor));
  await kernels.run(signal);
  return notFinite(block.tensor, weights, block.firstRow, rows.name);
}

function settleBlock(block: RowBlock, slot: Slot, options: EncodeBlocksOptions): EncodedBlock {
  const { tensor, index } = block;
  const release = (written: Promise<void>): void => {
    slot.free = noted(Promise.all([slot.hashed, written]).then(() => undefined));
  };
  const encoding = options.chosen.get(index) ?? tensor.encoding;
  if (isRopeTable(tensor)) {
    return { block, bytes: bytesOf(makeRopeTable(block, options)), scales: null, maxError: null, encoding, release };
  }
  const nScales = scaleCount(tensor.encoding, nBlockValues(block));
  return {
    block,
    bytes: fileBytes(block, slot),
    scales: nScales > 0 ? slot.scales.subarray(0, nScales) : null,
    maxError: tensor.encoding.isQuantized ? slot.largest[0]! : null,
    encoding,
    release,
  };
}

function makeRopeTable({ tensor }: RowBlock, { kernels, headDim }: EncodeBlocksOptions): Float32Array {
  const [seqLen] = tensor.shape;
  const { allocate } = kernels;
  const table = ropeTable({ headDim, seqLen: seqLen!, theta: V0_ROPE_THETA, scaling: null, allocate });
  return tensor.kind === 'ropeCos' ? table.cos : table.sin;
}

function allocateSlots(blocks: readonly RowBlock[], { rows, kernels }: EncodeBlocksOptions): readonly Slot[] {
  let [maxBytes, maxValueBytes, maxScales] = [1, 1, 1];
  for (const block of blocks) {
    const n = nBlockValues(block);
    if (isRopeTable(block.tensor)) continue;
    maxValueBytes = Math.max(maxValueBytes, blockValueBytes(block));
    maxScales = Math.max(maxScales, scaleCount(block.tensor.encoding, n));
    if (!isCopied(block, rows)) maxBytes = Math.max(maxBytes, n * sourceValueBytes(block.tensor, rows));
  }
  const { filled, float32 } = kernels.allocate;
  return Array.from({ length: N_SLOTS }, () => ({
    source: filled(maxBytes),
    values: filled(maxValueBytes + PAGE_BYTES),
    scales: float32(maxScales),
    largest: float32(1),
    stored: null,
    hashed: Promise.resolve(),
    free: Promise.resolve(),
  }));
}

function floatsOf({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array {
  return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);
}

function integersOf({ buffer, byteOffset, byteLength }: Uint8Array): Int8Array {
  return new Int8Array(buffer, byteOffset, byteLength);
}

/** The bytes of an array. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
