// Breaks lines at words, for help screens and notices. A word is never broken where a letter follows a letter.

import { stripVTControlCharacters } from 'node:util';
import { textWidth } from './text-width.js';

/** Where a word that is wider than a line may break: after these. */
const SEAMS = /(?<=[|/,:]|^--[\w-]+=)/;
/** A word with the spaces before it; a number keeps its percent sign. */
const WORDS = /( *)([^ ]+(?: %[^ ]*)?)/g;

/**
 * Lines of at most `width` columns where words allow it. Lines after the first begin as the first does, with `hang` more
 * spaces.
 */
export function wrapWords(text: string, width: number, { hang = 0 } = {}): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, hang))
    .join('\n');
}

function wrapLine(line: string, width: number, hang: number): string {
  if (shownWidth(line) <= width) return line;
  const indent = /^ */.exec(line)![0];
  const later = indent + ' '.repeat(hang);
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  const add = (piece: string, space: string): void => {
    if (!isEmpty && shownWidth(current + space + piece) > width) {
      lines.push(current);
      current = later;
      isEmpty = true;
    }
    current += (isEmpty ? '' : space) + piece;
    isEmpty = false;
  };
  for (const [, space, word] of line.slice(indent.length).matchAll(WORDS)) {
    const pieces = shownWidth(later + word!) > width ? word!.split(SEAMS) : [word!];
    for (const [i, piece] of pieces.entries()) add(piece, i === 0 ? space! : '');
  }
  return [...lines, current].join('\n');
}

function shownWidth(text: string): number {
  return textWidth(stripVTControlCharacters(text));
}
