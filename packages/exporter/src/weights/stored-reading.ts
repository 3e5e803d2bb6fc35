// What the readers of stored tensors share, in rows and in panels.

import type { ByteSource } from '@llama-ts/base';
import type { BinTensor } from '@llama-ts/format';

/** Rows of a tensor as the file stores them: float32, or quantized values with the scales of their groups. */
export type StoredRows =
  /** (nRows, cols) */
  | { readonly floats: Float32Array; readonly values: null; readonly scales: null }
  /** (nRows, cols), in 4 bits as entries of the codebook, and (nRows, cols / groupSize) */
  | { readonly floats: null; readonly values: Int8Array; readonly scales: Float32Array };

/** What readers of both layouts work with. */
export interface StoredContext {
  readonly source: ByteSource;
  readonly tensor: BinTensor;
  /** Takes the next bytes of the tensor; they must stay as they are until they are hashed. */
  hash(bytes: Uint8Array): void;
  /** Looks at bytes that must be zeros. */
  notePadding(bytes: Uint8Array, byteOffset: number): void;
}

/** The reader of one layout. */
export interface StoredReading {
  /**
   * Reads rows, which are asked for from first to last, once. A vector is one row.
   *
   * @param into takes the bytes of float32 values; default: new memory
   */
  readRows(firstRow: number, nRows: number, into?: Uint8Array): Promise<StoredRows>;
  /** Hashes separate scales, once all rows were read. */
  hashScales(): void;
  /** First byte after values and scales. */
  readonly end: number;
}
