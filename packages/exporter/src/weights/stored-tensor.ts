// Reads a tensor of a .bin file as it is stored, row by row, and hashes what it reads: the one reader of .bin weights.

import { type ByteSource, equalBytes, ToolkitError } from '@llama-ts/base';
import { type BinFile, type BinTensor, exportAgain, isInPanels } from '@llama-ts/format';
import { startSha256 } from '@llama-ts/kernels';
import { storedInPanels } from './stored-panels.js';
import type { StoredContext, StoredRows } from './stored-reading.js';
import { storedInRows } from './stored-rows.js';

export type { StoredRows } from './stored-reading.js';

/** A tensor that is being read. */
export interface StoredTensor {
  /**
   * Reads rows, which are asked for from first to last, once. A vector is one row.
   *
   * @param into takes the bytes of float32 values; default: new memory
   */
  readRows(firstRow: number, nRows: number, into?: Uint8Array): Promise<StoredRows>;
  /** Waits until the rows read so far are hashed: their memory may be reused. */
  hashed(): Promise<void>;
  /** The sha256 of the tensor's bytes, once all rows were read. */
  digest(): Promise<Uint8Array>;
  /** Once all rows and the digest were read: the first byte of padding that is not zero, in the file; null for none. */
  strayByte(): number | null;
}

/** Starts to read a tensor. All separate scales of a quantized one are read ahead. */
export async function openStoredTensor(source: ByteSource, tensor: BinTensor): Promise<StoredTensor> {
  const hash = startSha256();
  let hashed: Promise<void> = Promise.resolve();
  let stray: number | null = null;
  const context: StoredContext = {
    source,
    tensor,
    hash(bytes) {
      hashed = hash.update(bytes);
    },
    notePadding(bytes, byteOffset) {
      const i = bytes.findIndex((byte) => byte !== 0);
      if (i >= 0) stray ??= byteOffset + i;
    },
  };
  const reading = isInPanels(tensor.encoding) ? storedInPanels(context) : await storedInRows(context);
  return {
    readRows: reading.readRows,
    hashed: () => hashed,
    async digest() {
      reading.hashScales();
      const { byteOffset, byteLength } = tensor;
      const end = byteOffset + byteLength;
      const padding = await source.read(reading.end, end - reading.end);
      context.notePadding(padding, reading.end);
      if (padding.byteLength > 0) context.hash(padding);
      return hash.digest();
    },
    strayByte: () => stray,
  };
}

/**
 * Compares a tensor's checksum with the trailer's, once all rows were read; does nothing for a plain file.
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
