// Rows of a source as float32, and as a quantized source stores them.

import { type BinTensor, columnsOf } from '@llama-ts/format';
import { sourceDtypeBytes } from '@llama-ts/kernels';
import { isCarried } from './carried.js';
import { checkFinite } from './check-finite.js';
import type { QuantizedRows, WeightCodec } from './weight-codec.js';
import type { WeightRows } from './weight-rows.js';

/** The values of some rows; valid until the next rows are read. */
export interface FloatRows {
  /** (nRows, cols) */
  readonly weights: Float32Array;
  /** The quantized rows, if the source has the encoding of the tensor; else null. */
  readonly stored: QuantizedRows | null;
}

/**
 * Reads rows, which are asked for as {@link WeightRows.readRows} wants it.
 *
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity too, and what the source throws
 */
export type ReadFloatRows = (
  tensor: BinTensor,
  firstRow: number,
  nRows: number,
  signal?: AbortSignal,
) => Promise<FloatRows>;

/** A reader of float32 rows, with a buffer of its own. */
export function floatRowsReader(rows: WeightRows, codec: WeightCodec): ReadFloatRows {
  let buffer = new Uint8Array(0);
  return async (tensor, firstRow, nRows, signal) => {
    const dtype = rows.dtypeOf(tensor);
    const nValues = nRows * columnsOf(tensor);
    const byteLength = nValues * sourceDtypeBytes[dtype];
    if (buffer.byteLength < byteLength) buffer = new Uint8Array(byteLength);
    const bytes = buffer.subarray(0, byteLength);
    const read = await rows.readRows(tensor, firstRow, nRows, bytes, signal);
    await read.hashed;
    const weights =
      dtype === 'F32' ? new Float32Array(bytes.buffer, 0, nValues) : await codec.widen(bytes, dtype, signal);
    checkFinite(tensor, weights, firstRow, rows.name);
    return { weights, stored: isCarried(tensor.encoding, rows.quantizationOf(tensor)) ? read.stored : null };
  };
}
