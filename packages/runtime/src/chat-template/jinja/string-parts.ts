// Cutting, joining and replacing strings as Python's methods do; every part knows where it comes from.

import { fault } from './errors.js';
import { make, scan, step } from './meter.js';
import { lineEnds, SPACES, stripped } from './python-space.js';
import { indexOf, lastIndexOf, searchBackwards, searchFor } from './search.js';
import { Text } from './text.js';
import { typeName, type Value } from './values.js';

const NO_LIMIT = -1;

/** `text.strip(chars)`, or of one side. */
export function strip(text: Text, characters: Text | null, side: 'both' | 'left' | 'right' = 'both'): Text {
  const set = characters === null ? null : new Set(characters.text);
  const { start, end } = stripped(text.text, set === null ? undefined : (character) => set.has(character));
  if (side === 'left') return text.slice(start);
  // A text of white space only becomes empty from either side.
  if (side === 'right') return text.slice(0, start === end ? 0 : end);
  return text.slice(start, end);
}

/** `text.split(separator, most)`; white space separates where none is given. */
export function split(text: Text, separator: Text | null, most = NO_LIMIT): Text[] {
  if (separator === null) return splitSpaces(text, most);
  if (separator.length === 0) return fault('ValueError', 'empty separator');
  const { text: source } = text;
  const { text: mark } = separator;
  const search = searchFor(mark, source);
  const parts: Text[] = [];
  let start = 0;
  for (let at = search.next(0); at >= 0 && parts.length !== most; at = search.next(start)) {
    step();
    parts.push(text.slice(start, at));
    start = at + mark.length;
  }
  parts.push(text.slice(start));
  return parts;
}

function splitSpaces(text: Text, most: number): Text[] {
  const { text: source } = text;
  scan(source.length);
  const parts: Text[] = [];
  let { start } = stripped(source);
  const { end } = stripped(source);
  for (const match of source.matchAll(SPACES)) {
    if (match.index < start) continue;
    if (match.index >= end || parts.length === most) break;
    step();
    parts.push(text.slice(start, match.index));
    start = match.index + match[0].length;
  }
  // If the number of parts ends the split, the last part keeps its trailing spaces.
  if (start < end) parts.push(text.slice(start, parts.length === most ? source.length : end));
  return parts;
}

/** `text.rsplit(separator, most)`. */
export function splitRight(text: Text, separator: Text | null, most = NO_LIMIT): Text[] {
  if (most < 0) return split(text, separator, NO_LIMIT);
  const parts = separator === null ? spacesFromRight(text) : separatorsFromRight(text, separator);
  const { start, end } = separator === null ? stripped(text.text) : { start: 0, end: text.length };
  const kept: Text[] = [];
  let from = end;
  for (const { at, next } of parts) {
    if (kept.length === most) break;
    step();
    kept.push(text.slice(next, from));
    from = at;
  }
  if (separator !== null) kept.push(text.slice(0, from));
  else if (from > start) kept.push(text.slice(kept.length === most ? 0 : start, from));
  return kept.reverse();
}

interface Gap {
  readonly at: number;
  readonly next: number;
}

function spacesFromRight(text: Text): Gap[] {
  const { start, end } = stripped(text.text);
  const gaps: Gap[] = [];
  scan(text.length);
  for (const match of text.text.matchAll(SPACES)) {
    step();
    make(8);
    const next = match.index + match[0].length;
    if (match.index >= start && next <= end) gaps.push({ at: match.index, next });
  }
  return start === end ? [] : [...gaps.reverse(), { at: start, next: start }];
}

function separatorsFromRight(text: Text, separator: Text): Gap[] {
  if (separator.length === 0) return fault('ValueError', 'empty separator');
  const { text: source } = text;
  const { text: mark } = separator;
  const search = searchBackwards(mark, source);
  const gaps: Gap[] = [];
  for (let at = search.next(source.length); at >= 0; at = search.next(at)) {
    step();
    make(8);
    gaps.push({ at, next: at + mark.length });
  }
  return gaps;
}

/** `text.splitlines(keepsEnds)`. */
export function splitLines(text: Text, keepsEnds = false): Text[] {
  const lines: Text[] = [];
  let start = 0;
  for (const { end, next } of lineEnds(text.text)) {
    step();
    lines.push(text.slice(start, keepsEnds ? next : end));
    start = next;
  }
  return lines;
}

/** `text.replace(old, made, most)`. */
export function replace(text: Text, old: Text, made: Text, most = NO_LIMIT): Text {
  if (most === 0) return text;
  if (old.length === 0) return replaceNothing(text, made, most);
  const parts = split(text, old, most);
  return parts.length === 1 ? text : join(made, parts);
}

/** Python puts the new text between all characters for an old one of no length. */
function replaceNothing(text: Text, made: Text, most: number): Text {
  const characters = text.characters();
  const nMade = most < 0 ? characters.length + 1 : Math.min(most, characters.length + 1);
  if (nMade === 0) return text;
  const parts: Text[] = [];
  for (let i = 0; i <= characters.length; i++) {
    if (i < nMade) parts.push(made);
    if (i < characters.length) parts.push(characters[i]!);
  }
  return Text.join(parts);
}

/** `separator.join(parts)`. */
export function join(separator: Text, parts: readonly Text[]): Text {
  if (parts.length === 0) return separator.slice(0, 0);
  if (separator.length === 0) return Text.join(parts);
  step(parts.length);
  make(separator.length * (parts.length - 1));
  return Text.join(parts.flatMap((part, i) => (i === 0 ? [part] : [separator, part])));
}

/** Items that Python's `str.join` takes. */
export function joinItems(separator: Text, items: readonly Value[]): Text {
  const parts = items.map((item, i) =>
    item instanceof Text
      ? item
      : fault('TypeError', `sequence item ${i}: expected str instance, ${typeName(item)} found`),
  );
  return join(separator, parts);
}

/** `text.partition(separator)` and `rpartition`. */
export function partition(text: Text, separator: Text, isRight: boolean): Text[] {
  if (separator.length === 0) return fault('ValueError', 'empty separator');
  const { text: mark } = separator;
  const at = isRight ? lastIndexOf(text.text, mark) : indexOf(text.text, mark);
  const nothing = text.slice(0, 0);
  if (at < 0) return isRight ? [nothing, nothing, text] : [text, nothing, nothing];
  const end = at + mark.length;
  return [text.slice(0, at), text.slice(at, end), text.slice(end)];
}

/** `text.expandtabs(size)`. */
export function expandTabs(text: Text, size: number): Text {
  const parts: Text[] = [];
  let column = 0;
  let start = 0;
  const { text: source } = text;
  for (const match of source.matchAll(/[\t\n\r]/g)) {
    step();
    const part = text.slice(start, match.index);
    column += part.nCodePoints;
    start = match.index + 1;
    if (match[0] === '\t') {
      const n = size > 0 ? size - (column % size) : 0;
      make(n);
      parts.push(part, Text.data(' '.repeat(n)));
      column += n;
    } else {
      parts.push(text.slice(start - 1 - part.length, start));
      column = 0;
    }
  }
  parts.push(text.slice(start));
  return Text.join(parts);
}
