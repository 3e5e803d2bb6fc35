// Cuts text into the pieces that Llama 3's split pattern matches, by hand:
//
//   (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,3} | ?[^\s\p{L}\p{N}]+[\r\n]*
//   | \s*[\r\n]+ | \s+(?!\S) | \s+
//
// The first alternative that matches wins, as in a backtracking engine; between them they match any character,
// so pieces follow one another without a gap. Each branch below names the alternative it stands for.

import { classOf, LETTER, NUMBER, OTHER, SPACE } from './character-classes.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
const APOSTROPHE = 0x27;
const LONG_S = 0x17f;

/**
 * The pieces that a text is cut into before it is encoded; joined, they are the text.
 *
 * @example splitLlama3("It's 2024!"); // ['It', "'s", ' ', '202', '4', '!']
 */
export function splitLlama3(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = pieceEnd(text, start);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

/** End, in UTF-16 units, of the piece that starts at `start`. The text holds no lone surrogate. */
export function pieceEnd(text: string, start: number): number {
  const first = text.codePointAt(start)!;
  const second = start + unitsOf(first);
  const firstClass = classOf[first]!;

  if (first === APOSTROPHE) {
    const length = contractionLength(text, second);
    if (length > 0) return second + length;
  }
  // [^\r\n\p{L}\p{N}]?\p{L}+
  if (firstClass === LETTER) return runEnd(text, second, LETTER);
  // \p{N}{1,3}
  if (firstClass === NUMBER) return numberEnd(text, second);
  if (!isNewline(first) && classAt(text, second) === LETTER) return runEnd(text, second, LETTER);
  //  ?[^\s\p{L}\p{N}]+[\r\n]*
  if (firstClass === OTHER || (first === BLANK && classAt(text, second) === OTHER)) {
    let end = runEnd(text, second, OTHER);
    while (isNewline(text.charCodeAt(end))) end++;
    return end;
  }
  return whiteSpaceEnd(text, start);
}

/** UTF-16 units after the apostrophe that make a contraction, or 0. Only `s` has a folding outside ASCII: `ſ`. */
function contractionLength(text: string, start: number): number {
  const first = lowerCase(text.charCodeAt(start));
  const second = lowerCase(text.charCodeAt(start + 1));
  switch (first) {
    case 0x73: // s
    case LONG_S:
    case 0x74: // t
    case 0x6d: // m
    case 0x64: // d
      return 1;
    case 0x72: // re
    case 0x76: // ve
      return second === 0x65 ? 2 : 0;
    case 0x6c: // ll
      return second === 0x6c ? 2 : 0;
    default:
      return 0;
  }
}

function lowerCase(unit: number): number {
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;
}

/** All white space is in the basic plane, so units and characters are the same here. */
function whiteSpaceEnd(text: string, start: number): number {
  let end = start;
  let newlineEnd = start;
  while (classAt(text, end) === SPACE) {
    if (isNewline(text.charCodeAt(end++))) newlineEnd = end;
  }
  // \s*[\r\n]+ gives back characters until a newline is last.
  if (newlineEnd > start) return newlineEnd;
  // \s+(?!\S) gives back the one before a visible character; \s+ takes a single one.
  return end === text.length || end === start + 1 ? end : end - 1;
}

function numberEnd(text: string, second: number): number {
  let end = second;
  for (let digits = 1; digits < 3 && classAt(text, end) === NUMBER; digits++) end += unitsOf(text.codePointAt(end)!);
  return end;
}

function runEnd(text: string, start: number, wanted: number): number {
  let end = start;
  while (classAt(text, end) === wanted) end += unitsOf(text.codePointAt(end)!);
  return end;
}

/** Class of the character at a position; undefined at the end of the text. */
function classAt(text: string, position: number): number | undefined {
  const code = text.codePointAt(position);
  return code === undefined ? undefined : classOf[code];
}

function unitsOf(code: number): number {
  return code > 0xffff ? 2 : 1;
}

function isNewline(code: number): boolean {
  return code === LINE_FEED || code === CARRIAGE_RETURN;
}
