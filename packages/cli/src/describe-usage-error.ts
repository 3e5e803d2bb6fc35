// Says what is wrong with the arguments, from the errors that oclif throws when it parses them.

import { stripVTControlCharacters } from 'node:util';
import { Errors } from '@oclif/core';
import type { FailureReport } from './failure-report.js';
import { nearest } from './nearest.js';
import { reworded } from './usage-words.js';

/** What the parser's errors carry; oclif exports no types for it. */
interface ParserError extends Errors.CLIError {
  readonly flags?: readonly string[];
  readonly parse?: {
    readonly input?: {
      readonly flags?: Readonly<Record<string, { readonly char?: string }>>;
      readonly args?: Readonly<Record<string, unknown>>;
    };
  };
}

/** Describes a parser's error; null for an error of another kind. */
export function describeUsageError(error: unknown): FailureReport | null {
  if (!(error instanceof Errors.CLIError)) return null;
  const { flags, parse, message } = error as ParserError;
  const text = stripVTControlCharacters(message).replace('\nSee more help with --help', '').trim();
  const known = [...Object.keys(parse?.input?.flags ?? {}), 'help'].map((name) => `--${name}`);
  if (flags === undefined) {
    return { code: 'USAGE', ...(reworded(text) ?? { message: text, suggestions: ['add --help to see the usage'] }) };
  }
  const argument = flags.find((flag) => Object.hasOwn(parse?.input?.args ?? {}, flag.replace(/^--/, '')));
  if (argument !== undefined) {
    const message = `unknown flag ${argument}: it is an argument of this command, expected without a flag`;
    return { code: 'USAGE', message, suggestions: [`leave ${argument} out, and keep what follows it`] };
  }
  const guesses = flags.map((flag) => nearest(flag, known)).filter((guess) => guess !== null);
  const suggestions = guesses.length > 0 ? guesses : ['add --help to see the flags'];
  return { code: 'USAGE', message: `unknown flag ${flags.join(', ')}`, suggestions };
}
