// How characters are spelled in bytes: as UTF-8, or as UTF-8 within a JSON string.

import { type CodePoints, complement, intersect } from '../regex/code-points.js';

/** Bytes in a row, each out of a range: one spelling of each of some characters. */
export type ByteRanges = readonly (readonly [first: number, last: number])[];

/** Spellings of a set of characters, each character in one of them and once. */
export type Spelling = (set: CodePoints) => readonly ByteRanges[];

/** Last code points of one, two, three and four bytes in UTF-8. */
const UTF8_STEPS = [0x7f, 0x7ff, 0xffff, 0x10ffff];
const FIRST_BYTE_MARKS = [0, 0xc0, 0xe0, 0xf0];

/** Characters that JSON.stringify escapes, and its short escapes. */
const ESCAPED: CodePoints = [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
];
const NOT_ESCAPED = complement(ESCAPED);

/** UTF-8. */
export function spellUtf8(set: CodePoints): readonly ByteRanges[] {
  return set.flatMap(([first, last]) => splitByLength(first, last));
}

/** Characters as JSON.stringify spells them between quotes: one spelling each, so that equal texts have equal bytes. */
export function spellJson(set: CodePoints): readonly ByteRanges[] {
  const escapes = intersect(set, ESCAPED).flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => spellEscape(first + i)),
  );
  return [...spellUtf8(intersect(set, NOT_ESCAPED)), ...escapes];
}

function spellEscape(code: number): ByteRanges {
  const text = JSON.stringify(String.fromCodePoint(code)).slice(1, -1);
  return [...new TextEncoder().encode(text)].map((byte): [number, number] => [byte, byte]);
}

function splitByLength(first: number, last: number): ByteRanges[] {
  const found: ByteRanges[] = [];
  let start = first;
  for (const [nFollowing, end] of UTF8_STEPS.entries()) {
    if (start > last) break;
    if (start > end) continue;
    found.push(...splitRange(start, Math.min(last, end), nFollowing, FIRST_BYTE_MARKS[nFollowing]!));
    start = end + 1;
  }
  return found;
}

/**
 * Splits a range where its following bytes do not run through all of their values.
 *
 * @see Russ Cox, "Regular Expression Matching in the Wild", 2010, on UTF-8 automata
 */
function splitRange(first: number, last: number, nFollowing: number, mark: number): ByteRanges[] {
  if (nFollowing === 0) return [[[mark | first, mark | last]]];
  const unit = 64 ** nFollowing;
  const low = Math.floor(first / unit);
  const high = Math.floor(last / unit);
  if (low === high) return prefixed(low, low, first % unit, last % unit);
  const isLowWhole = first % unit === 0;
  const isHighWhole = last % unit === unit - 1;
  const parts: ByteRanges[] = [];
  if (!isLowWhole) parts.push(...prefixed(low, low, first % unit, unit - 1));
  const from = isLowWhole ? low : low + 1;
  const to = isHighWhole ? high : high - 1;
  if (from <= to) parts.push(...prefixed(from, to, 0, unit - 1));
  if (!isHighWhole) parts.push(...prefixed(high, high, 0, last % unit));
  return parts;

  function prefixed(from: number, to: number, restFirst: number, restLast: number): ByteRanges[] {
    const rest = splitRange(restFirst, restLast, nFollowing - 1, 0x80);
    return rest.map((ranges): ByteRanges => [[mark | from, mark | to], ...ranges]);
  }
}
