// From a JSON Schema to the shape of the values that an answer may be.

import { textsDfa } from '../automaton/text-automata.js';
import { anyValueShape, type Lexemes } from '../json/lexemes.js';
import { pruneShape } from '../json/prune-shapes.js';
import { never, type Shape } from '../json/shape.js';
import { checkUnique } from '../json/unique-items.js';
import type { Turns, WorkBudget } from '../work.js';
import { arrayShape } from './array-shape.js';
import { checkDocument } from './check-document.js';
import { createOptions } from './choices.js';
import {
  allowedConstants,
  allowedTypes,
  type Conjunction,
  conjoin,
  conjunctionKey,
  noSchemas,
  valuesOf,
} from './conjunction.js';
import { numberFormats } from './formats.js';
import { badSchema, type JsonType, jsonTypes } from './keywords.js';
import { createMeets } from './meets.js';
import { numberShape } from './number-shape.js';
import { objectShape } from './object-shape.js';
import { createSchemaDocument, type SchemaNode } from './schema-document.js';
import type { AllowedValues, ShapeParts } from './shape-parts.js';
import { stringShape } from './string-shape.js';
import { createTextPatterns } from './text-patterns.js';

/** The type that a keyword applies to. Without `type`, a schema with such keywords is for values of those types. */
const typesByKeyword: Readonly<Record<string, JsonType>> = Object.freeze({
  properties: 'object',
  patternProperties: 'object',
  propertyNames: 'object',
  required: 'object',
  additionalProperties: 'object',
  unevaluatedProperties: 'object',
  minProperties: 'object',
  maxProperties: 'object',
  items: 'array',
  prefixItems: 'array',
  unevaluatedItems: 'array',
  minItems: 'array',
  maxItems: 'array',
  uniqueItems: 'array',
  contains: 'array',
  minLength: 'string',
  maxLength: 'string',
  pattern: 'string',
  format: 'string',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  $absent: 'object',
});

/**
 * The shape of the values that meet a schema.
 *
 * @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA`, `BAD_PATTERN`, `LIMIT_EXCEEDED`
 */
