// Rows of an open .bin file of any version; each tensor's checksum is compared with its last row.

import { type ByteSource, ToolkitError } from '@llama-ts/base';
import { type BinFile, type BinTensor, exportAgain, isInPanels, rowsOf, type WeightEncoding } from '@llama-ts/format';
import { checkStoredTensor, openStoredTensor, type StoredTensor } from './stored-tensor.js';
import type { QuantizedRows } from './weight-codec.js';
import type { WeightRows } from './weight-rows.js';

/** No writer stores it: quantized values go from -127 to 127. */
const UNUSED_VALUE = -128;

/** Rows of an open file. Quantized ones are dequantized: value * scale of its group, rounded once. */
export function binRows(source: ByteSource, bin: BinFile): WeightRows {
  const tensors = new Map(bin.layout.tensors.map((tensor) => [tensor.name, tensor]));
  const find = ({ name }: BinTensor): BinTensor => tensors.get(name)!;
  let reading: StoredTensor;
  return {
    name: source.name,
    dtypeOf: () => 'F32',
    quantizationOf: (tensor) => (find(tensor).encoding.isQuantized ? find(tensor).encoding : null),
    async readRows(wanted, firstRow, nRows, into, signal) {
      signal?.throwIfAborted();
      const tensor = find(wanted);
      const { encoding, name } = tensor;
      if (firstRow === 0) reading = await openStoredTensor(source, tensor);
      const rows = await reading.readRows(firstRow, nRows, encoding.isQuantized ? undefined : into);
      const isLast = firstRow + nRows === rowsOf(tensor);
      const hashed = isLast ? checkStoredTensor(reading, tensor, bin, source.name) : reading.hashed();
      if (!encoding.isQuantized) return { hashed, stored: null };
      const stored = { values: rows.values!, scales: rows.scales! };
      const bad = dequantize(into, stored, encoding);
      if (bad === null) return { hashed, stored };
      // A wrong checksum is the better error: the whole tensor is damaged, not these values alone.
      await hashed;
      throw damaged(source.name, name, bad, bin);
    },
  };
}

/** Fills the front of `into`; returns what no writer stores, in words, or null. */
function dequantize(into: Uint8Array, { values, scales }: QuantizedRows, encoding: WeightEncoding): string | null {
  const groupSize = encoding.isQuantized ? encoding.groupSize : 1;
  const isSigned = isInPanels(encoding);
  const weights = new Float32Array(into.buffer, into.byteOffset, values.length);
  for (let start = 0; start < values.length; start += groupSize) {
    const scale = scales[start / groupSize]!;
    if (!isSigned && !(scale >= 0)) return `scale ${scale}, expected 0 or more`;
    if (isSigned && !Number.isFinite(scale)) return `scale ${scale}, expected a finite number`;
    for (let i = start; i < start + groupSize; i++) {
      const value = values[i]!;
      if (value === UNUSED_VALUE) return `value ${value}, expected -127 to 127`;
      weights[i] = value * scale;
    }
  }
  return null;
}

function damaged(path: string, tensor: string, found: string, { header }: BinFile): ToolkitError {
  return new ToolkitError('BAD_WEIGHTS', `${path}: ${tensor} holds ${found}`, {
    suggestions: [`the file is damaged, export it again: ${exportAgain(path, header.version)}`],
  });
}
