// The order of query and key rows within a head, which RoPE rotates in pairs.
//
// Meta's weights, .bin files and GGUF pair adjacent rows of a head; Hugging Face's checkpoints pair rows half a head apart.

import type { BinTensor, ModelDimensions } from '@llama-ts/format';

/** Whether RoPE rotates the tensor's output: its rows are in another order in a checkpoint. */
export function hasRotatedRows({ kind }: BinTensor): boolean {
  return kind === 'wq' || kind === 'wk';
}

/** Rows of a tensor that are read together: those of a head, where its rows have another order in a checkpoint; else 1. */
export function rowUnit(tensor: BinTensor, { dim, nHeads }: ModelDimensions): number {
  return hasRotatedRows(tensor) ? dim / nHeads : 1;
}

/** Where row `row` of a .bin tensor with rotated rows is in a Hugging Face checkpoint. */
export function checkpointRow(row: number, headDim: number): number {
  const inHead = row % headDim;
  return row - inHead + (inHead % 2) * (headDim / 2) + Math.floor(inHead / 2);
}
