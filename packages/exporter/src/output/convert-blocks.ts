// Reads and converts blocks of weights, overlapped: while the caller hashes and writes one block, the kernels compute
// the next, and the one after is read.

import { isRopeTable, scaleCount, type ToolkitError } from '@llama-ts/format';
import { type Kernels, ropeTable } from '@llama-ts/kernels';
import { noted } from '../noted.js';
import { notFinite } from '../weights/check-finite.js';
import { PAGE_BYTES } from './direct-file.js';
import { blockByteOffset, N_SLOTS, nBlockValues, type RowBlock, sourceValueBytes } from './row-blocks.js';
import type { WeightSource } from './weight-source.js';

/** The base of the tables in v0, whatever the model's: the reference writes them so, and readers skip them. */
export const V0_ROPE_THETA = 10000;

/** A block as it goes into the file. Its arrays are valid until {@link ConvertedBlock.release} was called. */
export interface ConvertedBlock {
  readonly block: RowBlock;
  /** float32 or int8 values. Before them there is room for what their first page in the file begins with, unless they are all of a tensor. */
  readonly bytes: Uint8Array;
  /** (values / group size); null for float32. */
  readonly scales: Float32Array | null;
  /** Largest |weight − value · scale|; null for float32. */
  readonly maxError: number | null;
  /** Gives the buffers back once the promise settles. */
  release(written: Promise<void>): void;
}

/** What {@link convertBlocks} works with. */
export interface ConvertOptions {
  readonly source: WeightSource;
  readonly kernels: Kernels;
  /** Of the rotary embedding, for v0's tables. */
  readonly headDim: number;
  readonly signal?: AbortSignal | undefined;
}

/** Buffers of one block. */
interface Slot {
  readonly source: Uint8Array;
  /** Of blocks that are float32 in the file. Like `quantized` it begins with a page, and has room for one more. */
  readonly values: Float32Array;
  readonly quantized: Int8Array;
  readonly scales: Float32Array;
  /** What quantization cost, or the largest magnitude of float32 values. (1) */
  readonly largest: Float32Array;
  /** The source needs its bytes no more. */
  hashed: Promise<void>;
  free: Promise<void>;
}

/**
 * Converts blocks in the order given. A promise passed to `release` that rejects makes this throw.
 *
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity; what the source throws
 */
