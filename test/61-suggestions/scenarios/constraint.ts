// Schemas and patterns that are refused, and what their words of advice make of them.

import { jsonSchema, regex } from '@llama-ts/runtime';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const followed = new Set<Situation>();

/** A refused schema, and the one that a user writes who follows the suggestion that matches. */
type Row = readonly [code: string, words: RegExp, refused: unknown, written: unknown];

function scenarioOf(make: (source: never) => unknown, [code, words, refused, written]: Row): Scenario {
  return {
    title: `the constraint that is told to ${words.source.replace(/^\^|\\/g, '')}`,
    code,
    prepare: (s) => s.defer(() => followed.delete(s)),
    call: (s) => make((followed.has(s) ? written : refused) as never),
    acts: [[words, (s) => void followed.add(s)]],
  };
}

const letter = { type: 'string', pattern: '^[a-z]$' };
const deep = (levels: number): unknown => {
  let schema: unknown = { type: 'null' };
  for (let i = 0; i < levels; i++) schema = { type: 'array', items: schema };
  return schema;
};
const shared = (levels: number): unknown => {
  let schema: unknown = {};
  for (let i = 0; i < levels; i++) schema = { anyOf: [schema, schema] };
  return schema;
};
const chain = (length: number): object => {
  const $defs: Record<string, object> = { [`d${length}`]: { type: 'integer' } };
  for (let i = 0; i < length; i++) $defs[`d${i}`] = { $ref: `#/$defs/d${i + 1}` };
  return $defs;
};
const $defs = { name: letter };
const named = { $defs, $ref: '#/$defs/name' };
const choices = (n: number): unknown => ({
  allOf: Array.from({ length: n }, (_, i) => ({
    anyOf: [`a${i}`, `b${i}`].map((name) => ({ required: [name], properties: { [name]: { const: 1 } } })),
  })),
});

const words = (n: number): string[] => Array.from({ length: n }, (_, i) => `a rather long word ${i * 7919}`);

const schemas: readonly Row[] = [
  ['BAD_SCHEMA', /^take a smaller minItems/, unique({ minItems: 3 }), unique({ minItems: 2 })],
  ['BAD_SCHEMA', /^write both halves of the character/, { const: '\ud83d' }, { const: '\ud83d\ude00' }],
  ['BAD_SCHEMA', /^put what it refers to under \$defs/, { $ref: '#/$defs/a' }, named],
  ['BAD_SCHEMA', /^refer to it from a property/, { $ref: '#' }, { type: 'object', properties: { a: { $ref: '#' } } }],
  [
    'BAD_SCHEMA',
    /^look for bounds that exclude each other/,
    { type: 'integer', minimum: 3, maximum: 2 },
    { type: 'integer', minimum: 2, maximum: 3 },
  ],
  ['UNSUPPORTED_SCHEMA', /^write \$ref to/, { $defs, $dynamicRef: '#name' }, named],
  [
    'UNSUPPORTED_SCHEMA',
    /^take it out here, and refer by/,
    { $defs, properties: { a: { $id: 'x', items: { $ref: '#/$defs/name' } } } },
    { $defs, properties: { a: { items: { $ref: '#/$defs/name' } } } },
  ],
  ['UNSUPPORTED_SCHEMA', /^take it out, or write one of .*minLength/, { minLenght: 3 }, { minLength: 3 }],
  [
    'UNSUPPORTED_SCHEMA',
    /^leave it out, and drop repeated items afterwards/,
    { type: 'array', uniqueItems: true },
    { type: 'array' },
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /; or give the items 128 values at most, by an enum or as integers with minimum and maximum$/,
    { type: 'array', uniqueItems: true, items: { type: 'integer' } },
    { type: 'array', uniqueItems: true, items: { type: 'integer', minimum: 1, maximum: 128 } },
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /^put what it refers to under \$defs, and refer to it by/,
    { $ref: 'https://example.com/schema' },
    named,
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /^write prefixItems for the items there must be/,
    { type: 'array', contains: { const: 1 }, allOf: [{ contains: { const: 2 } }] },
    { type: 'array', prefixItems: [{ const: 1 }, { const: 2 }], minItems: 2 },
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /^take it out, and look for repeated items afterwards/,
    { type: 'array', uniqueItems: true, prefixItems: [{}], items: {} },
    { type: 'array', prefixItems: [{}], items: {} },
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /^leave it out there: the values are listed anyway/,
    { enum: [{ a: 1 }], unevaluatedProperties: false },
    { enum: [{ a: 1 }] },
  ],
  ['UNSUPPORTED_SCHEMA', /^say what values are/, { not: { const: { a: 1 } } }, { type: 'string' }],
  [
    'UNSUPPORTED_SCHEMA',
    /^write anyOf, or give the options/,
    { oneOf: [{ uniqueItems: true, maxItems: 1 }, { format: 'iri' }] },
    { anyOf: [{ type: 'array', maxItems: 1 }, letter] },
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /^write minimum and maximum/,
    { type: 'integer', format: 'percent' },
    { type: 'integer', minimum: 0, maximum: 100 },
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /^leave it out, or give decimals/,
    { type: 'number', multipleOf: 0.123456 },
    { type: 'number' },
  ],
  [
    'UNSUPPORTED_SCHEMA',
    /^write a pattern beside it/,
    { type: 'string', format: 'iri' },
    { type: 'string', format: 'iri', pattern: '^[a-z]+:' },
  ],
  [
    'LIMIT_EXCEEDED',
    /^take inner levels into \$defs/,
    deep(20_000),
    { $ref: '#/$defs/list', $defs: { list: { type: 'array', items: { $ref: '#/$defs/list' } } } },
  ],
  ['LIMIT_EXCEEDED', /^take parts that repeat into \$defs/, shared(40), named],
  [
    'LIMIT_EXCEEDED',
    /^refer to the last of a chain/,
    { $defs: chain(5000), $ref: '#/$defs/d0', const: 1 },
    { $defs: chain(5000), $ref: '#/$defs/d5000', const: 1 },
  ],
  [
    'LIMIT_EXCEEDED',
    /^take smaller counts: maxLength/,
    { type: 'string', pattern: '(a|b).{18}$' },
    { type: 'string', pattern: '(a|b).{2}$' },
  ],
  ['LIMIT_EXCEEDED', /^take fewer alternatives/, choices(20), choices(2)],
  ['LIMIT_EXCEEDED', /^take fewer and shorter constants/, { enum: words(200_000) }, { enum: words(20) }],
];

const patterns: readonly Row[] = [
  ['BAD_PATTERN', /^write it with characters/, '\\bword', 'word'],
  ['BAD_PATTERN', /^take out anchors/, 'a$b', 'ab'],
  ['LIMIT_EXCEEDED', /^take smaller counts in/, '.{100000}', '.*'],
  ['LIMIT_EXCEEDED', /^take out parentheses/, `${'('.repeat(20_000)}a${')'.repeat(20_000)}`, 'a'],
  ['LIMIT_EXCEEDED', /^take classes and counts/, 'a'.repeat(2_000_000), 'a{2000}'],
];

export const constraintScenarios: readonly Scenario[] = [
  ...schemas.map((row) => scenarioOf(jsonSchema, row)),
  ...patterns.map((row) => scenarioOf(regex, row)),
];

function unique(more: object): object {
  return { type: 'array', items: { enum: [1, 2] }, uniqueItems: true, ...more };
}
