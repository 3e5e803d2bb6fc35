// Room for the key/value caches of many sequences, in whole contexts that are made on demand and lent in parts.

import type { KeyValueCache } from '@llama-ts/kernels';

/** Lends caches. Contents are whatever the last sequence left: a pass reads only positions it wrote. */
export interface CacheArena {
  /** A cache of so many positions, at most a whole context's; null while there is no room for it in one piece. */
  take(positions: number): KeyValueCache | null;
  /** Gives a cache back. */
  give(cache: KeyValueCache): void;
}

interface Context {
  readonly whole: KeyValueCache;
  /** Parts that are lent, in order of their starts. */
  parts: readonly Part[];
}

/** Positions of a context. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly cache: KeyValueCache;
}

/** An arena of at most `maxContexts` caches that `createCache` makes, or of as many as there is memory for. */
export function createCacheArena(maxContexts: number, createCache: () => KeyValueCache): CacheArena {
  const contexts: Context[] = [];
  let most = maxContexts;

  return {
    take(positions) {
      for (const context of contexts) {
        const cache = takePart(context, positions);
        if (cache !== null) return cache;
      }
      if (contexts.length === most) return null;
      const whole = createNext();
      if (whole === null) return null;
      const context: Context = { whole, parts: [] };
      contexts.push(context);
      return takePart(context, positions);
    },
    give(cache) {
      for (const context of contexts) context.parts = context.parts.filter((part) => part.cache !== cache);
    },
  };

  /** Another context; null where there is no memory for more than there are. */
  function createNext(): KeyValueCache | null {
    try {
      return createCache();
    } catch (error) {
      if (contexts.length === 0) throw error;
      most = contexts.length;
      return null;
    }
  }
}

/** The lowest gap that is long enough: memory never touched costs nothing. */
function takePart(context: Context, positions: number): KeyValueCache | null {
  const { whole, parts } = context;
  let start = 0;
  let index = 0;
  while (index < parts.length && start + positions > parts[index]!.start) start = parts[index++]!.end;
  const end = start + positions;
  if (end > whole.seqLen) return null;
  const width = whole.nLayers * whole.nKvHeads * whole.headDim;
  const cache: KeyValueCache = {
    ...whole,
    seqLen: positions,
    keys: whole.keys.subarray(start * width, end * width),
    values: whole.values.subarray(start * width, end * width),
  };
  context.parts = parts.toSpliced(index, 0, { start, end, cache });
  return cache;
}
