// Characters that Python counts as white space and as the end of a line; JavaScript's sets are different.

import { scan } from './meter.js';

/** Python's `str.isspace`: U+001C to U+001F and U+0085 are, U+FEFF is not. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
export const SPACES = new RegExp(`[${SPACE}]+`, 'g');
const ONE_SPACE = new RegExp(`[${SPACE}]`);

export function isSpace(character: string): boolean {
  return ONE_SPACE.test(character);
}

/** UTF-16 positions of a text without white space, or without the characters given, at its ends. */
export function stripped(
  text: string,
  isStripped: (character: string) => boolean = isSpace,
): { start: number; end: number } {
  const start = lengthStripped(text, isStripped);
  const end = endStripped(text, isStripped, start);
  scan(start + text.length - end);
  return { start, end };
}

export function lengthStripped(text: string, isStripped: (character: string) => boolean): number {
  let start = 0;
  while (start < text.length) {
    const character = String.fromCodePoint(text.codePointAt(start)!);
    if (!isStripped(character)) break;
    start += character.length;
  }
  return start;
}

function endStripped(text: string, isStripped: (character: string) => boolean, start = 0): number {
  let end = text.length;
  while (end > start) {
    const isPair =
      end - start > 1 &&
      (text.charCodeAt(end - 1) & 0xfc00) === 0xdc00 &&
      (text.charCodeAt(end - 2) & 0xfc00) === 0xd800;
    const width = isPair ? 2 : 1;
    if (!isStripped(text.slice(end - width, end))) break;
    end -= width;
  }
  return end;
}

const LINE_END = /\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/g;

/** Ends of the lines of a text, without and with what ends them. */
export function* lineEnds(text: string): Generator<{ end: number; next: number }> {
  let start = 0;
  for (const match of text.matchAll(LINE_END)) {
    start = match.index + match[0].length;
    yield { end: match.index, next: start };
  }
  if (start < text.length) yield { end: text.length, next: text.length };
}
