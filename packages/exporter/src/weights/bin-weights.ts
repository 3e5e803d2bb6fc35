// Rows of a .bin file of any version as float32; each tensor's checksum is settled with its last row.

import { type BinFile, type BinTensor, type ByteSource, equalBytes, ToolkitError } from '@llama-ts/format';
import { type Sha256, startSha256 } from '@llama-ts/kernels';
import type { WeightSource } from '../output/weight-source.js';

/** No writer stores it: quantized values go from -127 to 127. */
const UNUSED_VALUE = -128;
const remedy = 'the file is damaged; export it again: llama export OUT.bin --hf REPO_OR_DIR --force';

/** Weights of an open file. Those of v2 are dequantized: value * scale of its group, rounded once. */
export function binWeights(source: ByteSource, bin: BinFile): WeightSource {
  const places = new Map(bin.layout.tensors.map((tensor, index) => [tensor.name, { tensor, index }]));
  let hash: Sha256 = startSha256();
  let scales = new Float32Array(0); // (rows, cols / groupSize) of the tensor at hand
  return {
    name: source.name,
    dtypeOf: () => 'F32',
    async readRows({ name }, firstRow, nRows, into, signal) {
      signal?.throwIfAborted();
      const { tensor, index } = places.get(name)!;
      const rows = tensor.shape.length === 1 ? 1 : tensor.shape[0]!;
      const cols = tensor.nValues / rows;
      const isQuantized = tensor.scalesByteOffset !== null;
      if (firstRow === 0) {
        hash = startSha256();
        if (isQuantized) scales = await readScales(source, tensor);
      }
      const rowBytes = isQuantized ? cols : 4 * cols;
      const bytes = isQuantized ? new Uint8Array(nRows * rowBytes) : into.subarray(0, nRows * rowBytes);
      await source.readInto(tensor.byteOffset + firstRow * rowBytes, bytes);
      const hashed = hash.update(bytes);
      if (isQuantized) {
        const groupSize = bin.header.groupSize!;
        const firstGroup = (firstRow * cols) / groupSize;
        dequantize(into, bytes, scales.subarray(firstGroup), groupSize, `${source.name}: ${name}`);
      }
      if (firstRow + nRows < rows || bin.trailer === null) return { hashed };
      if (isQuantized) void hash.update(new Uint8Array(scales.buffer));
      return { hashed: compare(hash, bin.trailer.checksums.tensors[index]!, `${source.name}: ${name}`) };
    },
  };
}

async function compare(hash: Sha256, expected: Uint8Array, name: string): Promise<void> {
  if (equalBytes(await hash.digest(), expected)) return;
  throw new ToolkitError('BAD_CHECKSUM', `${name} does not have the sha256 that the trailer states`, {
    suggestions: [remedy],
  });
}

async function readScales(source: ByteSource, tensor: BinTensor): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await source.read(tensor.scalesByteOffset!, tensor.byteLength - tensor.nValues);
  const scales = new Float32Array(bytes.byteLength / 4);
  new Uint8Array(scales.buffer).set(bytes);
  return scales;
}

function dequantize(into: Uint8Array, bytes: Uint8Array, scales: Float32Array, groupSize: number, name: string): void {
  const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const weights = new Float32Array(into.buffer, into.byteOffset, bytes.length);
  for (let start = 0; start < values.length; start += groupSize) {
    const scale = scales[start / groupSize]!;
    if (!(scale >= 0)) throw badWeights(name, `scale ${scale}, expected 0 or more`);
    for (let i = start; i < start + groupSize; i++) {
      const value = values[i]!;
      if (value === UNUSED_VALUE) throw badWeights(name, `value ${value}, expected -127 to 127`);
      weights[i] = value * scale;
    }
  }
}

function badWeights(name: string, found: string): ToolkitError {
  return new ToolkitError('BAD_WEIGHTS', `${name} holds ${found}`, { suggestions: [remedy] });
}
