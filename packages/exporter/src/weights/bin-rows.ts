// The weights of a .bin file of any version as float32 rows, beside the rows as they are stored.

import { type BinFile, openFile, readBinFile, rowsOf } from '@llama-ts/format';
import { checkFinite } from './check-finite.js';
import type { FloatRows, SourceRows } from './float-rows.js';
import { checkStoredTensor, openStoredTensor, type StoredTensor } from './stored-tensor.js';
import type { WeightCodec } from './weight-codec.js';

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
  const tensors = new Map(bin.layout.tensors.map((tensor) => [tensor.name, tensor]));
  let stored: StoredTensor;
  return {
    name: path,
    kind: 'bin',
    dimensions: bin.header.dimensions,
    words: bin.trailer && { ...bin.trailer.description, tokenizer: bin.trailer.tokenizer },
    groupSize: bin.header.groupSize,
    async readRows({ name }, firstRow, nRows, signal) {
      signal?.throwIfAborted();
      const tensor = tensors.get(name)!;
      const { encoding } = tensor;
      if (firstRow === 0) stored = await openStoredTensor(source, tensor);
      const { floats, values, scales } = await stored.readRows(firstRow, nRows);
      if (firstRow + nRows === rowsOf(tensor)) await checkStoredTensor(stored, tensor, bin, path);
      let rows: SourceRows;
      if (encoding.isQuantized) {
        const quantized = { values: values!, scales: scales! };
        // A codec's blocks are shared; the reader compares these weights with its own dequantized ones.
        rows = { weights: (await codec.dequantize(quantized, encoding.groupSize, signal)).slice(), quantized };
      } else {
        rows = { weights: floats!, quantized: null };
      }
      checkFinite(tensor, rows.weights, firstRow, path);
      return rows;
    },
    close: () => source.close(),
  };
}
