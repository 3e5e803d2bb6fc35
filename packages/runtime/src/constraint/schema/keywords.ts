// The keywords of JSON Schema: which are enforced, what their values are, and what is said about all others.

import { ToolkitError } from '@llama-ts/format';

/** A schema as JSON has it. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** Types of JSON Schema. */
export const jsonTypes = ['null', 'boolean', 'object', 'array', 'string', 'number', 'integer'] as const;
/** One of {@link jsonTypes}. */
export type JsonType = (typeof jsonTypes)[number];

interface Rule {
  readonly isGood: (value: unknown) => boolean;
  readonly expected: string;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isSchema = (value: unknown): boolean => typeof value === 'boolean' || isObject(value);
const isListOf = (value: unknown, isGood: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isGood);
const isString = (value: unknown): boolean => typeof value === 'string';
const isType = (value: unknown): boolean => jsonTypes.some((type) => type === value);
const count: Rule = {
  isGood: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  expected: 'a whole number from 0',
};
const number: Rule = { isGood: (value) => typeof value === 'number', expected: 'a number' };
const text: Rule = { isGood: isString, expected: 'a string' };
const schema: Rule = { isGood: isSchema, expected: 'a schema' };
const schemas: Rule = {
  isGood: (value) => isListOf(value, isSchema) && (value as unknown[]).length > 0,
  expected: 'schemas, one at least',
};
const schemasByName: Rule = {
  isGood: (value) => isObject(value) && Object.values(value as object).every(isSchema),
  expected: 'schemas by name',
};
const anything: Rule = { isGood: () => true, expected: 'anything' };

/** Keywords that are enforced, with what their values have to be. */
const enforced: Readonly<Record<string, Rule>> = {
  $ref: text,
  type: {
    isGood: (value) => isType(value) || (isListOf(value, isType) && (value as unknown[]).length > 0),
    expected: `one of ${jsonTypes.join(', ')}, or a list of them`,
  },
  enum: { isGood: (value) => Array.isArray(value), expected: 'a list of values' },
  const: anything,
  anyOf: schemas,
  oneOf: schemas,
  allOf: schemas,
  properties: schemasByName,
  required: { isGood: (value) => isListOf(value, isString), expected: 'a list of names' },
  additionalProperties: schema,
  minProperties: count,
  maxProperties: count,
  items: schema,
  prefixItems: schemas,
  minItems: count,
  maxItems: count,
  minLength: count,
  maxLength: count,
  pattern: text,
  format: text,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: number,
};

/** Keywords that say nothing about values. */
const annotations = new Set(
  (
    '$schema $comment $defs definitions $anchor title description default examples deprecated readOnly writeOnly ' +
    'contentEncoding contentMediaType'
  ).split(' '),
);

/** Keywords whose meaning is known and that are not enforced, with what to write instead. */
const refused: ReadonlyMap<string, string> = new Map([
  ['not', 'say what values are: with type, enum, pattern or anyOf'],
  ['if', 'write anyOf with an option for each case'],
  ['then', 'write anyOf with an option for each case'],
  ['else', 'write anyOf with an option for each case'],
  ['patternProperties', 'name the properties, or give all others one schema with additionalProperties'],
  ['propertyNames', 'name the properties, or leave their names free'],
  ['dependentRequired', 'write anyOf with an option for each case'],
  ['dependentSchemas', 'write anyOf with an option for each case'],
  ['dependencies', 'write anyOf with an option for each case'],
  ['unevaluatedProperties', 'write additionalProperties beside the properties it is about'],
  ['unevaluatedItems', 'write items beside the prefixItems it is about'],
  ['additionalItems', 'write prefixItems for the first items and items for the others'],
  ['contains', 'write prefixItems for the item there must be'],
  ['minContains', 'write prefixItems for the items there must be'],
  ['maxContains', 'write prefixItems for the items there may be'],
  ['$dynamicRef', 'write $ref'],
  ['$recursiveRef', 'write $ref'],
]);

/** @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` */
export function checkKeywords(node: JsonSchema, pointer: string): void {
  if (typeof node === 'boolean') return;
  for (const [keyword, value] of Object.entries(node)) {
    if (isIgnored(keyword, value, pointer)) continue;
    const rule = Object.hasOwn(enforced, keyword) ? enforced[keyword]! : null;
    if (rule === null) throw notEnforced(keyword, pointer);
    if (keyword === 'items' && Array.isArray(value)) {
      throw unsupported(`${pointer}/items: a list, expected one schema`, 'write prefixItems for the first items');
    }
    if (!rule.isGood(value)) {
      throw badSchema(`${pointer}/${keyword}: ${shorten(JSON.stringify(value))}, expected ${rule.expected}`);
    }
  }
}

/** A schema that is none, or that no value can meet. */
export function badSchema(problem: string, suggestion?: string): ToolkitError {
  const suggestions = suggestion === undefined ? [] : [suggestion];
  return new ToolkitError('BAD_SCHEMA', `schema: ${problem}`, { suggestions });
}

/** A schema that asks for something that is not enforced. */
export function unsupported(problem: string, suggestion: string): ToolkitError {
  return new ToolkitError('UNSUPPORTED_SCHEMA', `schema: ${problem}`, { suggestions: [suggestion] });
}

function isIgnored(keyword: string, value: unknown, pointer: string): boolean {
  if (keyword === '$id') return pointer === '#';
  if (keyword === 'uniqueItems') return value === false;
  return annotations.has(keyword) || keyword.startsWith('x-');
}

function notEnforced(keyword: string, pointer: string): ToolkitError {
  const problem = `${pointer}: the keyword ${keyword} is not enforced`;
  const remedy = refused.get(keyword);
  if (remedy !== undefined) return unsupported(problem, remedy);
  if (keyword === 'uniqueItems') return unsupported(problem, 'take it out, and look for repeated items afterwards');
  if (keyword === '$id') return unsupported(problem, 'take it out here, and refer by #/$defs/NAME');
  return unsupported(problem, `take it out, or write one of ${Object.keys(enforced).join(', ')}`);
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
