// What JSON values a constraint lets through, before it becomes a grammar.

import type { Dfa } from '../automaton/dfa.js';

/** Values of some shape. Shapes may contain themselves through a `reference`. */
export type Shape =
  /** Texts that an automaton accepts, such as numbers and constants. */
  | { readonly type: 'text'; readonly dfa: Dfa }
  | StringShape
  | { readonly type: 'choice'; readonly options: readonly Shape[] }
  | ObjectShape
  | ArrayShape
  | { readonly type: 'reference'; target: Shape | null };

/** Strings, by their number of characters or by an automaton of what is between the quotes. */
export type StringShape =
  | { readonly type: 'string'; readonly min: number; readonly max: number }
  | { readonly type: 'matching-string'; readonly content: Dfa };

/** Objects whose declared properties come in this order and before others. */
export interface ObjectShape {
  readonly type: 'object';
  readonly declared: readonly Property[];
  /** Values of other properties; null for none. */
  readonly additional: Shape | null;
  /** Properties in all. */
  readonly min: number;
  readonly max: number;
}

/** A property with a name of its own. */
export interface Property {
  readonly name: string;
  readonly value: Shape;
  readonly isRequired: boolean;
}

/** Arrays. */
export interface ArrayShape {
  readonly type: 'array';
  /** Of the first items. */
  readonly prefix: readonly Shape[];
  /** Of those behind them; null for none. */
  readonly rest: Shape | null;
  readonly min: number;
  readonly max: number;
}

/** Lets nothing through. */
export const never: Shape = { type: 'choice', options: [] };
