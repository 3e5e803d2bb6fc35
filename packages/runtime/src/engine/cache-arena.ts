// Memory for the key/value caches of many sequences: whole contexts, allocated on demand and lent in parts.

import type { KeyValueCache } from '@llama-ts/kernels';
import { partOfCache } from '../pass/key-value-cache.js';

/** Lends caches. Their contents are those of earlier sequences: a pass reads only positions of its own sequence. */
export interface CacheArena {
  /** A cache of that many positions, at most those of a whole context; null while no gap is long enough. */
  take(positions: number): KeyValueCache | null;
  /** Gives a cache back. */
  give(cache: KeyValueCache): void;
}

interface Context {
  readonly whole: KeyValueCache;
  /** Lent parts, ordered by start. */
  parts: readonly LentRange[];
}

/** Lent positions of a context. */
interface LentRange {
  readonly start: number;
  readonly end: number;
  readonly cache: KeyValueCache;
}

/** An arena of at most `maxContexts` caches of `createCache`, fewer where memory runs out. */
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

  /** Another context; null where memory runs out. */
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

/** Takes the lowest gap that is long enough: memory that was never touched costs nothing. */
function takePart(context: Context, positions: number): KeyValueCache | null {
  const { whole, parts } = context;
  let start = 0;
  let index = 0;
  while (index < parts.length && start + positions > parts[index]!.start) start = parts[index++]!.end;
  const end = start + positions;
  if (end > whole.seqLen) return null;
  const cache = partOfCache(whole, start, positions);
  context.parts = parts.toSpliced(index, 0, { start, end, cache });
  return cache;
}
