// Writes header and tensors of a .bin file in blocks of rows, so that memory does not grow with the model.

import { createHash, type Hash } from 'node:crypto';
import {
  type BinHeader,
  type BinLayout,
  type BinTensor,
  type Checksums,
  encodeHeader,
  layout,
  sha256,
  ToolkitError,
} from '@llama-ts/format';
import { type Kernels, ropeTable, type SourceDtype } from '@llama-ts/kernels';
import type { DurableFile } from './durable-file.js';
import type { WeightSource } from './weight-source.js';

/** Source bytes of one block. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;
/** The base of the tables in v0, whatever the model's: the reference writes them so, and readers skip them. */
const V0_ROPE_THETA = 10000;
const EXPONENT_BITS = 0x7f800000;

const dtypeBytes: Readonly<Record<SourceDtype, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Progress of writing a file. */
export type WriteEvent =
  | { readonly type: 'tensor-start'; readonly name: string; readonly index: number; readonly count: number }
  | {
      readonly type: 'tensor-end';
      readonly name: string;
      readonly index: number;
      readonly count: number;
      /** Bytes written for it. */
      readonly byteLength: number;
      /** Largest |weight − value · scale|; null for a tensor stored in float32. */
      readonly maxError: number | null;
    };

/** What was written. */
export interface WrittenWeights {
  readonly layout: BinLayout;
  readonly checksums: Checksums;
  /** Over all tensors; null for a file without quantized ones. */
  readonly maxError: number | null;
}

/** What {@link writeWeights} works with. */
export interface WriteWeightsOptions {
  readonly header: BinHeader;
  readonly source: WeightSource;
  readonly file: DurableFile;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal | undefined;
}

/** Buffers of one block, allocated once for all tensors. */
interface Blocks {
  readonly source: Uint8Array;
  readonly values: Float32Array;
  readonly quantized: Int8Array;
  readonly dequantized: Float32Array;
}

/**
 * Writes everything up to the end of the weights.
 *
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity; what the source and the file throw
 */
export async function* writeWeights(options: WriteWeightsOptions): AsyncGenerator<WriteEvent, WrittenWeights> {
  const { header, file, signal } = options;
  const places = layout(header);
  const headerBytes = encodeHeader(header);
  await file.writeAt(headerBytes, 0);
  const blocks = allocateBlocks(places, options);
  const checksums: Uint8Array[] = [];
  let highest: number | null = null;
  const count = places.tensors.length;
  for (const [index, tensor] of places.tensors.entries()) {
    signal?.throwIfAborted();
    yield { type: 'tensor-start', name: tensor.name, index, count };
    const hash = createHash('sha256');
    const maxError = await writeTensor(tensor, hash, blocks, options);
    checksums.push(new Uint8Array(hash.digest()));
    if (maxError !== null) highest = Math.max(highest ?? 0, maxError);
    yield { type: 'tensor-end', name: tensor.name, index, count, byteLength: tensor.byteLength, maxError };
  }
  return { layout: places, checksums: { header: sha256(headerBytes), tensors: checksums }, maxError: highest };
}

function writeTensor(tensor: BinTensor, hash: Hash, blocks: Blocks, options: WriteWeightsOptions) {
  if (tensor.kind === 'ropeCos' || tensor.kind === 'ropeSin') return writeRopeTable(tensor, hash, options);
  return tensor.dtype === 'F32'
    ? writeFloat32(tensor, hash, blocks, options)
    : writeQuantized(tensor, hash, blocks, options);
}

async function writeFloat32(tensor: BinTensor, hash: Hash, blocks: Blocks, options: WriteWeightsOptions) {
  for (const { firstRow, nRows } of rowBlocks(tensor, options.source)) {
    const values = await readBlock(tensor, firstRow, nRows, blocks, options);
    checkFinite(tensor, values, firstRow, options.source.name);
    const bytes = bytesOf(values);
    hash.update(bytes);
    await options.file.writeAt(bytes, tensor.byteOffset + 4 * firstRow * columnsOf(tensor));
  }
  return null;
}

