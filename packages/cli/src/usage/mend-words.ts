// Follows the suggestions of problems until nothing is wrong any more, so that one command mends all of them.

import type { CommandShape } from './scan-arguments.js';
import { helpOf, type Typed, typedLine, type UsageProblem } from './usage-problem.js';

/** Finds what is wrong first; null for words that fit. */
export type FindProblem = (command: CommandShape, words: readonly string[]) => UsageProblem | null;
/** The shape of a command by its id; undefined for one that there is not. */
export type ShapeOf = (id: string) => CommandShape | undefined;

/** All that is wrong with a command, and what to type instead. */
export interface Mended {
  readonly messages: readonly string[];
  readonly suggestions: readonly string[];
}

/** Each problem takes a round; suggestions that lead around in a circle end here. */
const MAX_ROUNDS = 20;
const MAX_SUGGESTIONS = 6;

/** @param first what is wrong first with the words that were typed */
export function mendWords(first: UsageProblem, shapeOf: ShapeOf, find: FindProblem): Mended {
  let messages: readonly string[] = [first.message];
  const lines = new Set<string>();

  /** @param path messages of the problems that were mended on the way */
  function follow(typed: Typed, path: readonly string[], hasGuess: boolean): void {
    if (lines.size >= MAX_SUGGESTIONS || path.length > MAX_ROUNDS) return;
    const shape = shapeOf(typed.id);
    const problem = typed.isHelp || shape === undefined ? null : find(shape, typed.words);
    if (problem === null) {
      arrive(typedLine(typed), path);
      return;
    }
    const further = [...path, problem.message];
    const next = problem.suggestions.filter(({ isHelp }) => isHelp !== true);
    // A guess that leads no further was wrong.
    if (next.length === 0 && !hasGuess) arrive(typedLine(helpOf(typed)), further);
    for (const other of next) {
      const input = other.input ?? typed.input;
      follow({ ...other, ...(input === undefined ? {} : { input }) }, further, hasGuess || other.isGuess === true);
    }
  }

  function arrive(line: string, path: readonly string[]): void {
    if (lines.size === 0) messages = path;
    lines.add(line);
  }

  for (const typed of first.suggestions) follow(typed, [first.message], typed.isGuess === true);
  return { messages: [...new Set(messages)], suggestions: [...lines] };
}