export function* schemaShape(schema: unknown, lexemes: Lexemes, work: WorkBudget): Turns<Shape> {
  const document = createSchemaDocument(schema, work);
  const { isUnevaluatedUsed } = yield* checkDocument(document, work);
  const patterns = createTextPatterns(work);
  const optionsOf = createOptions(document, work);
  const meets = createMeets({ document, patterns, work });
  const anyValue = anyValueShape(lexemes);
  const known = new Map<string, Shape>();
  const pending: (() => void)[] = [];
  const parts: ShapeParts = {
    document,
    lexemes,
    patterns,
    work,
    optionsOf,
    conjoin: (conjunction, added) => conjoin(document, conjunction, added, work),
    shapeOf: (schemas) => conjunctionShape(parts.conjoin(noSchemas, schemas)),
    valuesOf: allowedValues,
  };
  const root = parts.shapeOf([document.root]);
  while (pending.length > 0) {
    if (work.isTurnOver()) yield;
    pending.pop()!();
  }
  const pruned = yield* pruneShape(root, work);
  if (pruned === null) {
    throw badSchema(
      'no value meets it, expected one at least',
      'look for bounds that exclude each other, or required properties that are false',
    );
  }
  yield* checkUnique(pruned, lexemes, work);
  return pruned;

  /** A reference at first: what it refers to is made later, so that long chains of schemas need no deep stack. */
  function conjunctionShape(conjunction: Conjunction): Shape {
    const key = conjunctionKey(conjunction);
    const found = known.get(key);
    if (found !== undefined) return found;
    work.spend(100 + key.length, 'alternatives');
    work.keep(1500 + 2 * key.length + 40 * conjunction.nodes.length, 'alternatives');
    const shape: Shape = { type: 'reference', target: null };
    known.set(key, shape);
    pending.push(() => {
      shape.target = makeShape(conjunction);
    });
    return shape;
  }

  function makeShape(conjunction: Conjunction): Shape {
    const { nodes, choices, taken } = conjunction;
    work.spend(40 * (nodes.length + choices.length), 'alternatives');
    if (nodes.some((node) => node.schema === false)) return never;
    const { types, constants } = allowedValues(conjunction);
    if (constants !== null) {
      const texts = constants.map((value) => JSON.stringify(value));
      return texts.length === 0 ? never : { type: 'text', dfa: textsDfa(texts, work), isCanonical: true };
    }
    if (types?.size === 0) return never;
    const [choice, ...others] = choices;
    if (choice === undefined) return types === null ? anyValue : ofTypes(conjunction, types);
    const left = { nodes, choices: others, taken };
    const options = optionsOf(choice).map((option) => {
      const chosen = parts.conjoin(left, [option]);
      return isUnevaluatedUsed ? { ...chosen, taken: [...taken, option] } : chosen;
    });
    // An option without a condition of its own is met by everything that meets the rest; the others only narrow it.
    const isMet =
      !isUnevaluatedUsed &&
      options.some((one) => one.nodes.length === nodes.length && one.choices.length === others.length);
    return { type: 'choice', options: isMet ? [conjunctionShape(left)] : [...new Set(options.map(conjunctionShape))] };
  }

  function allowedValues(conjunction: Conjunction): AllowedValues {
    const { nodes, choices } = conjunction;
    const types = typesOf(nodes);
    const listed = allowedConstants(nodes);
    const areFew = types !== null && [...types].every((type) => type === 'null' || type === 'boolean');
    if (listed === null && !areFew) return { types, constants: null };
    const values = listed === null ? [null, false, true] : [...listed.values()];
    const owners = [...new Set([...nodes, ...choices.map(({ owner }) => owner)])];
    // Types next to constants: types inferred from keywords do not narrow listed constants.
    return { types, constants: values.filter((value) => owners.every((node) => meets(node, value))) };
  }

  function ofTypes(conjunction: Conjunction, types: ReadonlySet<JsonType>): Shape {
    return { type: 'choice', options: [...types].map((type) => typeShape(conjunction, type, types)) };
  }

  function typeShape(conjunction: Conjunction, type: JsonType, types: ReadonlySet<JsonType>): Shape {
    const { nodes } = conjunction;
    switch (type) {
      case 'null':
      case 'boolean': {
        const values = (type === 'null' ? [null] : [true, false]).filter((value) =>
          nodes.every((node) => meets(node, value)),
        );
        const texts = values.map((value) => JSON.stringify(value));
        return texts.length === 0 ? never : { type: 'text', dfa: textsDfa(texts, work), isCanonical: true };
      }
      case 'string':
        return stringShape(nodes, parts);
      case 'number':
        return numberShape(nodes, false, parts);
      case 'integer':
        return types.has('number') ? never : numberShape(nodes, true, parts);
      case 'object':
        return objectShape(conjunction, parts);
      case 'array':
        return arrayShape(conjunction, parts);
    }
  }
}

/** Types of values; null if no schema names types. */
function typesOf(nodes: readonly SchemaNode[]): ReadonlySet<JsonType> | null {
  const left = allowedTypes(nodes, ['$types']);
  const isLeft = left.size < jsonTypes.length || valuesOf(nodes, '$notValues').length > 0;
  if (valuesOf(nodes, 'type').length > 0) return allowedTypes(nodes);
  const implied = new Set(nodes.flatMap(impliedTypes));
  if (implied.size === 0) return isLeft ? left : null;
  if (implied.has('number')) implied.add('integer');
  return new Set([...implied].filter((type) => left.has(type)));
}

function impliedTypes({ schema }: SchemaNode): JsonType[] {
  // A schema that a negation left has its types listed.
  if (typeof schema === 'boolean' || schema.$types !== undefined) return [];
  return Object.keys(schema).flatMap((keyword) => {
    if (keyword === 'format' && Object.hasOwn(numberFormats, schema.format as string)) return ['number'];
    return typesByKeyword[keyword] ?? [];
  });
}