async function writeQuantized(tensor: BinTensor, hash: Hash, blocks: Blocks, options: WriteWeightsOptions) {
  const { file, kernels, signal, source } = options;
  const groupSize = options.header.groupSize!;
  const scales = kernels.allocate.float32(tensor.nValues / groupSize); // (rows, cols / groupSize)
  let maxError = 0;
  for (const { firstRow, nRows } of rowBlocks(tensor, source)) {
    const values = await readBlock(tensor, firstRow, nRows, blocks, options);
    checkFinite(tensor, values, firstRow, source.name);
    const start = firstRow * columnsOf(tensor);
    const quantized = blocks.quantized.subarray(0, values.length);
    const dequantized = blocks.dequantized.subarray(0, values.length);
    const blockScales = scales.subarray(start / groupSize, (start + values.length) / groupSize);
    kernels.quantize(quantized, blockScales, values, groupSize);
    kernels.dequantize(dequantized, quantized, blockScales, groupSize);
    await kernels.run(signal);
    maxError = Math.max(maxError, largestDifference(values, dequantized));
    const bytes = bytesOf(quantized);
    hash.update(bytes);
    await file.writeAt(bytes, tensor.byteOffset + start);
  }
  hash.update(bytesOf(scales));
  await file.writeAt(bytesOf(scales), tensor.scalesByteOffset!);
  return maxError;
}

async function writeRopeTable(tensor: BinTensor, hash: Hash, { file, header, kernels }: WriteWeightsOptions) {
  const { dim, nHeads, maxSeqLen } = header.dimensions;
  const table = ropeTable({
    headDim: dim / nHeads,
    seqLen: maxSeqLen,
    theta: V0_ROPE_THETA,
    scaling: null,
    allocate: kernels.allocate,
  });
  const bytes = bytesOf(tensor.kind === 'ropeCos' ? table.cos : table.sin);
  hash.update(bytes);
  await file.writeAt(bytes, tensor.byteOffset);
  return null;
}

/** Rows of a block as float32. */
async function readBlock(
  tensor: BinTensor,
  firstRow: number,
  nRows: number,
  blocks: Blocks,
  { source, kernels, signal }: WriteWeightsOptions,
): Promise<Float32Array> {
  const dtype = source.dtypeOf(tensor);
  const n = nRows * columnsOf(tensor);
  const bytes = blocks.source.subarray(0, n * dtypeBytes[dtype]);
  const values = blocks.values.subarray(0, n);
  await source.readRows(tensor, firstRow, nRows, bytes, signal);
  kernels.widen(values, bytes, dtype);
  await kernels.run(signal);
  return values;
}

function allocateBlocks(places: BinLayout, { source, kernels }: WriteWeightsOptions): Blocks {
  let maxValues = 0;
  let maxBytes = 0;
  for (const tensor of places.tensors) {
    if (tensor.kind === 'ropeCos' || tensor.kind === 'ropeSin') continue;
    const n = rowsPerBlock(tensor, source) * columnsOf(tensor);
    maxValues = Math.max(maxValues, n);
    maxBytes = Math.max(maxBytes, n * dtypeBytes[source.dtypeOf(tensor)]);
  }
  const isQuantized = places.tensors.some(({ dtype }) => dtype === 'Q8_0');
  return {
    source: kernels.allocate.uint8(maxBytes),
    values: kernels.allocate.float32(maxValues),
    quantized: kernels.allocate.int8(isQuantized ? maxValues : 1),
    dequantized: kernels.allocate.float32(isQuantized ? maxValues : 1),
  };
}

function* rowBlocks(tensor: BinTensor, source: WeightSource): Generator<{ firstRow: number; nRows: number }> {
  const step = rowsPerBlock(tensor, source);
  const rows = rowsOf(tensor);
  for (let firstRow = 0; firstRow < rows; firstRow += step) {
    yield { firstRow, nRows: Math.min(step, rows - firstRow) };
  }
}

/** Even, so that no pair of rotated rows is parted; or all rows. */
function rowsPerBlock(tensor: BinTensor, source: WeightSource): number {
  const rowBytes = columnsOf(tensor) * dtypeBytes[source.dtypeOf(tensor)];
  const nPairs = Math.max(1, Math.floor(MAX_BLOCK_BYTES / (2 * rowBytes)));
  return Math.min(2 * nPairs, rowsOf(tensor));
}

function rowsOf({ shape }: BinTensor): number {
  return shape.length === 1 ? 1 : shape[0]!;
}

function columnsOf({ shape }: BinTensor): number {
  return shape.at(-1)!;
}

function checkFinite(tensor: BinTensor, values: Float32Array, firstRow: number, name: string): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & EXPONENT_BITS) !== EXPONENT_BITS) continue;
    const columns = columnsOf(tensor);
    const row = firstRow + Math.floor(i / columns);
    throw new ToolkitError(
      'BAD_WEIGHTS',
      `${name}: ${tensor.name} is ${values[i]} at row ${row}, column ${i % columns}, expected a finite number`,
      { suggestions: ['download the weights again; where they are the same, the model itself is damaged'] },
    );
  }
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (difference > largest) largest = difference;
  }
  return largest;
}

function bytesOf(values: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
