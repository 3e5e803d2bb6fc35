// Reads a checkpoint's tensors in the row order of a .bin file.

import { type BinTensor, rowsOf } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import { NOTHING_LEFT, type WeightSource } from '../output/weight-source.js';
import { checkpointRow, hasRotatedRows } from '../weights/rotated-rows.js';
import type { Checkpoint } from './open-checkpoint.js';
import { checkpointName } from './tensor-names.js';

/** Rows of an open checkpoint. */
export function checkpointSource({ reader, dimensions, folder }: Checkpoint): WeightSource {
  const headDim = dimensions.dim / dimensions.nHeads;
  const find = ({ kind, layer }: BinTensor) => reader.tensors.get(checkpointName(kind, layer)!)!;
  return {
    name: folder,
    dtypeOf: (tensor) => find(tensor).dtype as SourceDtype,
    async readRows(tensor, firstRow, nRows, into, signal) {
      const { name, byteLength } = find(tensor);
      const rowBytes = byteLength / rowsOf(tensor);
      if (!hasRotatedRows(tensor)) {
        await reader.read(name, { start: firstRow * rowBytes, end: (firstRow + nRows) * rowBytes, into, signal });
        return NOTHING_LEFT;
      }
      const endRow = firstRow + nRows;
      for (let row = firstRow; row < endRow; ) {
        const headEnd = Math.min(endRow, row - (row % headDim) + headDim);
        const nPairs = (headEnd - row) / 2;
        const readPart = (firstOfPart: number) => {
          const start = checkpointRow(firstOfPart, headDim) * rowBytes;
          return reader.read(name, { start, end: start + nPairs * rowBytes, signal });
        };
        const [even, odd] = await Promise.all([readPart(row), readPart(row + 1)]);
        for (let i = 0; i < nPairs; i++) {
          const at = (row - firstRow + 2 * i) * rowBytes;
          into.set(even.subarray(i * rowBytes, (i + 1) * rowBytes), at);
          into.set(odd.subarray(i * rowBytes, (i + 1) * rowBytes), at + rowBytes);
        }
        row = headEnd;
      }
      return NOTHING_LEFT;
    },
  };
}
