// Wraps streamed text at words. A word is held back until it ends, so that nothing is ever drawn twice.

import { characterWidth } from './text-width.js';

/** Text on its way to a terminal. */
export interface TextWrapper {
  push(text: string): void;
  /** Shows what is held back. */
  end(): void;
}

/** Where wrapped text goes. */
export interface WrapOptions {
  /** The terminal's width, asked for at each word; 0 or undefined where it is not known, and nothing is wrapped. */
  readonly columns: () => number | undefined;
  readonly write: (text: string) => void;
}

const TAB_COLUMNS = 8;

export function createTextWrapper({ columns, write }: WrapOptions): TextWrapper {
  let out = '';
  let column = 0;
  let space = '';
  let spaceWidth = 0;
  let word = '';
  let wordWidth = 0;

  return {
    push(text) {
      for (const character of text) add(character);
      flush();
    },
    end() {
      place();
      placeSpace();
      flush();
    },
  };

  function add(character: string): void {
    if (character === '\n') {
      place();
      placeSpace();
      breakLine();
    } else if (character === ' ' || character === '\t') {
      place();
      space += character;
      spaceWidth += character === '\t' ? TAB_COLUMNS - ((column + spaceWidth) % TAB_COLUMNS) : 1;
    } else {
      const width = characterWidth(character);
      // Between squares, as in Chinese, a line may break anywhere; so it may in a word that is wider than a line.
      if (width === 2 || wordWidth + width > lineWidth()) place();
      word += character;
      wordWidth += width;
      if (width === 2) place();
    }
  }

  /** Puts the word where it fits: here, or on the next line without the space before it. */
  function place(): void {
    if (word === '') return;
    if (column + spaceWidth > 0 && column + spaceWidth + wordWidth > lineWidth()) breakLine();
    out += space + word;
    column += spaceWidth + wordWidth;
    space = '';
    spaceWidth = 0;
    word = '';
    wordWidth = 0;
  }

  /** Writes a space that no word follows, unless it would be past the edge and begin a line. */
  function placeSpace(): void {
    if (column + spaceWidth > lineWidth()) return;
    out += space;
    column += spaceWidth;
    space = '';
    spaceWidth = 0;
  }

  function breakLine(): void {
    out += '\n';
    column = 0;
    space = '';
    spaceWidth = 0;
  }

  function lineWidth(): number {
    return columns() || Number.POSITIVE_INFINITY;
  }

  function flush(): void {
    if (out !== '') write(out);
    out = '';
  }
}
