// Functions that the shapes of strings, objects and arrays share.

import type { Lexemes } from '../json/lexemes.js';
import type { Shape } from '../json/shape.js';
import type { WorkBudget } from '../work.js';
import type { Conjunction, Options } from './conjunction.js';
import type { JsonType } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';
import type { TextPatterns } from './text-patterns.js';

/** The functions and limits of making shapes. */
export interface ShapeParts {
  readonly document: SchemaDocument;
  readonly lexemes: Lexemes;
  readonly patterns: TextPatterns;
  readonly work: WorkBudget;
  readonly optionsOf: Options;
  /** The shape of values that meet all of the schemas; any value without schemas. */
  readonly shapeOf: (schemas: readonly SchemaNode[]) => Shape;
  readonly conjoin: (conjunction: Conjunction, added: readonly SchemaNode[]) => Conjunction;
  /** The values that a conjunction allows: types, null for all, or constants if it lists them, else null. */
  readonly valuesOf: (conjunction: Conjunction) => AllowedValues;
}

/** The values that a conjunction allows. */
export interface AllowedValues {
  readonly types: ReadonlySet<JsonType> | null;
  readonly constants: readonly unknown[] | null;
}
