// The order in which blocks are read, converted and written: each file of the source from front to back, two of them in
// turns. Digests of two files and of the tensors made of them are then computed side by side.

import { type BinTensor, isRopeTable } from '@llama-ts/format';
import { readingOrder } from './reading-order.js';
import { type RowBlock, rowBlocks } from './row-blocks.js';
import type { WeightSource } from './weight-source.js';

/** The blocks of the tensors that `isWanted`. */
export function blockOrder(
  tensors: readonly BinTensor[],
  source: WeightSource,
  isWanted: (index: number) => boolean,
): readonly RowBlock[] {
  const files = new Map<number, RowBlock[]>();
  for (const index of readingOrder(tensors, source)) {
    if (!isWanted(index)) continue;
    const tensor = tensors[index]!;
    // The tables of v0 come from no source.
    const file = isRopeTable(tensor) ? 0 : (source.fileOf?.(tensor) ?? 0);
    if (!files.has(file)) files.set(file, []);
    files.get(file)!.push(...rowBlocks(tensor, index, source));
  }
  const lists = [...files.values()];
  const order: RowBlock[] = [];
  for (let i = 0; i < lists.length; i += 2) order.push(...inTurns(lists[i]!, lists[i + 1] ?? []));
  return order;
}

/** Both lists come to their ends together, however long they are. */
function* inTurns<T>(first: readonly T[], second: readonly T[]): Generator<T> {
  for (let i = 0, j = 0; i < first.length || j < second.length; ) {
    const isFirstBehind = i * second.length <= j * first.length;
    if (j === second.length || (isFirstBehind && i < first.length)) yield first[i++]!;
    else yield second[j++]!;
  }
}
