// The facts of a tensor, and the functions of every reader of tensors.

import type { Dtype } from './dtype.js';

/** A tensor's type, shape and place in its file. Elements are little-endian, in row-major order. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  /** Lengths of the dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Offset of the first byte, counted from the start of the file. */
  readonly byteOffset: number;
  /** Bytes of all elements. */
  readonly byteLength: number;
}

/** Options of {@link TensorReader.read}. */
export interface ReadOptions {
  /** First byte wanted, counted from the start of the tensor. Default 0. */
  readonly start?: number | undefined;
  /** One past the last byte wanted. Default: the tensor's length. */
  readonly end?: number | undefined;
  /** Where to put the bytes, from its index 0; at least `end − start` long. Without it a new array is made. */
  readonly into?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The common part of a single file and a folder of shards. */
export interface TensorReader<Info extends TensorInfo = TensorInfo> {
  /** Every tensor by name, in the order of the data. */
  readonly tensors: ReadonlyMap<string, Info>;
  /**
   * Reads a tensor, or a range of its bytes.
   *
   * @returns exactly the bytes asked for; a view of `into` where that was given
   * @throws TENSOR_NOT_FOUND, INVALID_ARGUMENT, FILE_UNREADABLE, FILE_SHRANK, LIMIT_EXCEEDED
   */
  read(name: string, options?: ReadOptions): Promise<Uint8Array>;
  /** Releases the files. Reading afterwards throws FILE_UNREADABLE; closing twice does nothing. */
  close(): Promise<void>;
}
