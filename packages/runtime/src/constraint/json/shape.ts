// The JSON values that a constraint allows, before they become a grammar.

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
  /** Least number of properties. */
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
  /** Automaton of the names between the quotes; null for any name. */
  readonly names: Dfa | null;
  /** Names there are, those of declared properties aside; infinity where they have no end. */
  readonly nNames: number;
  readonly value: Shape;
}

/** Arrays. */
export interface ArrayShape {
  readonly type: 'array';
  /** Shapes of the first items. */
  readonly prefix: readonly Shape[];
  /** Shape of the items after them; null for no such items. */
  readonly rest: Shape | null;
  readonly min: number;
  readonly max: number;
  /** Items that must occur at any position; null without such a condition. */
  readonly contained: ContainedItems | null;
  /** Place of `uniqueItems`, for errors; null if items may repeat. With it there are no first items. */
  readonly unique: string | null;
}

/** Items of which an array must have a number (`contains`). */
export interface ContainedItems {
  readonly min: number;
  readonly max: number;
  /** Matching items in place of the first items and of those after them; `others` likewise for items that do not match. */
  readonly wanted: ItemShapes;
  readonly unwanted: ItemShapes;
}

/** Shapes of items by position. */
export interface ItemShapes {
  readonly prefix: readonly Shape[];
  readonly rest: Shape | null;
}

/** Lets nothing through. */
export const never: Shape = { type: 'choice', options: [] };

/** The shapes that the values of a shape consist of: options, properties, items, also those that `contains` distinguishes. */
export function partsOf(shape: Shape): readonly Shape[] {
  switch (shape.type) {
    case 'choice':
      return shape.options;
    case 'reference':
      return [shape.target!];
    case 'object':
      return [...shape.declared, ...shape.others].map(({ value }) => value);
    case 'array': {
      const { contained } = shape;
      const lists: readonly ItemShapes[] = contained === null ? [shape] : [shape, contained.wanted, contained.unwanted];
      return lists.flatMap(({ prefix, rest }) => (rest === null ? prefix : [...prefix, rest]));
    }
    default:
      return [];
  }
}
