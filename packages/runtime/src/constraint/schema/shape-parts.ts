// What the shapes of strings, objects and arrays are made with.

import type { Lexemes } from '../json/lexemes.js';
import type { Shape } from '../json/shape.js';
import type { Work } from '../work.js';
import type { Conjunction, Options } from './conjunction.js';
import type { JsonType } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';
import type { TextPatterns } from './text-patterns.js';

/** What the shapes of parts are made with. */
export interface ShapeParts {
  readonly document: SchemaDocument;
  readonly lexemes: Lexemes;
  readonly patterns: TextPatterns;
  readonly work: Work;
  readonly optionsOf: Options;
  /** The shape of values that meet all of some schemas; any value where there is none. */
  readonly shapeOf: (schemas: readonly SchemaNode[]) => Shape;
  readonly conjoin: (conjunction: Conjunction, added: readonly SchemaNode[]) => Conjunction;
  /** What a conjunction leaves: types, null for all, and constants where it lists them, null elsewhere. */
  readonly valuesOf: (conjunction: Conjunction) => AllowedValues;
}

/** What a conjunction leaves. */
export interface AllowedValues {
  readonly types: ReadonlySet<JsonType> | null;
  readonly constants: readonly unknown[] | null;
}
