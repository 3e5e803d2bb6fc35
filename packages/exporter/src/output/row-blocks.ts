// Cuts the tensors of a .bin file into blocks of whole rows, so that memory does not grow with the model.

import {
  type BinTensor,
  columnsOf,
  isInPanels,
  isRopeTable,
  type ModelDimensions,
  PANEL_ROWS,
  rowsOf,
  valueBytes,
  type WeightEncoding,
} from '@llama-ts/format';
import { sourceDtypeBytes } from '@llama-ts/kernels';
import { rowUnit } from '../weights/rotated-rows.js';
import type { WeightRows } from '../weights/weight-rows.js';

/** Source bytes of a block: enough that calls cost nothing, few enough for several blocks at once. */
export const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
/** Blocks in memory: one is read, one computed, the others are hashed and written. */
export const N_SLOTS = 5;

/** Rows [firstRow, firstRow + nRows) of a tensor. */
export interface RowBlock {
  readonly tensor: BinTensor;
  /** Index of the tensor in the layout. */
  readonly index: number;
  readonly firstRow: number;
  readonly nRows: number;
  /** Whether the tensor's rows end with it. */
  readonly isLast: boolean;
}

/** The source that blocks are cut for. */
export interface BlockSource {
  readonly rows: WeightRows;
  readonly dimensions: ModelDimensions;
}

/** The blocks of a tensor, first to last. */
export function* rowBlocks(tensor: BinTensor, index: number, source: BlockSource): Generator<RowBlock> {
  const rows = rowsOf(tensor);
  // The tables of v0 come from no source and are computed in one piece.
  const step = isRopeTable(tensor) ? rows : rowsPerBlock(tensor, source);
  for (let firstRow = 0; firstRow < rows; firstRow += step) {
    const nRows = Math.min(step, rows - firstRow);
    yield { tensor, index, firstRow, nRows, isLast: firstRow + nRows === rows };
  }
}

/** Where a block's values begin in the file. */
export function blockByteOffset({ tensor, firstRow }: RowBlock): number {
  return tensor.byteOffset + valueBytes(tensor.encoding, firstRow, columnsOf(tensor));
}

/** Values of a block. */
export function nBlockValues({ tensor, nRows }: RowBlock): number {
  return nRows * columnsOf(tensor);
}

/** Bytes of a value where it comes from. */
export function sourceValueBytes(tensor: BinTensor, rows: WeightRows): number {
  return sourceDtypeBytes[rows.dtypeOf(tensor)];
}

/** Bytes of a block's values in the file, or of its panels. */
export function blockValueBytes({ tensor, nRows }: RowBlock): number {
  return valueBytes(tensor.encoding, nRows, columnsOf(tensor));
}

/** Most memory that the blocks take, in bytes, not counting a tensor's scales. */
export function blockMemoryBytes(encoding: WeightEncoding): number {
  const nValues = MAX_BLOCK_BYTES / sourceDtypeBytes.BF16;
  const columns = 1024;
  return N_SLOTS * (MAX_BLOCK_BYTES + valueBytes(encoding, nValues / columns, columns));
}

/** Rows that are read and encoded together: whole heads where the source wants them, whole panels where the file has them. */
function blockUnit(tensor: BinTensor, dimensions: ModelDimensions): number {
  const unit = rowUnit(tensor, dimensions);
  if (!isInPanels(tensor.encoding)) return unit;
  let multiple = unit;
  while (multiple % PANEL_ROWS !== 0) multiple += unit;
  return multiple;
}

function rowsPerBlock(tensor: BinTensor, { rows, dimensions }: BlockSource): number {
  const unit = blockUnit(tensor, dimensions);
  const unitBytes = unit * columnsOf(tensor) * sourceValueBytes(tensor, rows);
  return unit * Math.max(1, Math.floor(MAX_BLOCK_BYTES / unitBytes));
}
