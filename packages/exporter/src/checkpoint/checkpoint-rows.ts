// Rows of a Hugging Face checkpoint, put into the order of a .bin file.

import { type BinTensor, type ModelDimensions, rowsOf } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import type { ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';
import { checkpointRow, hasRotatedRows } from '../weights/rotated-rows.js';
import { NOTHING_LEFT, type WeightPass, type WeightRows } from '../weights/weight-rows.js';
import { checkpointName } from './tensor-names.js';
import type { TensorPass } from './weight-stream.js';

/** Tensors by the names of a Hugging Face Llama, and the model that they make. */
export interface CheckpointTensors {
  readonly reader: TensorReader<ShardTensorInfo>;
  readonly dimensions: ModelDimensions;
  /** Name in messages. */
  readonly name: string;
}

/** Reads bytes of a tensor from `start` on, until `into` is full. */
type ReadBytes = TensorPass['readNext'];

/** Rows of any tensor, in any order. */
export function checkpointRows(tensors: CheckpointTensors): WeightRows {
  return rowsBy(tensors, async (name, start, into, signal) => {
    await tensors.reader.read(name, { start, end: start + into.byteLength, into, signal });
    return NOTHING_LEFT;
  });
}

/** Rows that are read in the order of the files. */
export function checkpointPass(tensors: CheckpointTensors, pass: TensorPass): WeightPass {
  const { fileOf } = pass;
  return {
    ...rowsBy(tensors, pass.readNext),
    placeOf: (tensor) => pass.placeOf(nameOf(tensor)),
    ...(fileOf === undefined ? {} : { fileOf: (tensor: BinTensor) => fileOf(nameOf(tensor)) }),
    finish: pass.finish,
  };
}

function rowsBy({ reader, dimensions, name }: CheckpointTensors, readBytes: ReadBytes): WeightRows {
  const headDim = dimensions.dim / dimensions.nHeads;
  const find = (tensor: BinTensor): ShardTensorInfo => reader.tensors.get(nameOf(tensor))!;
  return {
    name,
    dtypeOf: (tensor) => find(tensor).dtype as SourceDtype,
    quantizationOf: () => null,
    async readRows(tensor, firstRow, nRows, into, signal) {
      signal?.throwIfAborted();
      const rowBytes = find(tensor).byteLength / rowsOf(tensor);
      const bytes = into.subarray(0, nRows * rowBytes);
      const read = await readBytes(nameOf(tensor), firstRow * rowBytes, bytes, signal);
      if (!hasRotatedRows(tensor)) return read;
      await read.hashed;
      interleaveHeads(bytes, headDim, rowBytes);
      return NOTHING_LEFT;
    },
  };
}

function nameOf({ kind, layer }: BinTensor): string {
  return checkpointName(kind, layer)!;
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
