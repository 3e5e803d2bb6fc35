// Weights that pass by once, in the row order of a .bin file.

import { type BinTensor, rowsOf } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import { NOTHING_LEFT, type WeightSource } from '../output/weight-source.js';
import { checkpointRow, hasRotatedRows } from '../weights/rotated-rows.js';
import type { Checkpoint } from './open-checkpoint.js';
import { checkpointName } from './tensor-names.js';
import type { WeightPass } from './weight-stream.js';

/** Rows of a checkpoint whose weights are read in the order of their files. Whole heads, so that no byte is needed twice. */
export function passSource({ reader, dimensions, source }: Checkpoint, pass: WeightPass): WeightSource {
  const headDim = dimensions.dim / dimensions.nHeads;
  const nameOf = ({ kind, layer }: BinTensor) => checkpointName(kind, layer)!;
  return {
    name: source,
    dtypeOf: (tensor) => reader.tensors.get(nameOf(tensor))!.dtype as SourceDtype,
    placeOf: (tensor) => pass.placeOf(nameOf(tensor)),
    fileOf: (tensor) => pass.fileOf?.(nameOf(tensor)) ?? 0,
    rowUnit: (tensor) => (hasRotatedRows(tensor) ? headDim : 2),
    async readRows(tensor, firstRow, nRows, into, signal) {
      signal?.throwIfAborted();
      const name = nameOf(tensor);
      const rowBytes = reader.tensors.get(name)!.byteLength / rowsOf(tensor);
      const bytes = into.subarray(0, nRows * rowBytes);
      const read = await pass.readNext(name, firstRow * rowBytes, bytes, signal);
      if (!hasRotatedRows(tensor)) return read;
      await read.hashed;
      interleaveHeads(bytes, headDim, rowBytes);
      return NOTHING_LEFT;
    },
  };
}

/** Puts whole heads, in the order of a checkpoint, into that of a .bin file. */
function interleaveHeads(bytes: Uint8Array, headDim: number, rowBytes: number): void {
  const headBytes = headDim * rowBytes;
  const head = new Uint8Array(headBytes);
  for (let start = 0; start < bytes.byteLength; start += headBytes) {
    head.set(bytes.subarray(start, start + headBytes));
    for (let row = 0; row < headDim; row++) {
      const from = checkpointRow(row, headDim) * rowBytes;
      bytes.set(head.subarray(from, from + rowBytes), start + row * rowBytes);
    }
  }
}
