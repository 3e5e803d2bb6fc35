// What is wrong with the words of a command, and the commands that may be typed instead.

import { commandLine, shellWord } from '@llama-ts/base';
import type { CommandShape } from './scan-arguments.js';

/** A command as it is to be typed. */
export interface Typed {
  /** `run`. */
  readonly id: string;
  readonly words: readonly string[];
  /** A file that is piped in. */
  readonly input?: string;
  /** Whether a flag in it was only guessed. */
  readonly isGuess?: boolean;
  /** Whether it shows help, and is right whatever else is typed. */
  readonly isHelp?: boolean;
}

/** One thing that is wrong. */
export interface UsageProblem {
  readonly code: 'USAGE';
  readonly message: string;
  /** The likeliest first. Each mends this alone: its other words may be wrong too. */
  readonly suggestions: readonly Typed[];
}

export function usageProblem(message: string, suggestions: readonly Typed[]): UsageProblem {
  return { code: 'USAGE', message, suggestions };
}

/** The command with other words, or another command with them. */
export function typed({ id }: Pick<CommandShape, 'id'>, words: readonly string[], input?: string): Typed {
  return { id, words, ...(input === undefined ? {} : { input }) };
}

export function helpOf({ id }: Pick<CommandShape, 'id'>): Typed {
  return { id, words: ['--help'], isHelp: true };
}

/** The command as a line that can be pasted into a shell. */
export function typedLine({ id, words, input }: Typed): string {
  const line = commandLine(['llama', ...id.split(' '), ...words]);
  return input === undefined ? line : `${line} < ${shellWord(input)}`;
}
