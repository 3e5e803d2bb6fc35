// The GGUF types of a v3 file's tensors: those whose blocks hold the same values, else the nearest.

import { type BinTensor, isInPanels, type PanelEncoding } from '@llama-ts/format';
import type { BlockType } from '@llama-ts/gguf';
import { iq4NlCodebook, q4_0Codebook } from '../weights/codebooks.js';
import type { WeightRows } from '../weights/weight-rows.js';

/** How a tensor of a v3 file is written to GGUF. */
export interface StoredType {
  readonly type: BlockType;
  /** Whether the blocks hold its values; else they are quantized again, with the codebook of IQ4_NL. */
  readonly isExact: boolean;
}

/** The type of a tensor; null for one that is not in panels. */
export function storedTypeOf(tensor: BinTensor, rows: WeightRows): StoredType | null {
  const encoding = rows.quantizationOf(tensor);
  return encoding !== null && isInPanels(encoding) ? ggufTypeOf(encoding) : null;
}

/** Whether a source's matrices are all in panels: a v3 file. */
export function isStoredInPanels(tensors: readonly BinTensor[], rows: WeightRows): boolean {
  return tensors.every((tensor) => tensor.shape.length === 1 || storedTypeOf(tensor, rows) !== null);
}

function ggufTypeOf(encoding: PanelEncoding): StoredType {
  if (encoding.id === 'Q8') return { type: 'Q8_0', isExact: true };
  if (hasOnly(encoding.codebook, q4_0Codebook)) return { type: 'Q4_0', isExact: true };
  return { type: 'IQ4_NL', isExact: hasOnly(encoding.codebook, iq4NlCodebook) };
}

/** Whether every entry is one of a type's. */
function hasOnly(codebook: readonly number[], entries: readonly number[]): boolean {
  return codebook.every((entry) => entries.includes(entry));
}
