// Says which characters are part of a word, which an added token that is a single word must not touch.

import { WORD_CHARACTERS } from './unicode-words.js';

/** Code points where runs of word characters alternately begin and end; made on first use, since few tokenizers need it. */
let bounds: readonly number[] | undefined;

export function isWordCharacter(codePoint: number): boolean {
  bounds ??= readBounds();
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle]! <= codePoint) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

function readBounds(): number[] {
  let position = 0;
  return WORD_CHARACTERS.split(',').map((number) => {
    position += Number.parseInt(number, 36);
    return position;
  });
}
