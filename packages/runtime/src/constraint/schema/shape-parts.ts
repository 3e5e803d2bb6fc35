// What the shapes of objects and arrays are made with.

import type { Lexemes } from '../json/lexemes.js';
import type { Shape } from '../json/shape.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** What the shapes of parts are made with. */
export interface ShapeParts {
  readonly document: SchemaDocument;
  readonly lexemes: Lexemes;
  /** The shape of values that meet all of some schemas; any value where there is none. */
  readonly shapeOf: (schemas: readonly SchemaNode[]) => Shape;
}
