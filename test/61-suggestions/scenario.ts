// What a scenario states: how to get into trouble, and what following each suggestion must lead to.

import type { ChildOutput } from '../helpers/child-output.js';
import type { Situation } from './situation.js';

/** Flags that a suggestion adds to a library call, by name without dashes; null for a switch. */
export type Flags = ReadonlyMap<string, string | null>;

/** A promise, or not. */
type Maybe<T> = T | Promise<T>;

/** How to cause a failure, and what its suggestions must lead to. */
export interface Scenario {
  readonly title: string;
  /** Code of the error. */
  readonly code: string;
  /** What this machine has to have: a user for whom file modes hold, Python, OpenSSL, limits of memory as Linux has them. */
  readonly needs?: 'modes' | 'python' | 'openssl' | 'linux';
  /** Makes files, sets variables, starts a hub. */
  prepare?(situation: Situation): Maybe<unknown>;
  /** The command line that fails; or {@link call}, or {@link chat}. */
  readonly command?: string | ((situation: Situation) => string);
  /** Text for the command's stdin. */
  readonly stdin?: string;
  /** The library call that fails. Flags are those that a suggestion adds. */
  call?(situation: Situation, flags: Flags): Maybe<unknown>;
  /** The chat whose last line fails: arguments of `llama chat`, and lines. */
  readonly chat?: { readonly args: string; readonly lines: readonly string[] };
  /** The part of its suggestions that differs from one run to the next. */
  readonly varies?: RegExp;
  /** What the user writes for words in capitals. */
  readonly fill?: Readonly<Record<string, string>>;
  /** What a person does who follows words: the first that matches. It may return another `{ command }` to run after. */
  readonly acts?: readonly (readonly [RegExp, (situation: Situation) => Maybe<unknown>])[];
  /** Names that a suggested call uses. */
  scope?(situation: Situation): Maybe<Readonly<Record<string, unknown>>>;
  /** For a failure that no command mends: what the suggested one prints on stderr, where it fails as before. */
  readonly explains?: RegExp;
  /** What else must be true after a suggestion was followed. Where one matches, the failing command is not repeated. */
  readonly checks?: readonly (readonly [RegExp, (situation: Situation, outcome: ChildOutput) => Maybe<unknown>])[];
}

/** A suggestion that an error made. */
export interface Seen {
  readonly code: string;
  readonly message: string;
  readonly suggestion: string;
}
