// Rows of a model's weights in the order and layout of a .bin file, from any source.

import type { BinTensor, SourceFile, WeightEncoding } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import type { QuantizedRows } from './weight-codec.js';

/** Rows that were read. */
export interface RowsRead {
  /** Resolves once the bytes may be overwritten; rejects with what shows only when all of a tensor is hashed. */
  readonly hashed: Promise<void>;
  /** The rows as a quantized source stores them, until the next call; null for a source of floats. */
  readonly stored: QuantizedRows | null;
}

/** The result of a source of floats that computes no hash, or has finished it. */
export const NOTHING_LEFT: RowsRead = { hashed: Promise.resolve(), stored: null };

/** Reads rows of tensors. Tensors have the names, kinds and shapes of a .bin file's layout, of any version. */
export interface WeightRows {
  /** Name in messages. */
  readonly name: string;
  /** Type of the values that {@link WeightRows.readRows} reads; a quantized tensor is read as F32. */
  dtypeOf(tensor: BinTensor): SourceDtype;
  /** How a quantized tensor is stored; null for one that is stored in floats. */
  quantizationOf(tensor: BinTensor): WeightEncoding | null;
  /** Orders tensors where they must be read in another order than they are laid out; default: as laid out. */
  readonly placeOf?: (tensor: BinTensor) => number;
  /** Which of several files holds a tensor; each is read in the order of places, two of them in turns. Default: one file. */
  readonly fileOf?: (tensor: BinTensor) => number;
  /**
   * Reads rows (nRows, cols) into the front of `into`. A tensor's rows are asked for from first to last, once, and in
   * multiples of its rowUnit. A vector is one row.
   *
   * @param into (nRows * cols) values of `dtypeOf(tensor)`, little-endian, or more
   * @throws ToolkitError `BAD_WEIGHTS`; `BAD_CHECKSUM`, also from `hashed`, at the last rows of a tensor whose checksum
   *   the source states
   */
  readRows(
    tensor: BinTensor,
    firstRow: number,
    nRows: number,
    into: Uint8Array,
    signal?: AbortSignal,
  ): Promise<RowsRead>;
}

/** One reading of all weights, each file from front to back. */
export interface WeightPass extends WeightRows {
  /**
   * To be called once the weights are read: reads the rest, and returns the files that were hashed on the way.
   *
   * @throws ToolkitError `HUB_CORRUPT` when a file of the hub had another digest than the hub lists
   */
  finish(signal?: AbortSignal): Promise<readonly SourceFile[]>;
}
