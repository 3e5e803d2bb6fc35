// The order in which a source wants its tensors read, wherever they are written.

import { type BinTensor, isRopeTable } from '@llama-ts/format';
import type { WeightSource } from './weight-source.js';

/** Indices of the tensors as the source wants them read. */
export function readingOrder(tensors: readonly BinTensor[], { placeOf }: WeightSource): readonly number[] {
  const indices = tensors.map((_, index) => index);
  if (placeOf === undefined) return indices;
  // The tables of v0 come from no source.
  const places = tensors.map((tensor) => (isRopeTable(tensor) ? -1 : placeOf(tensor)));
  return indices.sort((a, b) => places[a]! - places[b]!);
}
