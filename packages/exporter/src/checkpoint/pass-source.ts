// Weights that pass by, as a .bin file orders their rows: query and key rows go back to Meta's interleaved order.

import type { BinTensor } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import { NOTHING_LEFT, type WeightSource } from '../output/weight-source.js';
import type { Checkpoint } from './open-checkpoint.js';
import { checkpointName } from './tensor-names.js';
import type { WeightPass } from './weight-stream.js';

/** Rows of a checkpoint whose weights are read in the order of their files. Whole heads, so that no byte is needed twice. */
export function passSource({ reader, dimensions, source }: Checkpoint, pass: WeightPass): WeightSource {
  const headDim = dimensions.dim / dimensions.nHeads;
  const nameOf = ({ kind, layer }: BinTensor) => checkpointName(kind, layer)!;
  const isRotated = ({ kind }: BinTensor) => kind === 'wq' || kind === 'wk';
  return {
    name: source,
    dtypeOf: (tensor) => reader.tensors.get(nameOf(tensor))!.dtype as SourceDtype,
    placeOf: (tensor) => pass.placeOf(nameOf(tensor)),
    fileOf: (tensor) => pass.fileOf?.(nameOf(tensor)) ?? 0,
    rowUnit: (tensor) => (isRotated(tensor) ? headDim : 2),
    async readRows(tensor, firstRow, nRows, into, signal) {
      signal?.throwIfAborted();
      const name = nameOf(tensor);
      const rowBytes = reader.tensors.get(name)!.byteLength / (tensor.shape.length === 1 ? 1 : tensor.shape[0]!);
      const bytes = into.subarray(0, nRows * rowBytes);
      const read = await pass.readNext(name, firstRow * rowBytes, bytes, signal);
      if (!isRotated(tensor)) return read;
      await read.hashed;
      interleaveHeads(bytes, headDim * rowBytes, rowBytes);
      return NOTHING_LEFT;
    },
  };
}

/** Each head's rows 0, 1, 2 … become those that were 0, half, 1, half + 1 …. */
function interleaveHeads(bytes: Uint8Array, headBytes: number, rowBytes: number): void {
  const head = new Uint8Array(headBytes);
  for (let start = 0; start < bytes.byteLength; start += headBytes) {
    head.set(bytes.subarray(start, start + headBytes));
    for (let at = 0; at < headBytes; at += rowBytes) {
      const row = at / rowBytes;
      const from = (row % 2) * (headBytes / 2) + Math.floor(row / 2) * rowBytes;
      bytes.set(head.subarray(from, from + rowBytes), start + at);
    }
  }
}
