// Copies keys and values of consecutive positions from one cache to another, bit for bit.

import type { KeyValueCache } from '@llama-ts/kernels';

/** A position of a cache. */
export interface CachePosition {
  readonly cache: KeyValueCache;
  readonly position: number;
}

/** Copies `n` positions. Both caches are of one model and one element type, and no pass runs. */
export function copyPositions(from: CachePosition, to: CachePosition, n: number): void {
  const { nLayers, nKvHeads, headDim } = from.cache;
  for (let head = 0; head < nLayers * nKvHeads; head++) {
    const source = (head * from.cache.seqLen + from.position) * headDim;
    const target = (head * to.cache.seqLen + to.position) * headDim;
    to.cache.keys.set(from.cache.keys.subarray(source, source + n * headDim), target);
    to.cache.values.set(from.cache.values.subarray(source, source + n * headDim), target);
  }
}