export async function* convertBlocks(
  blocks: readonly RowBlock[],
  options: ConvertOptions,
): AsyncGenerator<ConvertedBlock> {
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

async function readBlock(block: RowBlock, slot: Slot, { source, signal }: ConvertOptions): Promise<void> {
  await slot.free;
  const { tensor, firstRow, nRows } = block;
  if (isRopeTable(tensor)) return;
  const { hashed } = await source.readRows(tensor, firstRow, nRows, sourceBytes(block, slot, source), signal);
  slot.hashed = noted(hashed);
}

/** Whether a block is written as it is read. */
function isCopied({ tensor }: RowBlock, source: WeightSource): boolean {
  return !tensor.encoding.isQuantized && source.dtypeOf(tensor) === 'F32';
}

/** Where a block is read to: what is only copied, to where it is wanted. */
function sourceBytes(block: RowBlock, slot: Slot, source: WeightSource): Uint8Array {
  if (isCopied(block, source)) return bytesOf(fileValues(block, slot.values));
  return slot.source.subarray(0, nBlockValues(block) * sourceValueBytes(block.tensor, source));
}

/** Where a block's values lie in a slot: their pages are those of the file, which can then be written as they are. */
function fileValues<A extends Float32Array | Int8Array>(block: RowBlock, array: A): A {
  const start = Math.floor((blockByteOffset(block) % PAGE_BYTES) / array.BYTES_PER_ELEMENT);
  return array.subarray(start, start + nBlockValues(block)) as A;
}

/** @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity */
async function computeBlock(block: RowBlock, slot: Slot, options: ConvertOptions): Promise<void> {
  const { kernels, source, signal } = options;
  const { tensor } = block;
  const { encoding } = tensor;
  if (isRopeTable(tensor)) return;
  const n = nBlockValues(block);
  const dtype = source.dtypeOf(tensor);
  const from = sourceBytes(block, slot, source);
  if (encoding.isQuantized) {
    const scales = slot.scales.subarray(0, scaleCount(encoding, n));
    kernels.quantizeWeights(fileValues(block, slot.quantized), scales, slot.largest, from, dtype, encoding.groupSize);
  } else {
    const values = fileValues(block, slot.values);
    if (dtype !== 'F32') kernels.widen(values, from, dtype);
    kernels.largestMagnitude(slot.largest, values);
  }
  await kernels.run(signal);
  const largest = slot.largest[0]!;
  // The error of finite weights may be infinite, but is never NaN.
  const isSound = encoding.isQuantized ? !Number.isNaN(largest) : Number.isFinite(largest);
  if (!isSound) throw await nonFiniteBlock(block, from, options);
}

/** The error of a block that is not finite: its weights are widened to name the first such. */
async function nonFiniteBlock(block: RowBlock, from: Uint8Array, options: ConvertOptions): Promise<ToolkitError> {
  const { kernels, source, signal } = options;
  const weights = kernels.allocate.float32(nBlockValues(block));
  kernels.widen(weights, from, source.dtypeOf(block.tensor));
  await kernels.run(signal);
  return notFinite(block.tensor, weights, block.firstRow, source.name);
}

function settleBlock(block: RowBlock, slot: Slot, options: ConvertOptions): ConvertedBlock {
  const { tensor } = block;
  const release = (written: Promise<void>): void => {
    slot.free = noted(Promise.all([slot.hashed, written]).then(() => undefined));
  };
  if (isRopeTable(tensor)) {
    return { block, bytes: bytesOf(makeRopeTable(block, options)), scales: null, maxError: null, release };
  }
  if (!tensor.encoding.isQuantized) {
    return { block, bytes: bytesOf(fileValues(block, slot.values)), scales: null, maxError: null, release };
  }
  const scales = slot.scales.subarray(0, scaleCount(tensor.encoding, nBlockValues(block)));
  const bytes = bytesOf(fileValues(block, slot.quantized));
  return { block, bytes, scales, maxError: slot.largest[0]!, release };
}

function makeRopeTable({ tensor }: RowBlock, { kernels, headDim }: ConvertOptions): Float32Array {
  const [seqLen] = tensor.shape;
  const { allocate } = kernels;
  const table = ropeTable({ headDim, seqLen: seqLen!, theta: V0_ROPE_THETA, scaling: null, allocate });
  return tensor.kind === 'ropeCos' ? table.cos : table.sin;
}

function allocateSlots(blocks: readonly RowBlock[], { source, kernels }: ConvertOptions): readonly Slot[] {
  let [maxBytes, maxValues, maxQuantized, maxScales] = [1, 1, 1, 1];
  for (const block of blocks) {
    const n = nBlockValues(block);
    if (isRopeTable(block.tensor)) continue;
    const { encoding } = block.tensor;
    if (encoding.isQuantized) maxQuantized = Math.max(maxQuantized, n);
    else maxValues = Math.max(maxValues, n);
    maxScales = Math.max(maxScales, scaleCount(encoding, n));
    if (!isCopied(block, source)) maxBytes = Math.max(maxBytes, n * sourceValueBytes(block.tensor, source));
  }
  const { filled, float32 } = kernels.allocate;
  return Array.from({ length: N_SLOTS }, () => ({
    source: filled(maxBytes),
    values: floatsIn(filled(maxValues * Float32Array.BYTES_PER_ELEMENT + PAGE_BYTES)),
    quantized: integersIn(filled(maxQuantized + PAGE_BYTES)),
    scales: float32(maxScales),
    largest: float32(1),
    hashed: Promise.resolve(),
    free: Promise.resolve(),
  }));
}

function floatsIn({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array {
  return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);
}

function integersIn({ buffer, byteOffset, byteLength }: Uint8Array): Int8Array {
  return new Int8Array(buffer, byteOffset, byteLength);
}

function bytesOf(values: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
