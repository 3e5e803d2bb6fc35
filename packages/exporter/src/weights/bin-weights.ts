// The weights of an open .bin file of any version as float32 rows; each tensor's checksum is compared with its last row.

import { type BinFile, type ByteSource, exportAgain, rowsOf, ToolkitError } from '@llama-ts/format';
import type { WeightSource } from '../output/weight-source.js';
import { checkStoredTensor, openStoredTensor, type StoredTensor } from './stored-tensor.js';

/** No writer stores it: quantized values go from -127 to 127. */
const UNUSED_VALUE = -128;

/** Weights of an open file. Quantized ones are dequantized: value * scale of its group, rounded once. */
export function binWeights(source: ByteSource, bin: BinFile): WeightSource {
  const tensors = new Map(bin.layout.tensors.map((tensor) => [tensor.name, tensor]));
  let stored: StoredTensor;
  return {
    name: source.name,
    dtypeOf: () => 'F32',
    async readRows({ name }, firstRow, nRows, into, signal) {
      signal?.throwIfAborted();
      const tensor = tensors.get(name)!;
      const { encoding } = tensor;
      if (firstRow === 0) stored = await openStoredTensor(source, tensor);
      const rows = await stored.readRows(firstRow, nRows, encoding.isQuantized ? undefined : into);
      if (encoding.isQuantized)
        dequantize(into, rows.values!, rows.scales!, encoding.groupSize, (found) =>
          damaged(source.name, name, found, bin),
        );
      const isLast = firstRow + nRows === rowsOf(tensor);
      return { hashed: isLast ? checkStoredTensor(stored, tensor, bin, source.name) : stored.hashed() };
    },
  };
}

function dequantize(
  into: Uint8Array,
  values: Int8Array,
  scales: Float32Array,
  groupSize: number,
  failure: (found: string) => ToolkitError,
): void {
  const weights = new Float32Array(into.buffer, into.byteOffset, values.length);
  for (let start = 0; start < values.length; start += groupSize) {
    const scale = scales[start / groupSize]!;
    if (!(scale >= 0)) throw failure(`scale ${scale}, expected 0 or more`);
    for (let i = start; i < start + groupSize; i++) {
      const value = values[i]!;
      if (value === UNUSED_VALUE) throw failure(`value ${value}, expected -127 to 127`);
      weights[i] = value * scale;
    }
  }
}

function damaged(path: string, tensor: string, found: string, { header }: BinFile): ToolkitError {
  return new ToolkitError('BAD_WEIGHTS', `${path}: ${tensor} holds ${found}`, {
    suggestions: [`the file is damaged, export it again: ${exportAgain(path, header.version)}`],
  });
}
