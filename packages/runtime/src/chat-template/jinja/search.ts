// Searches strings for others in time that grows with their lengths alone: JavaScript's own search takes their product
// for some, such as many a's for a b and many a's.

import { count, make } from './meter.js';

/** JavaScript's own search is fast for needles of this length. */
const MAX_SHORT = 16;

/** Finds the places of one string in another, one after the other. */
export interface Search {
  /** The first place at or after a position; −1 for none. */
  next(from: number): number;
}

/** How much longer a character takes at worst than where a single one is searched for. */
const SLOWNESS = 8;

/** From left to right. @throws TemplateFault Limit */
export function searchFor(wanted: string, text: string): Search {
  count(SLOWNESS * wanted.length + text.length * (wanted.length <= 1 ? 1 : SLOWNESS));
  if (wanted.length <= MAX_SHORT) return { next: (from) => text.indexOf(wanted, from) };
  const search = createMatcher(wanted.length, (i) => wanted.charCodeAt(i));
  return { next: (from) => search(text.length, from, (i) => text.charCodeAt(i)) };
}

export function indexOf(text: string, wanted: string): number {
  return searchFor(wanted, text).next(0);
}

export function lastIndexOf(text: string, wanted: string): number {
  const search = searchBackwards(wanted, text);
  return search.next(text.length);
}

/** From right to left: `next(end)` is the last place of the wanted string that ends at `end` or before. */
export function searchBackwards(wanted: string, text: string): Search {
  const { length } = text;
  const nWanted = wanted.length;
  count(SLOWNESS * (length + nWanted));
  if (nWanted <= MAX_SHORT) {
    return { next: (end) => (end < nWanted ? -1 : text.lastIndexOf(wanted, end - nWanted)) };
  }
  const search = createMatcher(nWanted, (i) => wanted.charCodeAt(nWanted - 1 - i));
  return {
    next(end) {
      const at = search(length, length - end, (i) => text.charCodeAt(length - 1 - i));
      return at < 0 ? -1 : length - at - nWanted;
    },
  };
}

type Unit = (i: number) => number;

/** @see Knuth, Morris and Pratt, Fast pattern matching in strings, 1977 */
function createMatcher(n: number, wanted: Unit): (length: number, from: number, unit: Unit) => number {
  // (n): length of the longest start of the wanted string that ends at a place within it.
  make(4 * n);
  const overlaps = new Uint32Array(n);
  for (let i = 1, matched = 0; i < n; i++) {
    while (matched > 0 && wanted(i) !== wanted(matched)) matched = overlaps[matched - 1]!;
    if (wanted(i) === wanted(matched)) matched++;
    overlaps[i] = matched;
  }
  return (length, from, unit) => {
    if (n === 0) return from <= length ? from : -1;
    for (let i = from, matched = 0; i < length; i++) {
      while (matched > 0 && unit(i) !== wanted(matched)) matched = overlaps[matched - 1]!;
      if (unit(i) === wanted(matched)) matched++;
      if (matched === n) return i - n + 1;
    }
    return -1;
  };
}
