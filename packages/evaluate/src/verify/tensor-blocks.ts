// A tensor of a .bin file in blocks of whole rows, so that memory does not grow with the model.

import { rowUnit, type StoredRows, type StoredTensor } from '@llama-ts/exporter';
import { type BinFile, type BinTensor, columnsOf, type ModelDimensions, rowsOf } from '@llama-ts/format';

/** Values of a block, about. */
const BLOCK_VALUES = 1 << 20;

/** Rows [firstRow, firstRow + nRows) of a tensor as the file stores them. */
export type StoredBlock = { readonly firstRow: number; readonly nRows: number } & StoredRows;

/** The number of values in the largest block of a file's tensors. */
export function maxBlockValues({ header, layout }: BinFile): number {
  return Math.max(...layout.tensors.map((tensor) => rowsPerBlock(tensor, header.dimensions) * columnsOf(tensor)));
}

/** Reads a tensor from its first row to its last. */
export async function* storedBlocks(
  tensor: BinTensor,
  stored: StoredTensor,
  dimensions: ModelDimensions,
): AsyncGenerator<StoredBlock> {
  const step = rowsPerBlock(tensor, dimensions);
  for (let firstRow = 0; firstRow < rowsOf(tensor); firstRow += step) {
    const nRows = Math.min(step, rowsOf(tensor) - firstRow);
    yield { firstRow, nRows, ...(await stored.readRows(firstRow, nRows)) };
  }
}

/** Rows of a block: a multiple of the rows that a source reads together, or all rows. */
function rowsPerBlock(tensor: BinTensor, dimensions: ModelDimensions): number {
  const unit = rowUnit(tensor, dimensions);
  const nUnits = Math.max(1, Math.floor(BLOCK_VALUES / (unit * columnsOf(tensor))));
  return Math.min(unit * nUnits, rowsOf(tensor));
}
