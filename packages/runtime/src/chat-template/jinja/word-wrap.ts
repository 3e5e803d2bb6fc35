// The filter `wordwrap`: Python's textwrap, line by line.

import { fault } from './errors.js';
import { make, step } from './meter.js';
import { join, splitLines } from './string-parts.js';
import type { Text } from './text.js';
import { Text as PythonText } from './text.js';

export interface WrapOptions {
  readonly width: number;
  readonly breaksLongWords: boolean;
  readonly breaksOnHyphens: boolean;
  /** The text between two lines. */
  readonly mark: Text;
}

const SPACE = '[\\t\\n\\v\\f\\r ]';
const WORD_LETTER = '[\\p{L}\\p{N}_]';
const NO_DIGIT = '(?:(?!\\p{Nd})[\\p{L}\\p{N}_])';
/** @see CPython, Lib/textwrap.py, wordsep_re */
const WITH_HYPHENS = new RegExp(
  `(${SPACE}+|(?<=[\\p{L}\\p{N}_!"'&.,?])-{2,}(?=[\\p{L}\\p{N}_])|` +
    `[^\\t\\n\\v\\f\\r ]+?(?:-(?:(?<=${NO_DIGIT}{2}-)|(?<=${NO_DIGIT}-${WORD_LETTER}-))(?=${NO_DIGIT}-?${NO_DIGIT})|(?=${SPACE}|$)|` +
    `(?<=[\\p{L}\\p{N}_!"'&.,?])(?=-{2,}[\\p{L}\\p{N}_])))`,
  'u',
);
const PLAIN = new RegExp(`(${SPACE}+)`, 'u');
/** The pattern looks ahead and back at every position. */
const STEPS_PER_CHARACTER = 2;

export function wordWrap(text: Text, options: WrapOptions): Text {
  const { mark, width } = options;
  const lines = splitLines(text).map((line) => join(mark, wrapLine(line.text, width, options)));
  return join(mark, lines);
}

function wrapLine(line: string, width: number, { breaksLongWords, breaksOnHyphens }: WrapOptions): Text[] {
  if (width <= 0) return fault('ValueError', `invalid width ${width} (must be > 0)`);
  step(line.length * STEPS_PER_CHARACTER);
  make(4 * line.length);
  const chunks = line
    .split(breaksOnHyphens ? WITH_HYPHENS : PLAIN)
    .filter((chunk) => chunk !== '')
    .reverse();
  const lines: string[] = [];
  const isBlank = (chunk: string | undefined) => chunk !== undefined && chunk.trim() === '';
  while (chunks.length > 0) {
    step();
    const current: string[] = [];
    let length = 0;
    if (isBlank(chunks.at(-1)) && lines.length > 0) chunks.pop();
    while (chunks.length > 0 && length + lengthOf(chunks.at(-1)!) <= width) {
      const chunk = chunks.pop()!;
      current.push(chunk);
      length += lengthOf(chunk);
    }
    if (chunks.length > 0 && lengthOf(chunks.at(-1)!) > width)
      length += handleLong(chunks, current, length, width, { breaksLongWords, breaksOnHyphens });
    if (isBlank(current.at(-1))) current.pop();
    if (current.length > 0) lines.push(current.join(''));
  }
  return lines.map((made) => PythonText.data(made));
}

function lengthOf(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

/** Cuts a word that is longer than a line. */
function handleLong(
  chunks: string[],
  current: string[],
  length: number,
  width: number,
  { breaksLongWords, breaksOnHyphens }: Pick<WrapOptions, 'breaksLongWords' | 'breaksOnHyphens'>,
): number {
  const room = width < 1 ? 1 : width - length;
  if (breaksLongWords) {
    const characters = Array.from(chunks.pop()!);
    step(characters.length);
    const head = characters.slice(0, room);
    const hyphen = breaksOnHyphens && characters.length > room ? head.lastIndexOf('-') : -1;
    const end = hyphen > 0 && head.slice(0, hyphen).some((c) => c !== '-') ? hyphen + 1 : room;
    current.push(characters.slice(0, end).join(''));
    chunks.push(characters.slice(end).join(''));
    if (chunks.at(-1) === '') chunks.pop();
    return end;
  }
  if (current.length === 0) current.push(chunks.pop()!);
  return 0;
}
