// Counts what a template does, so that a template from a stranger ends. Counts, never the clock: the same template and
// conversation end the same way on every machine.

import { fault } from './errors.js';

/** What one rendering may do. */
export interface Budget {
  /** A step is an operation of the template, or 64 characters read by one. */
  readonly steps: number;
  /** Characters of the strings that are made, and what else is made at its size in memory. */
  readonly characters: number;
}

/**
 * Steps and characters that every template has, and what each character of the conversation adds. The largest take
 * about 1 s and 100 MB (docs/chat.md); Llama 3.2's template takes 60 steps and three times the characters of a message.
 */
const STEPS = 1_500_000;
const STEPS_PER_CHARACTER = 1;
const CHARACTERS = 8_000_000;
const CHARACTERS_PER_CHARACTER = 8;
/** A step of reading. */
const CHARACTERS_PER_STEP = 64;
/** Calls of macros within each other, by the depth of their bodies: bounds the JavaScript stack. */
const MAX_DEPTH = 1_200;
/** Lists within lists, generators over generators. */
export const MAX_NESTING = 200;

let stepsLeft = 0;
let charactersLeft = 0;
let budget: Budget = { steps: 0, characters: 0 };
let depth = 0;

/** @param nCharacters of the conversation and the template */
export function budgetFor(nCharacters: number): Budget {
  return {
    steps: STEPS + STEPS_PER_CHARACTER * nCharacters,
    characters: CHARACTERS + CHARACTERS_PER_CHARACTER * nCharacters,
  };
}

/** Runs a rendering within a budget. Renderings neither overlap nor nest. */
export function withBudget<T>(given: Budget, run: () => T): T {
  budget = given;
  stepsLeft = given.steps;
  charactersLeft = given.characters;
  depth = 0;
  return run();
}

/** What the last rendering took. */
export function spent(): Budget {
  return { steps: budget.steps - stepsLeft, characters: budget.characters - charactersLeft };
}

export function step(count = 1): void {
  stepsLeft -= count;
  if (stepsLeft < 0)
    fault('Limit', `it takes more than ${budget.steps} steps, which is the most for this conversation`);
}

/** Reading a string or a list from one end to the other. */
export function read(length: number): void {
  step(1 + Math.floor(length / CHARACTERS_PER_STEP));
}

/** Looking at a string character by character, which takes longer. */
export function scan(length: number): void {
  step(length / 8);
}

/** Putting a string together anew, character by character. */
export function rebuild(length: number): void {
  scan(length);
  make(8 * length);
}

/** Something of a size is about to be made. */
export function make(size: number): void {
  charactersLeft -= size;
  if (!(charactersLeft >= 0)) {
    fault('Limit', `it makes more than ${budget.characters} characters, which is the most for this conversation`);
  }
}

/** Runs something that may call itself. */
export function nested<T>(levels: number, run: () => T): T {
  depth += levels;
  try {
    if (depth > MAX_DEPTH) fault('Limit', 'it calls macros or loops too deep within each other');
    return run();
  } finally {
    depth -= levels;
  }
}

export function checkNesting(level: number): void {
  if (level > MAX_NESTING) fault('Limit', `it nests values more than ${MAX_NESTING} deep`);
}
