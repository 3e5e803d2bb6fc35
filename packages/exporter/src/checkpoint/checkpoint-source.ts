// Reads a checkpoint's tensors as a .bin file orders them: query and key rows go back to Meta's interleaved order.
//
// Meta rotates adjacent rows of a head, Hugging Face rows half a head apart. Row 2i of a head is therefore the
// checkpoint's row i, and row 2i + 1 its row headDim/2 + i.

import type { BinTensor } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import { NOTHING_LEFT, type WeightSource } from '../output/weight-source.js';
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
      const rowBytes = byteLength / (tensor.shape.length === 1 ? 1 : tensor.shape[0]!);
      if (tensor.kind !== 'wq' && tensor.kind !== 'wk') {
        await reader.read(name, { start: firstRow * rowBytes, end: (firstRow + nRows) * rowBytes, into, signal });
        return NOTHING_LEFT;
      }
      const endRow = firstRow + nRows;
      for (let row = firstRow; row < endRow; ) {
        const headStart = row - (row % headDim);
        const headEnd = Math.min(endRow, headStart + headDim);
        const nPairs = (headEnd - row) / 2;
        const evenStart = (headStart + (row - headStart) / 2) * rowBytes;
        const oddStart = evenStart + (headDim / 2) * rowBytes;
        const [even, odd] = await Promise.all(
          [evenStart, oddStart].map((start) => reader.read(name, { start, end: start + nPairs * rowBytes, signal })),
        );
        for (let i = 0; i < nPairs; i++) {
          const at = (row - firstRow + 2 * i) * rowBytes;
          into.set(even!.subarray(i * rowBytes, (i + 1) * rowBytes), at);
          into.set(odd!.subarray(i * rowBytes, (i + 1) * rowBytes), at + rowBytes);
        }
        row = headEnd;
      }
      return NOTHING_LEFT;
    },
  };
}
