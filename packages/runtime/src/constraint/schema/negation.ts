// What values that do not meet a schema meet instead.
//
// The options let through nothing that meets the schema; where a keyword cannot be turned round, they let through less
// than they might. Keywords that begin with $ and are not JSON Schema's are our own: $types (like type, but it does not
// say what a schema is about), $absent (names of properties there must not be), $members (properties, which say nothing
// about others), $notValues, $notPatterns, $notInteger.

import { child, children } from './conjunction.js';
import { type JsonType, jsonTypes, type SchemaObject, unsupported } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** Most options of a oneOf that are paired; with more, the values that meet two of them are left out. */
const MAX_PAIRED = 8;

type Option = SchemaObject | boolean;

/** @throws ToolkitError `UNSUPPORTED_SCHEMA` where nothing of the schema can be turned round */
export function negate(document: SchemaDocument, node: SchemaNode, pointer: string): SchemaNode[] {
  const { schema } = node;
  if (typeof schema === 'boolean') return [document.make(!schema, pointer)];
  const options: Option[] = [];
  const left: string[] = [];
  for (const keyword of Object.keys(schema)) {
    const found = negateKeyword(document, node, keyword);
    if (found === null) left.push(keyword);
    else options.push(...found);
  }
  if (options.length === 0 && left.length > 0) {
    throw unsupported(
      `${pointer}: that ${left.join(' and ')} ${left.length === 1 ? 'does' : 'do'} not hold is not enforced`,
      'say what values are: with type, enum, pattern or anyOf',
    );
  }
  return options.map((option) => document.make(option, pointer));
}

/** Options; null where the keyword cannot be turned round. */
function negateKeyword(document: SchemaDocument, node: SchemaNode, keyword: string): Option[] | null {
  const schema = node.schema as SchemaObject;
  const value = schema[keyword];
  const n = value as number;
  switch (keyword) {
    case '$ref':
      return [{ not: document.refer(node, value as string).schema }];
    case 'type':
    case '$types':
      return notOfTypes([value as JsonType | JsonType[]].flat());
    case 'const':
      return notValues([value]);
    case 'enum':
      return notValues(value as unknown[]);
    case 'allOf':
      return children(document, node, 'allOf').map((part) => ({ not: part.schema }));
    case 'anyOf':
      return [{ allOf: children(document, node, 'anyOf').map((option) => ({ not: option.schema })) }];
    case 'oneOf':
      return notOne(children(document, node, 'oneOf'));
    case 'not':
      return [document.child(node, 'not').schema];
    case 'if':
      return notConditional(document, node);
    case 'then':
    case 'else':
      return [];
    case 'required':
      return (value as string[]).map((name) => ({ $types: ['object'], $absent: [name] }));
    case 'properties':
      return Object.keys(value as object).map((name) => ({
        $types: ['object'],
        required: [name],
        $members: { [name]: { not: document.child(node, 'properties', name).schema } },
      }));
    case 'dependentRequired':
      return Object.entries(value as Record<string, string[]>).flatMap(([name, others]) =>
        others.map((other) => ({ $types: ['object'], required: [name], $absent: [other] })),
      );
    case 'dependentSchemas':
      return Object.keys(value as object).map((name) => ({
        allOf: [
          { $types: ['object'], required: [name] },
          { not: document.child(node, 'dependentSchemas', name).schema },
        ],
      }));
    case 'minProperties':
      return n === 0 ? [] : [{ $types: ['object'], maxProperties: n - 1 }];
    case 'maxProperties':
      return [{ $types: ['object'], minProperties: n + 1 }];
    case 'minItems':
      return n === 0 ? [] : [{ $types: ['array'], maxItems: n - 1 }];
    case 'maxItems':
      return [{ $types: ['array'], minItems: n + 1 }];
    case 'items':
      if (value === true) return [];
      return schema.prefixItems === undefined
        ? [{ $types: ['array'], contains: { not: document.child(node, 'items').schema } }]
        : null;
    case 'prefixItems':
      return children(document, node, 'prefixItems').map((item, i) => ({
        $types: ['array'],
        minItems: i + 1,
        $itemsAt: { index: i, schema: { not: item.schema } },
      }));
    case 'contains':
      return (schema.minContains ?? 1) === 1 && schema.maxContains === undefined
        ? [{ $types: ['array'], items: { not: document.child(node, 'contains').schema } }]
        : null;
    case 'minLength':
      return n === 0 ? [] : [{ $types: ['string'], maxLength: n - 1 }];
    case 'maxLength':
      return [{ $types: ['string'], minLength: n + 1 }];
    case 'pattern':
      return [{ $types: ['string'], $notPatterns: [value] }];
    case 'minimum':
      return [{ $types: ['number'], exclusiveMaximum: n }];
    case 'maximum':
      return [{ $types: ['number'], exclusiveMinimum: n }];
    case 'exclusiveMinimum':
      return [{ $types: ['number'], maximum: n }];
    case 'exclusiveMaximum':
      return [{ $types: ['number'], minimum: n }];
    case 'additionalProperties':
      return value === true ? [] : null;
    default:
      return null;
  }
}

function notOfTypes(types: readonly JsonType[]): Option[] {
  const others = jsonTypes.filter((type) => !types.includes(type) && type !== 'integer');
  if (types.includes('number')) return others.length === 0 ? [] : [{ $types: others }];
  if (!types.includes('integer')) return [{ $types: others }];
  const without = others.filter((type) => type !== 'number');
  return [{ $types: without }, { $types: ['number'], $notInteger: true }];
}

/** Values that equal none of some values; null if one of those is an object or an array. */
function notValues(values: readonly unknown[]): Option[] | null {
  if (values.some((value) => typeof value === 'object' && value !== null)) return null;
  return [{ $types: [...jsonTypes], $notValues: values }];
}

function notOne(options: readonly SchemaNode[]): Option[] {
  const none = { allOf: options.map(({ schema }) => ({ not: schema })) };
  if (options.length > MAX_PAIRED) return [none];
  const pairs = options.flatMap((a, i) => options.slice(i + 1).map((b) => ({ allOf: [a.schema, b.schema] })));
  return [none, ...pairs];
}

function notConditional(document: SchemaDocument, node: SchemaNode): Option[] {
  const condition = document.child(node, 'if').schema;
  return [
    ...child(document, node, 'then').map(({ schema }) => ({ allOf: [condition, { not: schema }] })),
    ...child(document, node, 'else').map(({ schema }) => ({ allOf: [{ not: condition }, { not: schema }] })),
  ];
}
