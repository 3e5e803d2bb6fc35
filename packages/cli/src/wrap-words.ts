// Breaks lines at words, for help screens and notices. A word is never broken where a letter follows a letter.

import { stripVTControlCharacters } from 'node:util';
import { textWidth } from './text-width.js';

/** Where a word that is wider than a line may break: after these. */
const SEAMS = /(?<=[|/,=:])/;

/**
 * Lines of at most `width` columns where words allow it. Lines after the first begin as the first does, with `hang` more
 * spaces; `ending` stands at the end of each line that goes on.
 */
export function wrapWords(text: string, width: number, { hang = 0, ending = '' } = {}): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, hang, ending))
    .join('\n');
}

function wrapLine(line: string, width: number, hang: number, ending: string): string {
  if (shownWidth(line) <= width) return line;
  const indent = /^ */.exec(line)![0];
  const later = indent + ' '.repeat(hang);
  const room = width - shownWidth(ending);
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  const add = (piece: string, space: string): void => {
    if (!isEmpty && shownWidth(current + space + piece) > room) {
      lines.push(current);
      current = later;
      isEmpty = true;
    }
    current += (isEmpty ? '' : space) + piece;
    isEmpty = false;
  };
  for (const [, space, word] of line.slice(indent.length).matchAll(/( *)([^ ]+)/g)) {
    const pieces = shownWidth(later + word!) > room ? word!.split(SEAMS) : [word!];
    for (const [i, piece] of pieces.entries()) add(piece, i === 0 ? space! : '');
  }
  return [...lines.map((done) => done + ending), current].join('\n');
}

function shownWidth(text: string): number {
  return textWidth(stripVTControlCharacters(text));
}
