// Reads float32 tensors, and those of v2: all int8 values, row-major, then all scales.

import { columnsOf, scaleBytes, scaleCount, valueBytes } from '@llama-ts/format';
import type { StoredContext, StoredReading } from './stored-reading.js';

/** The reader of a tensor whose rows follow each other. All scales of a quantized one are read ahead. */
export async function storedInRows({ source, tensor, hash }: StoredContext): Promise<StoredReading> {
  const { encoding, byteOffset, scalesByteOffset, nValues } = tensor;
  const columns = columnsOf(tensor);
  // The bytes are little-endian, and so is every machine that the toolkit runs on.
  const allScales = new Float32Array(scaleCount(encoding, nValues)); // (rows, cols / groupSize)
  const scalesAsBytes = new Uint8Array(allScales.buffer);
  if (allScales.length > 0) await source.readInto(scalesByteOffset, scalesAsBytes);
  return {
    end: scalesByteOffset + scaleBytes(encoding, nValues),
    async readRows(firstRow, nRows, into) {
      const [start, n] = [firstRow * columns, nRows * columns];
      const byteLength = valueBytes(encoding, nRows, columns);
      const bytes = (encoding.isQuantized ? undefined : into)?.subarray(0, byteLength) ?? new Uint8Array(byteLength);
      await source.readInto(byteOffset + valueBytes(encoding, firstRow, columns), bytes);
      hash(bytes);
      if (!encoding.isQuantized) {
        return { floats: new Float32Array(bytes.buffer, bytes.byteOffset, n), values: null, scales: null };
      }
      const [firstScale, nScales] = [scaleCount(encoding, start), scaleCount(encoding, n)];
      const scales = allScales.subarray(firstScale, firstScale + nScales);
      return { floats: null, values: new Int8Array(bytes.buffer, bytes.byteOffset, n), scales };
    },
    hashScales() {
      if (allScales.length > 0) hash(scalesAsBytes);
    },
  };
}
