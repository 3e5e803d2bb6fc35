// The caches and rows of segments: what stays the same from pass to pass while sequences decode and their positions grow.
import type { KeyValueCache, Segment } from './kernels.js';

/** The caches and rows of some segments; it does not keep the caches alive. */
export interface SegmentShape {
  /** Whether these segments have the same caches and rows, in the same order. Positions may differ. */
  matches(segments: readonly Segment[]): boolean;
}

/** The shape of some segments. */
export function segmentShape(segments: readonly Segment[]): SegmentShape {
  const expected = segments.map(({ cache, row, nRows }) => ({ cache: new WeakRef<KeyValueCache>(cache), row, nRows }));
  return {
    matches: (others) =>
      others.length === expected.length &&
      others.every(({ cache, row, nRows }, i) => {
        const own = expected[i]!;
        return own.cache.deref() === cache && own.row === row && own.nRows === nRows;
      }),
  };
}
