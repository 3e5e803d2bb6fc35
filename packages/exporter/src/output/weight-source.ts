// Where weights come from while a .bin is written: a checkpoint, or another .bin.

import type { BinTensor } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';

/** Rows that were read, and that the source may still look at. */
export interface RowsRead {
  /** Resolves once the bytes may be overwritten; rejects as readRows does, with what shows only when all is hashed. */
  readonly hashed: Promise<void>;
}

/** Of a source that hashes nothing, or has done so. */
export const NOTHING_LEFT: RowsRead = { hashed: Promise.resolve() };

/** Rows of tensors in the order and layout of a .bin file. */
export interface WeightSource {
  /** For messages. */
  readonly name: string;
  dtypeOf(tensor: BinTensor): SourceDtype;
  /** Orders tensors where they must be read in another order than they are laid out; default: as laid out. */
  readonly placeOf?: (tensor: BinTensor) => number;
  /** Which of several files holds a tensor; each is read in the order of places, two of them in turns. Default: one file. */
  readonly fileOf?: (tensor: BinTensor) => number;
  /** Rows that must be read together: blocks but the last hold a multiple of it. Default 2. */
  readonly rowUnit?: (tensor: BinTensor) => number;
  /**
   * Reads rows (nRows, cols) into the front of `into`. A tensor's rows are asked for from first to last, once;
   * `firstRow` is even, and so is `nRows` except at a tensor's end. A vector is one row.
   */
  readRows(
    tensor: BinTensor,
    firstRow: number,
    nRows: number,
    into: Uint8Array,
    signal?: AbortSignal,
  ): Promise<RowsRead>;
}
