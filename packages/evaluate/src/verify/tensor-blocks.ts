// A tensor of a .bin file in blocks of whole rows, so that memory does not grow with the model.

import type { BinLayout, BinTensor, ByteSource } from '@llama-ts/format';

/** Values of a block, about. */
const BLOCK_VALUES = 1 << 20;

/** Rows of a tensor as the file stores them: float32, or int8 values with scales. */
export type StoredBlock = { readonly firstRow: number; readonly nRows: number } & (
  | { readonly floats: Float32Array; readonly values: null; readonly scales: null }
  | { readonly floats: null; readonly values: Int8Array; readonly scales: Float32Array }
);

/** Most values that a block of these tensors has. */
export function maxBlockValues({ tensors }: BinLayout): number {
  return Math.max(...tensors.map((tensor) => rowsPerBlock(tensor) * columnsOf(tensor)));
}

/** Reads a tensor from its first row to its last. All scales of a quantized one are read ahead. */
export async function* storedBlocks(
  source: ByteSource,
  tensor: BinTensor,
  groupSize: number | null,
): AsyncGenerator<StoredBlock> {
  const allScales = await readScales(source, tensor);
  const columns = columnsOf(tensor);
  const step = rowsPerBlock(tensor);
  for (let firstRow = 0; firstRow < rowsOf(tensor); firstRow += step) {
    const nRows = Math.min(step, rowsOf(tensor) - firstRow);
    const [start, n] = [firstRow * columns, nRows * columns];
    if (allScales === null) {
      const bytes = await source.read(tensor.byteOffset + 4 * start, 4 * n);
      yield { firstRow, nRows, floats: new Float32Array(bytes.buffer), values: null, scales: null };
    } else {
      const bytes = await source.read(tensor.byteOffset + start, n);
      const scales = allScales.subarray(start / groupSize!, (start + n) / groupSize!);
      yield { firstRow, nRows, floats: null, values: new Int8Array(bytes.buffer), scales };
    }
  }
}

export function columnsOf({ shape }: BinTensor): number {
  return shape.at(-1)!;
}

function rowsOf({ shape }: BinTensor): number {
  return shape.length === 1 ? 1 : shape[0]!;
}

/** Even, as sources ask for, or all rows. */
function rowsPerBlock(tensor: BinTensor): number {
  const nPairs = Math.max(1, Math.floor(BLOCK_VALUES / (2 * columnsOf(tensor))));
  return Math.min(2 * nPairs, rowsOf(tensor));
}

/** The files' bytes are little-endian, and so is every machine that Node runs the toolkit on. */
async function readScales(source: ByteSource, tensor: BinTensor): Promise<Float32Array | null> {
  if (tensor.scalesByteOffset === null) return null;
  const byteLength = tensor.byteOffset + tensor.byteLength - tensor.scalesByteOffset;
  return new Float32Array((await source.read(tensor.scalesByteOffset, byteLength)).buffer);
}
