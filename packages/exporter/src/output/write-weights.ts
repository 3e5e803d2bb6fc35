// Writes header and tensors of a .bin file, block by block, with the checksum of each tensor.

import {
  type BinHeader,
  type BinLayout,
  type BinTensor,
  type Checksums,
  columnsOf,
  encodeHeader,
  layout,
  scaleCount,
  sha256,
} from '@llama-ts/format';
import { type Kernels, startSha256 } from '@llama-ts/kernels';
import { noted } from '../noted.js';
import { blockOrder } from './block-order.js';
import { type ConvertedBlock, convertBlocks } from './convert-blocks.js';
import { PAGE_BYTES } from './direct-file.js';
import type { DurableFile } from './durable-file.js';
import { blockByteOffset } from './row-blocks.js';
import type { WeightSource } from './weight-source.js';

/** Progress of writing a file. */
export type WriteEvent =
  /** Comes first; `byteLength` is that of all tensors. */
  | { readonly type: 'write-start'; readonly count: number; readonly byteLength: number }
  | { readonly type: 'tensor-start'; readonly name: string; readonly index: number; readonly count: number }
  /** `byteLength` more bytes of all tensors are on their way to the disk. */
  | { readonly type: 'bytes-written'; readonly byteLength: number }
  | {
      readonly type: 'tensor-end';
      readonly name: string;
      readonly index: number;
      readonly count: number;
      /** Bytes written for it. */
      readonly byteLength: number;
      /** Largest |weight − value · scale|; null for a tensor stored in float32. */
      readonly maxError: number | null;
      /** Whether a killed run had written it, and its bytes were found right. */
      readonly isResumed: boolean;
    };

/** What was written. */
export interface WrittenWeights {
  readonly layout: BinLayout;
  readonly checksums: Checksums;
  /** Over all tensors; null for a file without quantized ones. */
  readonly maxError: number | null;
  /** Tensors that a killed run had written. */
  readonly resumedTensors: number;
}

