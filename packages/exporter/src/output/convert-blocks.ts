// Reads and converts blocks of weights, overlapped: while the caller hashes and writes one block, the kernels compute
// the next, and the one after is read.

import { type Kernels, ropeTable } from '@llama-ts/kernels';
import { notFinite } from '../weights/check-finite.js';
import { noted } from './noted.js';
import { isRopeTable, N_SLOTS, nBlockValues, type RowBlock, sourceValueBytes } from './row-blocks.js';
import type { WeightSource } from './weight-source.js';

/** The base of the tables in v0, whatever the model's: the reference writes them so, and readers skip them. */
export const V0_ROPE_THETA = 10000;

/** A block as it goes into the file. Its arrays are valid until {@link ConvertedBlock.release} was called. */
export interface ConvertedBlock {
  readonly block: RowBlock;
  /** float32 or int8 values. */
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
  /** null for float32. */
  readonly groupSize: number | null;
  /** Of the rotary embedding, for v0's tables. */
  readonly headDim: number;
  readonly signal?: AbortSignal | undefined;
}

/** Buffers of one block. */
interface Slot {
  readonly source: Uint8Array;
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

/** Where a block is read to: float32 to where it is wanted. */
function sourceBytes(block: RowBlock, slot: Slot, source: WeightSource): Uint8Array {
  const n = nBlockValues(block);
  if (source.dtypeOf(block.tensor) === 'F32') return bytesOf(slot.values.subarray(0, n));
  return slot.source.subarray(0, n * sourceValueBytes(block.tensor, source));
}

async function computeBlock(block: RowBlock, slot: Slot, options: ConvertOptions): Promise<void> {
  const { kernels, groupSize, signal } = options;
  const { tensor } = block;
  if (isRopeTable(tensor)) return;
  const n = nBlockValues(block);
  const values = slot.values.subarray(0, n);
  const dtype = options.source.dtypeOf(tensor);
  if (dtype !== 'F32') kernels.widen(values, sourceBytes(block, slot, options.source), dtype);
  if (tensor.dtype === 'Q8_0') {
    const quantized = slot.quantized.subarray(0, n);
    const scales = slot.scales.subarray(0, n / groupSize!);
    kernels.quantize(quantized, scales, values, groupSize!);
    kernels.quantizationError(slot.largest, quantized, scales, values, groupSize!);
  } else kernels.largestMagnitude(slot.largest, values);
  await kernels.run(signal);
}

function settleBlock(block: RowBlock, slot: Slot, options: ConvertOptions): ConvertedBlock {
  const { tensor } = block;
  const release = (written: Promise<void>): void => {
    slot.free = noted(Promise.all([slot.hashed, written]).then(() => undefined));
  };
  if (isRopeTable(tensor)) {
    return { block, bytes: bytesOf(makeRopeTable(block, options)), scales: null, maxError: null, release };
  }
  const n = nBlockValues(block);
  const values = slot.values.subarray(0, n);
  const largest = slot.largest[0]!;
  if (tensor.dtype === 'F32') {
    if (!Number.isFinite(largest)) throw notFinite(tensor, values, block.firstRow, options.source.name);
    return { block, bytes: bytesOf(values), scales: null, maxError: null, release };
  }
  const scales = slot.scales.subarray(0, n / options.groupSize!);
  // A group with NaN or an infinity has no finite scale.
  if (!scales.every(Number.isFinite)) throw notFinite(tensor, values, block.firstRow, options.source.name);
  return { block, bytes: bytesOf(slot.quantized.subarray(0, n)), scales, maxError: largest, release };
}

function makeRopeTable({ tensor }: RowBlock, { kernels, headDim }: ConvertOptions): Float32Array {
  const [seqLen] = tensor.shape;
  const { allocate } = kernels;
  const table = ropeTable({ headDim, seqLen: seqLen!, theta: V0_ROPE_THETA, scaling: null, allocate });
  return tensor.kind === 'ropeCos' ? table.cos : table.sin;
}

function allocateSlots(blocks: readonly RowBlock[], { source, kernels, groupSize }: ConvertOptions): readonly Slot[] {
  let maxValues = 1;
  let maxBytes = 1;
  for (const block of blocks) {
    if (isRopeTable(block.tensor)) continue;
    maxValues = Math.max(maxValues, nBlockValues(block));
    if (source.dtypeOf(block.tensor) === 'F32') continue;
    maxBytes = Math.max(maxBytes, nBlockValues(block) * sourceValueBytes(block.tensor, source));
  }
  const nQuantized = groupSize === null ? 1 : maxValues;
  return Array.from({ length: N_SLOTS }, () => ({
    source: kernels.allocate.uint8(maxBytes),
    values: kernels.allocate.float32(maxValues),
    quantized: kernels.allocate.int8(nQuantized),
    scales: kernels.allocate.float32(groupSize === null ? 1 : Math.ceil(maxValues / groupSize)),
    largest: kernels.allocate.float32(1),
    hashed: Promise.resolve(),
    free: Promise.resolve(),
  }));
}

function bytesOf(values: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
