// The keywords of JSON Schema: which are enforced, which values they take, and the errors about all others.

import { isObject, ToolkitError } from '@llama-ts/base';

/** A schema as JSON has it. */
export type JsonSchema = boolean | SchemaObject;
/** A schema that is an object. */
export type SchemaObject = { readonly [keyword: string]: unknown };

/** Types of JSON Schema. */
export const jsonTypes = ['null', 'boolean', 'object', 'array', 'string', 'number', 'integer'] as const;
/** One of {@link jsonTypes}. */
export type JsonType = (typeof jsonTypes)[number];

interface Rule {
  readonly isGood: (value: unknown) => boolean;
  readonly expected: string;
}

const isSchema = (value: unknown): boolean => typeof value === 'boolean' || isObject(value);
const isListOf = (value: unknown, isGood: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isGood);
const isString = (value: unknown): boolean => typeof value === 'string';
const isNames = (value: unknown): boolean => isListOf(value, isString);
const isType = (value: unknown): boolean => jsonTypes.some((type) => type === value);
const isMapOf = (value: unknown, isGood: (item: unknown) => boolean): boolean =>
  isObject(value) && Object.values(value).every(isGood);
const count: Rule = {
  isGood: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  expected: 'a whole number from 0',
};
const number: Rule = { isGood: (value) => typeof value === 'number', expected: 'a number' };
const bound: Rule = {
  isGood: (value) => typeof value === 'number' || typeof value === 'boolean',
  expected: 'a number, or true or false beside an inclusive bound',
};
const text: Rule = { isGood: isString, expected: 'a string' };
const flag: Rule = { isGood: (value) => typeof value === 'boolean', expected: 'true or false' };
const schema: Rule = { isGood: isSchema, expected: 'a schema' };
const schemas: Rule = {
  isGood: (value) => isListOf(value, isSchema) && (value as unknown[]).length > 0,
  expected: 'schemas, one at least',
};
const schemasByName: Rule = { isGood: (value) => isMapOf(value, isSchema), expected: 'schemas by name' };
const anything: Rule = { isGood: () => true, expected: 'anything' };

/** Keywords that are enforced, with what their values have to be. */
const enforced: Readonly<Record<string, Rule>> = {
  $ref: text,
  type: {
    isGood: (value) => isType(value) || (isListOf(value, isType) && (value as unknown[]).length > 0),
    expected: `one of ${jsonTypes.join(', ')}, or a list of them`,
  },
  nullable: flag,
  enum: { isGood: (value) => Array.isArray(value), expected: 'a list of values' },
  const: anything,
  anyOf: schemas,
  oneOf: schemas,
  allOf: schemas,
  not: schema,
  if: schema,
  ...Object.fromEntries(['then', 'else'].map((keyword) => [keyword, schema])),
  properties: schemasByName,
  patternProperties: schemasByName,
  propertyNames: schema,
  required: { isGood: isNames, expected: 'a list of names' },
  additionalProperties: schema,
  unevaluatedProperties: schema,
  minProperties: count,
  maxProperties: count,
  dependentRequired: { isGood: (value) => isMapOf(value, isNames), expected: 'lists of names by name' },
  dependentSchemas: schemasByName,
  dependencies: {
    isGood: (value) => isMapOf(value, (one) => isNames(one) || isSchema(one)),
    expected: 'schemas or lists of names, by name',
  },
  items: { isGood: (value) => isSchema(value) || isListOf(value, isSchema), expected: 'a schema, or a list of them' },
  prefixItems: schemas,
  additionalItems: schema,
  unevaluatedItems: schema,
  minItems: count,
  maxItems: count,
  uniqueItems: flag,
  contains: schema,
  minContains: count,
  maxContains: count,
  minLength: count,
  maxLength: count,
  pattern: text,
  format: text,
  minimum: number,
  maximum: number,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: number,
};

/** Keywords that do not restrict values, `discriminator`, `xml`, `externalDocs` and `example` from OpenAPI. */
const annotations = new Set(
  (
    '$schema $comment $defs definitions $anchor $dynamicAnchor $recursiveAnchor $vocabulary title description default ' +
    'examples deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema ' +
    'discriminator xml externalDocs example'
  ).split(' '),
);

/** Keywords whose meaning is known and that are not enforced, with what to write instead. */
const refused: ReadonlyMap<string, string> = new Map([
  ['$dynamicRef', 'write $ref to #/$defs/NAME'],
  ['$recursiveRef', 'write $ref to #/$defs/NAME'],
  ['$id', 'take it out here, and refer by #/$defs/NAME'],
]);

/** @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` */
export function checkKeywords(node: JsonSchema, pointer: string): void {
  if (typeof node === 'boolean') return;
  for (const [keyword, value] of Object.entries(node)) {
    if (isAnnotation(keyword, node) || (isNameOfSchema(keyword) && pointer === '#')) continue;
    const rule = Object.hasOwn(enforced, keyword) ? enforced[keyword]! : null;
    if (rule === null) throw notEnforced(keyword, pointer);
    if (!rule.isGood(value)) {
      throw badSchema(`${pointer}/${keyword}: ${shorten(JSON.stringify(value))}, expected ${rule.expected}`);
    }
  }
}

/** Whether a keyword is an annotation at this place in a schema. */
export function isAnnotation(keyword: string, schema: SchemaObject): boolean {
  if (isNameOfSchema(keyword)) return !hasReference(schema);
  return annotations.has(keyword) || keyword.startsWith('x-');
}

/** The error of a malformed schema, or of one that no value can meet. */
export function badSchema(problem: string, suggestion?: string): ToolkitError {
  const suggestions = suggestion === undefined ? [] : [suggestion];
  return new ToolkitError('BAD_SCHEMA', `schema: ${problem}`, { suggestions });
}

/** A schema that asks for something that is not enforced. */
export function unsupported(problem: string, suggestion: string): ToolkitError {
  return new ToolkitError('UNSUPPORTED_SCHEMA', `schema: ${problem}`, { suggestions: [suggestion] });
}

/** `$id`, and `id` before draft 6. */
function isNameOfSchema(keyword: string): boolean {
  return keyword === '$id' || keyword === 'id';
}

/** Whether anything within the schema refers elsewhere: an `$id` changes what that means. */
function hasReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => name === '$ref' || hasReference(inner));
}

function notEnforced(keyword: string, pointer: string): ToolkitError {
  const problem = `${pointer}: the keyword ${keyword} is not enforced`;
  const remedy = refused.get(keyword);
  if (remedy !== undefined) return unsupported(problem, remedy);
  return unsupported(problem, `take it out, or write one of ${Object.keys(enforced).join(', ')}`);
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
