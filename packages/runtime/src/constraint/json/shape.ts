// What JSON values a constraint lets through, before it becomes a grammar.

import type { Dfa } from '../automaton/dfa.js';

/** Values of some shape. Shapes may contain themselves through a `reference`. */
export type Shape =
  | TextShape
  | StringShape
  | { readonly type: 'choice'; readonly options: readonly Shape[] }
  | ObjectShape
  | ArrayShape
  | { readonly type: 'reference'; target: Shape | null };

/** Texts that an automaton accepts, such as numbers and constants. */
export interface TextShape {
  readonly type: 'text';
  readonly dfa: Dfa;
  /** Whether different texts are different values: `1.0` and `1` are not. */
  readonly isCanonical?: boolean;
}

/** Strings, by their number of characters or by an automaton of what is between the quotes. */
export type StringShape =
  | { readonly type: 'string'; readonly min: number; readonly max: number }
  | { readonly type: 'matching-string'; readonly content: Dfa };

/** Objects whose declared properties come in this order and before others. */
export interface ObjectShape {
  readonly type: 'object';
  readonly declared: readonly Property[];
  /** Names that others may not have: those of the declared properties, also where they have no value. */
  readonly reserved: readonly string[];
  /** Other properties; no name is in two of the lists. */
  readonly others: readonly OtherProperties[];
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

/** Properties with other names. */
export interface OtherProperties {
  /** What is between the quotes of their names; null for any. */
  readonly names: Dfa | null;
  /** Names there are, those of declared properties aside; infinity where they have no end. */
  readonly nNames: number;
  readonly value: Shape;
}

/** Arrays. */
export interface ArrayShape {
  readonly type: 'array';
  /** Of the first items. */
  readonly prefix: readonly Shape[];
  /** Of those after them; null for none. */
  readonly rest: Shape | null;
  readonly min: number;
  readonly max: number;
  /** Items that there must be, wherever; null for no such. */
  readonly contained: ContainedItems | null;
  /** Whether no item may come twice; then there are no first items. Where it stands, for an error. */
  readonly unique: string | null;
}

/** Items of an array of which there are so many. */
export interface ContainedItems {
  readonly min: number;
  readonly max: number;
  /** Wanted items in the place of the first items and of those after them; the same for others. */
  readonly wanted: ItemShapes;
  readonly unwanted: ItemShapes;
}

/** Items by where they stand. */
export interface ItemShapes {
  readonly prefix: readonly Shape[];
  readonly rest: Shape | null;
}

/** Lets nothing through. */
export const never: Shape = { type: 'choice', options: [] };
