// Byte-pair encoding of one piece: merges neighbours, best rank first and leftmost among equals, until none merge.
//
// Tokens form a linked list; candidate merges wait in a heap, keyed by rank and position. A merge makes at most two
// new candidates, so a piece of n bytes costs O(n log n) whatever it holds.

import type { MergeTable } from './merge-table.js';

/** Ranks and positions share one exact double: rank × 2^31 + position. */
const POSITIONS = 2 ** 31;
/** Ranks below this keep the key under 2^53. */
export const MAX_RANKS = 2 ** 22;
/** Buffers for pieces up to this many bytes are kept; longer pieces, which are rare, get their own. */
const KEPT_BYTES = 1024;

const kept = createScratch(KEPT_BYTES);

/** Appends the tokens of `bytes[0..length)` to `output`. `byteIds`: (256) token of each byte. */
export function mergeBytes(
  bytes: Uint8Array,
  length: number,
  byteIds: Int32Array,
  merges: MergeTable,
  output: number[],
): void {
  const { ids, next, previous, ranks, heap } = length <= KEPT_BYTES ? kept : createScratch(length);
  for (let i = 0; i < length; i++) {
    ids[i] = byteIds[bytes[i]!]!;
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  let heapSize = 0;
  for (let i = 0; i < length; i++) {
    ranks[i] = i + 1 < length ? merges.rank(ids[i]!, ids[i + 1]!) : -1;
    if (ranks[i]! >= 0) siftUp(heap, heapSize++, ranks[i]! * POSITIONS + i);
  }

  while (heapSize > 0) {
    const key = heap[0]!;
    siftDown(heap, --heapSize, heap[heapSize]!);
    const rank = Math.floor(key / POSITIONS);
    const left = key - rank * POSITIONS;
    // The pair may have changed or been removed since it was queued.
    if (ranks[left] !== rank) continue;

    const right = next[left]!;
    const after = next[right]!;
    ids[left] = merges.product(rank);
    ranks[right] = -1;
    next[left] = after;
    ranks[left] = -1;
    if (after < length) {
      previous[after] = left;
      ranks[left] = merges.rank(ids[left]!, ids[after]!);
      if (ranks[left]! >= 0) siftUp(heap, heapSize++, ranks[left]! * POSITIONS + left);
    }
    const before = previous[left]!;
    if (before >= 0) {
      ranks[before] = merges.rank(ids[before]!, ids[left]!);
      if (ranks[before]! >= 0) siftUp(heap, heapSize++, ranks[before]! * POSITIONS + before);
    }
  }
  for (let i = 0; i < length; i = next[i]!) output.push(ids[i]!);
}

function createScratch(length: number) {
  return {
    // (length) per byte position: the token that starts there, its neighbours, and its rank with the next one or −1
    ids: new Int32Array(length),
    next: new Int32Array(length),
    previous: new Int32Array(length),
    ranks: new Int32Array(length),
    // (2 × length) a merge takes one candidate out and puts two in at most
    heap: new Float64Array(2 * length),
  };
}

function siftUp(heap: Float64Array, from: number, key: number): void {
  let i = from;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent]! <= key) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = key;
}

/** Puts a key in at the root of a heap of this size. */
function siftDown(heap: Float64Array, size: number, key: number): void {
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= size) break;
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= key) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = key;
}
