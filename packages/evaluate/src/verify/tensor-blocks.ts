// A tensor of a .bin file in blocks of whole rows, so that memory does not grow with the model.

import type { StoredRows, StoredTensor } from '@llama-ts/exporter';
import { type BinLayout, type BinTensor, columnsOf, rowsOf } from '@llama-ts/format';

/** Values of a block, about. */
const BLOCK_VALUES = 1 << 20;

/** Rows [firstRow, firstRow + nRows) of a tensor as the file stores them. */
export type StoredBlock = { readonly firstRow: number; readonly nRows: number } & StoredRows;

/** Most values that a block of these tensors has. */
export function maxBlockValues({ tensors }: BinLayout): number {
  return Math.max(...tensors.map((tensor) => rowsPerBlock(tensor) * columnsOf(tensor)));
}

/** Reads a tensor from its first row to its last. */
export async function* storedBlocks(tensor: BinTensor, stored: StoredTensor): AsyncGenerator<StoredBlock> {
  const step = rowsPerBlock(tensor);
  for (let firstRow = 0; firstRow < rowsOf(tensor); firstRow += step) {
    const nRows = Math.min(step, rowsOf(tensor) - firstRow);
    yield { firstRow, nRows, ...(await stored.readRows(firstRow, nRows)) };
  }
}

/** Even, as sources ask for, or all rows. */
function rowsPerBlock(tensor: BinTensor): number {
  const nPairs = Math.max(1, Math.floor(BLOCK_VALUES / (2 * columnsOf(tensor))));
  return Math.min(2 * nPairs, rowsOf(tensor));
}
