// Sets of Unicode code points, surrogates left out: they are no characters.

/** Ascending ranges `[first, last]` that neither touch nor overlap. */
export type CodePoints = readonly (readonly [first: number, last: number])[];

const LAST = 0x10ffff;
const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

/** Every character. */
export const anyCodePoint: CodePoints = [
  [0, FIRST_SURROGATE - 1],
  [LAST_SURROGATE + 1, LAST],
];

/** Puts ranges in order and joins them. */
export function codePoints(ranges: CodePoints): CodePoints {
  const joined: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = joined.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else joined.push([first, last]);
  }
  return intersect(joined, anyCodePoint);
}

/** Characters that are in both. */
export function intersect(a: CodePoints, b: CodePoints): CodePoints {
  return a.flatMap(([first, last]) =>
    b
      .filter((range) => range[0] <= last && range[1] >= first)
      .map((range): [number, number] => [Math.max(first, range[0]), Math.min(last, range[1])]),
  );
}

/** Characters that are not in it. */
export function complement(set: CodePoints): CodePoints {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST) gaps.push([next, LAST]);
  return intersect(gaps, anyCodePoint);
}
