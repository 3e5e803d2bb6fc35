// Counts what a template does, so that a template from a stranger ends. Counts, never the clock: the same template and
// conversation end the same way on every machine.

import { fault } from './errors.js';

/** The budget of one rendering. */
export interface Budget {
  /** A step is a statement, an expression or a round of a loop, or 64 characters read: 200 ns or less. */
  readonly steps: number;
  /** Characters of the strings that are made, and what else is made at its size in memory. */
  readonly characters: number;
}

/**
 * Steps and characters that every template has, what each character of the conversation adds (keys and items of its lists
 * count too), and the most of both. The templates of the families of Llama 3 in test/51-chat-template take up to 130 steps and
 * 1,300 characters for a message of 10 characters, up to 510 steps for a tool, and 0.3 steps and 8 characters for each further
 * character. The least budget takes about half a second and 150 MB (scripts/fuzz/fuzz-costs.mjs measures it), the largest, that of
 * 5 MB of conversation and more, under two seconds and 500 MB: a Ctrl-C, which is seen when a rendering ends, is not held up for longer.
 */
const STEPS = 1_000_000;
const STEPS_PER_CHARACTER = 3;
const MAX_STEPS = 10_000_000;
const CHARACTERS = 8_000_000;
const CHARACTERS_PER_CHARACTER = 16;
const MAX_CHARACTERS = 80_000_000;
/** A step of reading. */
const CHARACTERS_PER_STEP = 64;
/** The cost of a caught Python exception: JavaScript records the stack of each. */
const CATCH_STEPS = 120;
/** Calls of macros within each other, by the depth of their bodies: bounds the JavaScript stack. */
const MAX_DEPTH = 1_200;
/** Lists within lists, generators over generators. */
const MAX_NESTING = 200;

let stepsLeft = 0;
let charactersLeft = 0;
let budget: Budget = { steps: 0, characters: 0 };
let depth = 0;

/** @param nCharacters of the conversation */
export function budgetFor(nCharacters: number): Budget {
  return {
    steps: Math.min(STEPS + STEPS_PER_CHARACTER * nCharacters, MAX_STEPS),
    characters: Math.min(CHARACTERS + CHARACTERS_PER_CHARACTER * nCharacters, MAX_CHARACTERS),
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

/** The budget that the last rendering used. */
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

/** Counting the code points of a string, or searching it for another. */
export function count(length: number): void {
  step(1 + length / 32);
}

/** Looking at a string character by character, which takes longer. */
export function scan(length: number): void {
  step(length / 4);
}

/** Asking of every character which class it is of, or for its other case: a regular expression each. */
export function classify(length: number): void {
  step(length);
}

/** An exception of Python's is caught. */
export function caught(): void {
  step(CATCH_STEPS);
}

/** Putting a string together anew, character by character. */
export function rebuild(length: number): void {
  classify(length);
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
