// One byte per code point: letter, number, white space or anything else.

import { LETTERS, NUMBERS, WHITE_SPACE } from './unicode-classes.js';

export const OTHER = 0;
export const LETTER = 1;
export const NUMBER = 2;
export const SPACE = 3;

const CODE_POINTS = 0x110000;

/** (0x110000) class of each code point. */
export const classOf = buildClasses();

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(CODE_POINTS);
  fill(classes, LETTERS, LETTER);
  fill(classes, NUMBERS, NUMBER);
  fill(classes, WHITE_SPACE, SPACE);
  return classes;
}

function fill(classes: Uint8Array, ranges: string, value: number): void {
  let position = 0;
  let taken = false;
  for (const number of ranges.split(',')) {
    const end = position + Number.parseInt(number, 36);
    if (taken) classes.fill(value, position, end);
    position = end;
    taken = !taken;
  }
}
