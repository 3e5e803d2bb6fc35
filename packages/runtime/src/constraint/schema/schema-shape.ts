// From a JSON Schema to the shape of the values that an answer may be.

import { textsDfa } from '../automaton/text-automata.js';
import { createPushdown } from '../grammar/pushdown.js';
import { jsonGrammar } from '../json/json-grammar.js';
import { anyValueShape, type Lexemes } from '../json/lexemes.js';
import { pruneShape } from '../json/prune-shapes.js';
import { never, type Shape } from '../json/shape.js';
import { extendText, startText } from '../text-state.js';
import { arrayShape } from './array-shape.js';
import {
  allowedConstants,
  allowedTypes,
  type Choice,
  type Conjunction,
  children,
  choose,
  conjunctionKey,
  follow,
  nextChoice,
  schemaObjects,
} from './conjunction.js';
import { areDisjoint } from './disjoint.js';
import { badSchema, type JsonType, unsupported } from './keywords.js';
import { numberShape } from './number-shape.js';
import { objectShape } from './object-shape.js';
import { createSchemaDocument, type SchemaDocument, type SchemaNode } from './schema-document.js';
import type { ShapeParts } from './shape-parts.js';
import { stringShape } from './string-shape.js';

/** The type that a keyword is about. Without `type`, a schema with such keywords is for values of those types. */
const typesByKeyword: Readonly<Record<string, JsonType>> = {
  properties: 'object',
  required: 'object',
  additionalProperties: 'object',
  minProperties: 'object',
  maxProperties: 'object',
  items: 'array',
  prefixItems: 'array',
  minItems: 'array',
  maxItems: 'array',
  minLength: 'string',
  maxLength: 'string',
  pattern: 'string',
  format: 'string',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
};

/** @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA`, `BAD_PATTERN`, `LIMIT_EXCEEDED` */
export function schemaShape(schema: unknown, lexemes: Lexemes): Shape {
  const document = createSchemaDocument(schema);
  const anyValue = anyValueShape(lexemes);
  const known = new Map<string, Shape>();
  const parts: ShapeParts = { document, lexemes, shapeOf };
  const pruned = pruneShape(shapeOf([document.root]));
  if (pruned === null) {
    throw badSchema(
      'no value meets it, expected one at least',
      'look for bounds that exclude each other, or required properties that are false',
    );
  }
  return pruned;

  function shapeOf(schemas: readonly SchemaNode[]): Shape {
    return conjunctionShape({ nodes: follow(document, schemas), settled: [] });
  }

  function conjunctionShape(conjunction: Conjunction): Shape {
    const key = conjunctionKey(conjunction);
    const found = known.get(key);
    if (found !== undefined) return found;
    const shape: Shape = { type: 'reference', target: null };
    known.set(key, shape);
    shape.target = makeShape(conjunction);
    return shape;
  }

  function makeShape(conjunction: Conjunction): Shape {
    const { nodes } = conjunction;
    if (nodes.some((node) => node.schema === false)) return never;
    const choice = nextChoice(conjunction);
    if (choice === null) return valueShape(nodes);
    if (choice.keyword === 'oneOf') refuseOverlap(document, choice);
    return { type: 'choice', options: choose(document, conjunction, choice).map(conjunctionShape) };
  }

  function valueShape(nodes: readonly SchemaNode[]): Shape {
    const constants = allowedConstants(nodes);
    const types = typesOf(nodes);
    if (constants !== null)
      return constantsShape([...constants.values()], types === null ? null : ofTypes(nodes, types));
    return types === null ? anyValue : ofTypes(nodes, types);
  }

  function ofTypes(nodes: readonly SchemaNode[], types: ReadonlySet<JsonType>): Shape {
    return { type: 'choice', options: [...types].map((type) => typeShape(nodes, type, types)) };
  }

  function typeShape(nodes: readonly SchemaNode[], type: JsonType, types: ReadonlySet<JsonType>): Shape {
    switch (type) {
      case 'null':
        return { type: 'text', dfa: textsDfa(['null']) };
      case 'boolean':
        return { type: 'text', dfa: textsDfa(['true', 'false']) };
      case 'string':
        return stringShape(nodes);
      case 'number':
        return numberShape(nodes, { isWhole: false, lexemes });
      case 'integer':
        return types.has('number') ? never : numberShape(nodes, { isWhole: true, lexemes });
      case 'object':
        return objectShape(nodes, parts);
      case 'array':
        return arrayShape(nodes, parts);
    }
  }

  /** Constants that the rest of the schemas lets through; null for no rest. */
  function constantsShape(values: readonly unknown[], rest: Shape | null): Shape {
    const texts = values.map((value) => JSON.stringify(value));
    const pruned = rest === null ? null : pruneShape(rest);
    if (rest !== null && pruned === null) return never;
    const allowed = pruned === null ? texts : texts.filter((text) => isText(pruned, text));
    return allowed.length === 0 ? never : { type: 'text', dfa: textsDfa(allowed) };
  }

  function isText(shape: Shape, text: string): boolean {
    const pushdown = createPushdown(jsonGrammar(shape, lexemes));
    return extendText(pushdown, startText(pushdown), new TextEncoder().encode(text))?.state.isComplete === true;
  }
}

/** Types of values; null when nothing is said about them. */
function typesOf(nodes: readonly SchemaNode[]): ReadonlySet<JsonType> | null {
  const schemas = schemaObjects(nodes);
  if (schemas.some((schema) => Object.hasOwn(schema, 'type'))) return allowedTypes(nodes);
  const implied = schemas.flatMap((schema) => Object.keys(schema).flatMap((keyword) => typesByKeyword[keyword] ?? []));
  return implied.length === 0 ? null : new Set(implied);
}

function refuseOverlap(document: SchemaDocument, { owner, keyword }: Choice): void {
  const options = children(document, owner, keyword);
  options.forEach((option, i) => {
    const other = options.slice(i + 1).find((later) => !areDisjoint(document, option, later));
    if (other === undefined) return;
    throw unsupported(
      `${owner.pointer}/oneOf: it cannot be shown that no value meets both ${option.pointer} and ${other.pointer}`,
      'write anyOf, or give the options a required property with a constant of its own in each',
    );
  });
}
