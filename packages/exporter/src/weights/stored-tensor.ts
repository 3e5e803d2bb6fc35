// Reads a tensor of a .bin file as it is stored, row by row, and hashes what it reads: the one reader of .bin weights.

import {
  type BinFile,
  type BinTensor,
  type ByteSource,
  columnsOf,
  equalBytes,
  exportAgain,
  scaleBytes,
  scaleCount,
  ToolkitError,
  valueBytes,
} from '@llama-ts/format';
import { startSha256 } from '@llama-ts/kernels';

/** Rows of a tensor as the file stores them: float32, or quantized values with the scales of their groups. */
export type StoredRows =
  /** (nRows, cols) */
  | { readonly floats: Float32Array; readonly values: null; readonly scales: null }
  /** (nRows, cols) and (nRows, cols / groupSize) */
  | { readonly floats: null; readonly values: Int8Array; readonly scales: Float32Array };

/** A tensor that is being read. */
export interface StoredTensor {
  /**
   * Reads rows, which are asked for from first to last, once. A vector is one row.
   *
   * @param into takes the bytes of the values; default: new memory
   */
  readRows(firstRow: number, nRows: number, into?: Uint8Array): Promise<StoredRows>;
  /** Waits until the rows read so far are hashed: their memory may be reused. */
  hashed(): Promise<void>;
  /** The sha256 of the tensor's bytes, once all rows were read. */
  digest(): Promise<Uint8Array>;
}

/** Starts to read a tensor. All scales of a quantized one are read ahead. */
export async function openStoredTensor(source: ByteSource, tensor: BinTensor): Promise<StoredTensor> {
  const { encoding, byteOffset, scalesByteOffset, nValues } = tensor;
  const columns = columnsOf(tensor);
  const hash = startSha256();
  // The bytes are little-endian, and so is every machine that the toolkit runs on.
  const allScales = new Float32Array(scaleCount(encoding, nValues)); // (rows, cols / groupSize)
  const scalesAsBytes = new Uint8Array(allScales.buffer);
  if (encoding.isQuantized) await source.readInto(scalesByteOffset, scalesAsBytes);
  let hashed: Promise<void> = Promise.resolve();
  return {
    async readRows(firstRow, nRows, into) {
      const [start, n] = [firstRow * columns, nRows * columns];
      const byteLength = valueBytes(encoding, n);
      const bytes = into?.subarray(0, byteLength) ?? new Uint8Array(byteLength);
      await source.readInto(byteOffset + valueBytes(encoding, start), bytes);
      hashed = hash.update(bytes);
      if (!encoding.isQuantized) {
        return { floats: new Float32Array(bytes.buffer, bytes.byteOffset, n), values: null, scales: null };
      }
      const [firstScale, nScales] = [scaleCount(encoding, start), scaleCount(encoding, n)];
      const scales = allScales.subarray(firstScale, firstScale + nScales);
      return { floats: null, values: new Int8Array(bytes.buffer, bytes.byteOffset, n), scales };
    },
    hashed: () => hashed,
    digest() {
      if (scaleBytes(encoding, nValues) > 0) void hash.update(scalesAsBytes);
      return hash.digest();
    },
  };
}

/**
 * Holds a tensor of which all rows were read against its checksum, if the file has one.
 *
 * @throws ToolkitError `BAD_CHECKSUM`
 */
export async function checkStoredTensor(
  stored: StoredTensor,
  tensor: BinTensor,
  { header, layout, trailer }: BinFile,
  path: string,
): Promise<void> {
  if (trailer === null) return stored.hashed();
  const expected = trailer.checksums.tensors[layout.tensors.indexOf(tensor)]!;
  if (equalBytes(await stored.digest(), expected)) return;
  throw new ToolkitError('BAD_CHECKSUM', `${path}: ${tensor.name} does not have the sha256 that the trailer states`, {
    suggestions: [`the file is damaged, export it again: ${exportAgain(path, header.version)}`],
  });
}