/** What {@link writeWeights} works with. */
export interface WriteWeightsOptions {
  readonly header: BinHeader;
  readonly source: WeightSource;
  readonly file: DurableFile;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes everything up to the end of the weights.
 *
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity; what the source and the file throw
 */
export async function* writeWeights(options: WriteWeightsOptions): AsyncGenerator<WriteEvent, WrittenWeights> {
  const { header, file, source, signal } = options;
  const { dim, nHeads } = header.dimensions;
  const places = layout(header);
  const { tensors, weightsEnd } = places;
  const count = tensors.length;
  const headerBytes = encodeHeader(header);
  yield { type: 'write-start', count, byteLength: weightsEnd - headerBytes.byteLength };
  await file.writeAt(headerBytes, 0);
  const checksums: Uint8Array[] = [];
  let highest: number | null = null;
  const settle = (index: number, checksum: Uint8Array, maxError: number | null, isResumed: boolean): WriteEvent => {
    checksums[index] = checksum;
    if (maxError !== null) highest = Math.max(highest ?? 0, maxError);
    const { name, byteLength } = tensors[index]!;
    return { type: 'tensor-end', name, index, count, byteLength, maxError, isResumed };
  };
  const start = (index: number): WriteEvent => ({ type: 'tensor-start', name: tensors[index]!.name, index, count });

  let resumedTensors = 0;
  for (const { index, sha256: expected, maxError } of file.finished) {
    const tensor = tensors[index];
    if (tensor === undefined || checksums[index] !== undefined) continue;
    if ((await file.hashRange(tensor.byteOffset, tensor.byteLength, signal)) !== expected) continue;
    yield start(index);
    yield { type: 'bytes-written', byteLength: tensor.byteLength };
    yield settle(index, Uint8Array.from(Buffer.from(expected, 'hex')), maxError, true);
    resumedTensors++;
  }

  const writers = new Map<number, TensorWriter>();
  const scalesPool = createScalesPool(options.kernels);
  const finishing: FinishingTensor[] = [];
  const settleNext = async (): Promise<WriteEvent> => {
    const { index, finished } = finishing.shift()!;
    const { checksum, maxError } = await finished;
    await file.noteFinished({ index, sha256: Buffer.from(checksum).toString('hex'), maxError });
    return settle(index, checksum, maxError, false);
  };
  const blocks = blockOrder(tensors, source, (index) => checksums[index] === undefined);
  try {
    for await (const converted of convertBlocks(blocks, { ...options, headDim: dim / nHeads })) {
      const { tensor, index, isLast } = converted.block;
      if (!writers.has(index)) {
        yield start(index);
        writers.set(index, tensorWriter(tensor, scalesPool, options));
      }
      const writer = writers.get(index)!;
      yield { type: 'bytes-written', byteLength: writer.write(converted) };
      if (isLast) {
        writers.delete(index);
        finishing.push({ index, finished: noted(writer.finish()) });
      }
      while (finishing.length > MAX_FINISHING) yield await settleNext();
    }
    while (finishing.length > 0) yield await settleNext();
  } finally {
    await Promise.allSettled(finishing.map(({ finished }) => finished));
  }
  const header256 = sha256(headerBytes);
  return { layout: places, checksums: { header: header256, tensors: checksums }, maxError: highest, resumedTensors };
}

/** Tensors whose last bytes may be on their way to file and digest while blocks of the next ones are converted. */
const MAX_FINISHING = 2;

/** A tensor of which all blocks were given. */
interface FinishingTensor {
  readonly index: number;
  readonly finished: ReturnType<TensorWriter['finish']>;
}

/** Takes the blocks of one tensor. */
interface TensorWriter {
  /** Starts the writing of a block and returns its bytes. */
  write(converted: ConvertedBlock): number;
  /** Waits until the tensor is written. */
  finish(): Promise<{ readonly checksum: Uint8Array; readonly maxError: number | null }>;
}

/** Buffers for the scales of tensors: fresh memory costs more than what is written to it. */
interface ScalesPool {
  /** So many scales, whose pages are those of a file that has them at `byteOffset`. */
  take(length: number, byteOffset: number): Float32Array;
  giveBack(scales: Float32Array): void;
}

function createScalesPool({ allocate }: Kernels): ScalesPool {
  const whole: Uint8Array[] = [];
  const taken = new Map<Float32Array, Uint8Array>();
  return {
    take(length, byteOffset) {
      const nBytes = PAGE_BYTES + 4 * length;
      const fitting = whole.findIndex(({ byteLength }) => byteLength >= nBytes);
      const [memory = allocate.filled(nBytes)] = fitting < 0 ? [] : whole.splice(fitting, 1);
      const start = Math.floor((byteOffset % PAGE_BYTES) / 4) * 4;
      const scales = new Float32Array(memory.buffer, memory.byteOffset + start, length);
      taken.set(scales, memory);
      return scales;
    },
    giveBack(scales) {
      whole.push(taken.get(scales)!);
      taken.delete(scales);
    },
  };
}

/** A tensor's scales follow its values, in the file and in the checksum. */
function tensorWriter(tensor: BinTensor, pool: ScalesPool, { file }: WriteWeightsOptions): TensorWriter {
  const { encoding, scalesByteOffset, nValues } = tensor;
  const allScales = encoding.isQuantized ? pool.take(scaleCount(encoding, nValues), scalesByteOffset) : null; // (rows, cols / groupSize)
  const hash = startSha256();
  const writes: Promise<void>[] = [];
  let highest: number | null = null;
  /** What the page begins with that the next block begins in. */
  let begun: Uint8Array = new Uint8Array(0);

  /** A block without what it leaves to the next, so that pages are written whole. */
  const writePages = ({ block, bytes }: ConvertedBlock): Promise<void> => {
    const start = blockByteOffset(block) - begun.byteLength;
    const all = new Uint8Array(bytes.buffer, bytes.byteOffset - begun.byteLength, begun.byteLength + bytes.byteLength);
    all.set(begun);
    const left = block.isLast ? 0 : Math.min((start + all.byteLength) % PAGE_BYTES, all.byteLength);
    begun = all.slice(all.byteLength - left);
    return file.writeAt(all.subarray(0, all.byteLength - left), start);
  };

  return {
    write(converted) {
      const { block, bytes, scales, maxError, release } = converted;
      const done = Promise.all([writePages(converted), hash.update(bytes)]).then(() => undefined);
      release(done);
      writes.push(done);
      if (scales === null) return bytes.byteLength;
      allScales!.set(scales, scaleCount(encoding, block.firstRow * columnsOf(tensor)));
      highest = Math.max(highest ?? 0, maxError!);
      return bytes.byteLength + scales.byteLength;
    },
    async finish() {
      if (allScales !== null) {
        const bytes = new Uint8Array(allScales.buffer, allScales.byteOffset, allScales.byteLength);
        writes.push(file.writeAt(bytes, scalesByteOffset));
        void hash.update(bytes);
      }
      await Promise.all(writes);
      const checksum = await hash.digest();
      if (allScales !== null) pool.giveBack(allScales);
      return { checksum, maxError: highest };
    },
  };
}
