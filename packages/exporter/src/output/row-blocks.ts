// Cuts the tensors of a .bin file into blocks of whole rows, so that memory does not grow with the model.

import { type BinTensor, columnsOf, isRopeTable, rowsOf, valueBytes, type WeightEncoding } from '@llama-ts/format';
import { sourceDtypeBytes } from '@llama-ts/kernels';
import type { WeightSource } from './weight-source.js';

/** Source bytes of a block: large enough that calls cost nothing, small enough to have several under way. */
export const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
/** Blocks under way: one is read, one computed, the others are hashed and written. */
export const N_SLOTS = 5;

/** Rows [firstRow, firstRow + nRows) of a tensor. */
export interface RowBlock {
  readonly tensor: BinTensor;
  /** Of the tensor in the layout. */
  readonly index: number;
  readonly firstRow: number;
  readonly nRows: number;
  /** Whether the tensor's rows end with it. */
  readonly isLast: boolean;
}

/** The blocks of a tensor, first to last. Row counts are even, so that no pair of rotated rows is parted. */
export function* rowBlocks(tensor: BinTensor, index: number, source: WeightSource): Generator<RowBlock> {
  const rows = rowsOf(tensor);
  // The tables of v0 come from no source and are made in one piece.
  const step = isRopeTable(tensor) ? rows : rowsPerBlock(tensor, source);
  for (let firstRow = 0; firstRow < rows; firstRow += step) {
    const nRows = Math.min(step, rows - firstRow);
    yield { tensor, index, firstRow, nRows, isLast: firstRow + nRows === rows };
  }
}

/** Where a block's values begin in the file. */
export function blockByteOffset({ tensor, firstRow }: RowBlock): number {
  return tensor.byteOffset + valueBytes(tensor.encoding, firstRow * columnsOf(tensor));
}

/** Values of a block. */
export function nBlockValues({ tensor, nRows }: RowBlock): number {
  return nRows * columnsOf(tensor);
}

/** Bytes of a value where it comes from. */
export function sourceValueBytes(tensor: BinTensor, source: WeightSource): number {
  return sourceDtypeBytes[source.dtypeOf(tensor)];
}

/** Most memory that the blocks under way take, in bytes, but for a tensor's scales. */
export function blockMemoryBytes(encoding: WeightEncoding): number {
  const nValues = MAX_BLOCK_BYTES / sourceDtypeBytes.BF16;
  return N_SLOTS * (MAX_BLOCK_BYTES + valueBytes(encoding, nValues));
}

function rowsPerBlock(tensor: BinTensor, source: WeightSource): number {
  const unit = source.rowUnit?.(tensor) ?? 2;
  const unitBytes = unit * columnsOf(tensor) * sourceValueBytes(tensor, source);
  return unit * Math.max(1, Math.floor(MAX_BLOCK_BYTES / unitBytes));
}
