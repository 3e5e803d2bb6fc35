// Divides a model's tensors into the files of a Hugging Face folder, and puts their rows in its order.

import type { JsonObject } from '@llama-ts/base';
import { type BinTensor, columnsOf } from '@llama-ts/format';
import { sourceDtypeBytes } from '@llama-ts/kernels';
import { serializeHeader } from '@llama-ts/safetensors';
import { checkpointName } from '../checkpoint/tensor-names.js';
import { checkpointRow, hasRotatedRows } from '../weights/rotated-rows.js';
import type { FloatType } from './weight-types.js';

const SHARD_DIGITS = 5;

/** One file of a folder. */
export interface Shard {
  readonly fileName: string;
  readonly tensors: readonly { readonly name: string; readonly tensor: BinTensor }[];
}

/** Fills files in the order of the tensors up to `maxBytes` each; a larger tensor has one of its own. */
export function divideIntoShards(tensors: readonly BinTensor[], type: FloatType, maxBytes: number): Shard[] {
  const parts: BinTensor[][] = [];
  let byteLength = Number.POSITIVE_INFINITY;
  for (const tensor of tensors) {
    const bytes = tensor.nValues * sourceDtypeBytes[type];
    if (byteLength + bytes > maxBytes) {
      parts.push([]);
      byteLength = 0;
    }
    parts.at(-1)!.push(tensor);
    byteLength += bytes;
  }
  return parts.map((part, i) => ({
    fileName: shardName(i + 1, parts.length),
    tensors: part.map((tensor) => ({ name: checkpointName(tensor.kind, tensor.layer)!, tensor })),
  }));
}

/** The header of a file, which places its tensors. */
export function shardHeader({ tensors }: Shard, type: FloatType) {
  const specs = tensors.map(({ name, tensor }) => ({ name, dtype: type, shape: tensor.shape }));
  return serializeHeader(specs, [['format', 'pt']]);
}

/** Bytes that tensors take in a type. */
export function tensorBytes(tensors: readonly BinTensor[], type: FloatType): number {
  return tensors.reduce((sum, { nValues }) => sum + nValues * sourceDtypeBytes[type], 0);
}

/** model.safetensors.index.json */
export function shardIndex(shards: readonly Shard[], type: FloatType): JsonObject {
  const entries = shards.flatMap(({ fileName, tensors }) => tensors.map(({ name }) => [name, fileName] as const));
  const tensors = shards.flatMap((shard) => shard.tensors.map(({ tensor }) => tensor));
  return { metadata: { total_size: tensorBytes(tensors, type) }, weight_map: Object.fromEntries(entries.sort()) };
}

/**
 * Rows of wq and wk from Meta's order, where adjacent ones turn together, to Hugging Face's, where rows half a head apart
 * do. Other tensors are returned as they are.
 *
 * @param values (rows, cols), whole heads
 */
export function halfSplitRows(tensor: BinTensor, values: Float32Array, headDim: number): Float32Array {
  if (!hasRotatedRows(tensor)) return values;
  const cols = columnsOf(tensor);
  const arranged = new Float32Array(values.length);
  for (let row = 0; row * cols < values.length; row++) {
    arranged.set(values.subarray(row * cols, (row + 1) * cols), checkpointRow(row, headDim) * cols);
  }
  return arranged;
}

function shardName(number: number, count: number): string {
  if (count === 1) return 'model.safetensors';
  const digits = (value: number): string => String(value).padStart(SHARD_DIGITS, '0');
  return `model-${digits(number)}-of-${digits(count)}.safetensors`;
}
