// Writes header and tensors of a .bin file, block by block, with the checksum of each tensor.

import { bytesOfHex, hexOf, sha256 } from '@llama-ts/base';
import type { DurableFile } from '@llama-ts/durable';
import {
  type BinHeader,
  type BinLayout,
  type Checksums,
  encodeHeader,
  headerByteLength,
  layout,
  type PanelEncoding,
  q4Encoding,
} from '@llama-ts/format';
import type { Kernels } from '@llama-ts/kernels';
import type { CalibratedWriting } from '../calibrate/calibrated-writing.js';
import { noted } from '../noted.js';
import type { WeightRows } from '../weights/weight-rows.js';
import { blockOrder } from './block-order.js';
import { encodeBlocks } from './encode-blocks.js';
import { createScalesPool, type TensorWriter, tensorWriter } from './tensor-writer.js';
import type { WriteEvent } from './write-event.js';

/** The result of writing the weights. */
export interface WrittenWeights {
  /** The header, with the codebooks that quantizing chose. */
  readonly header: BinHeader;
  readonly layout: BinLayout;
  readonly checksums: Checksums;
  /** Largest error of any tensor; null for a file without quantized tensors. */
  readonly maxError: number | null;
  /** Tensors that a killed run had written. */
  readonly resumedTensors: number;
}

/** Options of {@link writeWeights}. */
export interface WriteWeightsOptions {
  readonly header: BinHeader;
  readonly rows: WeightRows;
  readonly file: DurableFile;
  readonly kernels: Kernels;
  /** Quantizes the matrices of the layers by the inputs that a text gives them; default: by their weights alone. */
  readonly calibrate?: CalibratedWriting | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes everything up to the end of the weights.
 *
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity; what the source and the file throw
 */
export async function* writeWeights(options: WriteWeightsOptions): AsyncGenerator<WriteEvent, WrittenWeights> {
  const { header, file, rows, signal } = options;
  const { dimensions } = header;
  const places = layout(header);
  const { tensors, weightsEnd } = places;
  const count = tensors.length;
  yield { type: 'write-start', count, byteLength: weightsEnd - headerByteLength(header) };
  const chosen = new Map<number, PanelEncoding>();
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
  for (const { index, sha256: expected, maxError, codebook } of file.finished) {
    const tensor = tensors[index];
    if (tensor === undefined || checksums[index] !== undefined) continue;
    if (tensor.encoding.id === 'Q4' && codebook === undefined) continue;
    if ((await file.hashRange(tensor.byteOffset, tensor.byteLength, signal)) !== expected) continue;
    yield start(index);
    yield { type: 'bytes-written', byteLength: tensor.byteLength };
    if (codebook !== undefined) chosen.set(index, q4Encoding(codebook));
    yield settle(index, bytesOfHex(expected), maxError, true);
    resumedTensors++;
  }

  if (options.calibrate !== undefined) {
    const { writeCalibrated } = await import('../calibrate/write-calibrated.js');
    const isFinished = (index: number): boolean => checksums[index] !== undefined;
    const calibration = { ...options, calibrate: options.calibrate, tensors, chosen, isFinished, start, settle };
    yield* writeCalibrated(calibration);
  }

  const writers = new Map<number, TensorWriter>();
  const scalesPool = createScalesPool(options.kernels);
  const finishing: FinishingTensor[] = [];
  const settleNext = async (): Promise<WriteEvent> => {
    const { index, finished } = finishing.shift()!;
    const { checksum, maxError } = await finished;
    const encoding = chosen.get(index);
    const codebook = encoding?.id === 'Q4' ? { codebook: encoding.codebook } : {};
    await file.noteFinished({ index, sha256: hexOf(checksum), maxError, ...codebook });
    return settle(index, checksum, maxError, false);
  };
  const blocks = blockOrder(tensors, { rows, dimensions }, (index) => checksums[index] === undefined);
  try {
    const headDim = dimensions.dim / dimensions.nHeads;
    for await (const encoded of encodeBlocks(blocks, { ...options, headDim, chosen })) {
      const { tensor, index, isLast } = encoded.block;
      if (!writers.has(index)) {
        yield start(index);
        writers.set(index, tensorWriter(tensor, scalesPool, file));
      }
      const writer = writers.get(index)!;
      yield { type: 'bytes-written', byteLength: writer.write(encoded) };
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
  // The header comes last: it names the codebooks.
  const encodings = header.encodings?.map((encoding, index) => chosen.get(index) ?? encoding);
  const complete = { ...header, encodings };
  const headerBytes = encodeHeader(complete);
  await file.writeAt(headerBytes, 0);
  return {
    header: complete,
    layout: layout(complete),
    checksums: { header: sha256(headerBytes), tensors: checksums },
    maxError: highest,
    resumedTensors,
  };
}

/** Tensors whose last bytes may be on their way to file and digest while blocks of the next ones are encoded. */
const MAX_FINISHING = 2;

/** A tensor of which all blocks were given. */
interface FinishingTensor {
  readonly index: number;
  readonly finished: ReturnType<TensorWriter['finish']>;
}
