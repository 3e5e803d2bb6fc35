// Which caches and rows segments have: what stays while sequences answer and their positions move on.
import type { KeyValueCache, Segment } from './kernels.js';

/** Holds caches weakly. */
export interface SegmentShape {
  /** Whether these are segments of the same caches and rows, in the same order, at whatever positions. */
  matches(segments: readonly Segment[]): boolean;
}

/** The shape of some segments. */
export function segmentShape(segments: readonly Segment[]): SegmentShape {
  const parts = segments.map(({ cache, row, nRows }) => ({ cache: new WeakRef<KeyValueCache>(cache), row, nRows }));
  return {
    matches: (others) =>
      others.length === parts.length &&
      others.every(({ cache, row, nRows }, i) => {
        const part = parts[i]!;
        return part.cache.deref() === cache && part.row === row && part.nRows === nRows;
      }),
  };
}
