// The order in which blocks are read, encoded and written: each file of the source from front to back, two files in
// turns, so that the digests of both, and of the tensors made of them, are computed at the same time.

import { type BinTensor, isRopeTable } from '@llama-ts/format';
import type { WeightRows } from '../weights/weight-rows.js';
import { type BlockSource, type RowBlock, rowBlocks } from './row-blocks.js';

/** The blocks of the tensors that `isWanted`; default all. */
export function blockOrder(
  tensors: readonly BinTensor[],
  source: BlockSource,
  isWanted: (index: number) => boolean = () => true,
): readonly RowBlock[] {
  const files = new Map<number, RowBlock[]>();
  for (const index of readingOrder(tensors, source.rows)) {
    if (!isWanted(index)) continue;
    const tensor = tensors[index]!;
    // The tables of v0 come from no source.
    const file = isRopeTable(tensor) ? 0 : (source.rows.fileOf?.(tensor) ?? 0);
    if (!files.has(file)) files.set(file, []);
    files.get(file)!.push(...rowBlocks(tensor, index, source));
  }
  const lists = [...files.values()];
  const order: RowBlock[] = [];
  for (let i = 0; i < lists.length; i += 2) order.push(...inTurns(lists[i]!, lists[i + 1] ?? []));
  return order;
}

/** Alternates so that both lists end together, for any lengths. */
function* inTurns<T>(first: readonly T[], second: readonly T[]): Generator<T> {
  for (let i = 0, j = 0; i < first.length || j < second.length; ) {
    const isFirstBehind = i * second.length <= j * first.length;
    if (j === second.length || (isFirstBehind && i < first.length)) yield first[i++]!;
    else yield second[j++]!;
  }
}

/** Indices of the tensors in the order of the source's files. */
function readingOrder(tensors: readonly BinTensor[], { placeOf }: WeightRows): readonly number[] {
  const indices = tensors.map((_, index) => index);
  if (placeOf === undefined) return indices;
  // The tables of v0 come from no source.
  const places = tensors.map((tensor) => (isRopeTable(tensor) ? -1 : placeOf(tensor)));
  return indices.sort((a, b) => places[a]! - places[b]!);
}
