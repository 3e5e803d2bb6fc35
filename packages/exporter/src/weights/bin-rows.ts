// Reads the weights of a .bin file of any version as float32 rows, and holds each tensor against its checksum.

import { createHash, type Hash } from 'node:crypto';
import {
  type BinFile,
  type BinTensor,
  type ByteSource,
  equalBytes,
  openFile,
  readBinFile,
  ToolkitError,
} from '@llama-ts/format';
import { checkFinite } from './check-finite.js';
import type { FloatRows, SourceRows } from './float-rows.js';
import type { WeightCodec } from './weight-codec.js';

/** A tensor under way. */
interface Reading {
  readonly tensor: BinTensor;
  readonly hash: Hash;
  /** Of the whole tensor, (rows, cols / groupSize); null in float32. */
  readonly scales: Float32Array | null;
}

/** @throws ToolkitError what readBinFile throws */
export async function openBinRows(path: string, codec: WeightCodec): Promise<FloatRows> {
  const source = await openFile(path);
  let bin: BinFile;
  try {
    bin = await readBinFile(source);
  } catch (error) {
    await source.close();
    throw error;
  }
  const { dimensions, groupSize } = bin.header;
  const tensors = new Map(bin.layout.tensors.map((tensor) => [tensor.name, tensor]));
  let reading: Reading | null = null;
  return {
    name: path,
    kind: 'bin',
    dimensions,
    words: bin.trailer && { ...bin.trailer.description, tokenizer: bin.trailer.tokenizer },
    groupSize,
    async readRows({ name }, firstRow, nRows, signal) {
      signal?.throwIfAborted();
      if (firstRow === 0) reading = await startTensor(tensors.get(name)!, source);
      const { tensor, hash, scales } = reading!;
      const columns = tensor.shape.at(-1)!;
      const [start, n] = [firstRow * columns, nRows * columns];
      const bytes = await source.read(tensor.byteOffset + start * (scales ? 1 : 4), n * (scales ? 1 : 4));
      hash.update(bytes);
      if (start + n === tensor.nValues) checkSum(tensor, hash, scales, bin, path);
      let rows: SourceRows;
      if (scales === null) {
        rows = { weights: new Float32Array(bytes.buffer), quantized: null };
      } else {
        const ofRows = scales.subarray(start / groupSize!, (start + n) / groupSize!);
        const quantized = { values: new Int8Array(bytes.buffer), scales: ofRows };
        // A codec's blocks are shared; the reader compares these weights with its own dequantized ones.
        rows = { weights: (await codec.dequantize(quantized, groupSize!, signal)).slice(), quantized };
      }
      checkFinite(tensor, rows.weights, firstRow, path);
      return rows;
    },
    close: () => source.close(),
  };
}

async function startTensor(tensor: BinTensor, source: ByteSource): Promise<Reading> {
  const hash = createHash('sha256');
  if (tensor.scalesByteOffset === null) return { tensor, hash, scales: null };
  const byteLength = tensor.byteOffset + tensor.byteLength - tensor.scalesByteOffset;
  const bytes = await source.read(tensor.scalesByteOffset, byteLength);
  return { tensor, hash, scales: new Float32Array(bytes.buffer) };
}

function checkSum(tensor: BinTensor, hash: Hash, scales: Float32Array | null, bin: BinFile, path: string): void {
  if (bin.trailer === null) return;
  if (scales !== null) hash.update(new Uint8Array(scales.buffer));
  if (equalBytes(hash.digest(), bin.trailer.checksums.tensors[bin.layout.tensors.indexOf(tensor)]!)) return;
  throw new ToolkitError('BAD_CHECKSUM', `${path}: ${tensor.name} does not have the sha256 that the trailer states`, {
    suggestions: ['the source is damaged; export it again: llama export OUT.bin --hf REPO_OR_DIR --force'],
  });
}
