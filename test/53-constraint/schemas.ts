// Twenty schemas, each keyword in one at least, of values that come to an end: lengths, items and depth are bounded.

const text = { type: 'string', maxLength: 12 } as const;

export const schemas: Readonly<Record<string, object | boolean>> = {
  person: {
    type: 'object',
    properties: { name: text, age: { type: 'integer', minimum: 0, maximum: 150 }, isAdmin: { type: 'boolean' } },
    required: ['name', 'age'],
    additionalProperties: false,
  },
  'optional properties': {
    type: 'object',
    properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 }, d: { const: 4 } },
    required: ['c'],
    minProperties: 2,
    maxProperties: 3,
  },
  'other properties': {
    type: 'object',
    properties: { id: { type: 'integer', minimum: 1, maximum: 9 } },
    required: ['id'],
    additionalProperties: { type: 'boolean' },
    minProperties: 3,
    maxProperties: 5,
  },
  'required but not declared': { required: ['x', 'y'], maxProperties: 2, additionalProperties: { enum: [1, 2] } },
  numbers: {
    type: 'array',
    items: { type: 'number', exclusiveMinimum: -1.5, maximum: 2.25 },
    minItems: 1,
    maxItems: 4,
  },
  'numbers of any size': { type: 'array', items: { type: 'number' }, maxItems: 3 },
  integers: { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 3 },
  multiples: { type: 'array', items: { type: 'integer', multipleOf: 7, minimum: -100, maximum: 1000 }, maxItems: 5 },
  tuple: {
    type: 'array',
    prefixItems: [{ type: 'null' }, { type: 'boolean' }, text],
    items: { enum: ['x', 'y'] },
    minItems: 2,
    maxItems: 6,
  },
  enumeration: { enum: ['red', 'grün', '青', '😀', 1, -2.5, null, true, { a: [1] }, '"\\\n\u0001'] },
  'enumeration of a type': { enum: ['a', 'bbb', 'ccccc', 3, null], type: ['string', 'null'], maxLength: 3 },
  pattern: { type: 'string', pattern: '^([A-Z]{2}-\\d{4}|[^\\x00-\\u{fff}]{1,3}|\\\\"+)$', maxLength: 9 },
  'part of a pattern': { type: 'string', pattern: 'ab|^c|d$', minLength: 1, maxLength: 5 },
  lengths: { type: 'array', items: { type: 'string', minLength: 2, maxLength: 4 }, maxItems: 2 },
  formats: {
    type: 'object',
    properties: Object.fromEntries(
      ['date', 'time', 'date-time', 'duration', 'ipv4', 'ipv6', 'uuid'].map((format) => [
        format,
        { type: 'string', format },
      ]),
    ),
    required: ['date-time', 'uuid', 'date'],
  },
  addresses: {
    type: 'array',
    prefixItems: [
      { type: 'string', format: 'email', maxLength: 60 },
      { type: 'string', format: 'hostname', maxLength: 40 },
      { type: 'string', format: 'uri', maxLength: 40 },
    ],
    minItems: 3,
  },
  alternatives: {
    anyOf: [
      {
        type: 'object',
        properties: { kind: { const: 'circle' }, r: { type: 'integer', minimum: 0, maximum: 9 } },
        required: ['kind', 'r'],
      },
      {
        type: 'object',
        properties: { kind: { const: 'line' }, to: { $ref: '#/$defs/point' } },
        required: ['kind', 'to'],
      },
      { $ref: '#/$defs/point' },
    ],
    $defs: { point: { type: 'array', items: { type: 'integer', minimum: -9, maximum: 9 }, minItems: 2, maxItems: 2 } },
  },
  'one of': {
    oneOf: [
      { type: 'object', properties: { op: { const: 'add' }, n: { enum: [1, 2] } }, required: ['op', 'n'] },
      { type: 'object', properties: { op: { enum: ['drop', 'clear'] } }, required: ['op'] },
      { type: 'integer', minimum: 10, maximum: 20 },
      { type: 'integer', minimum: 21, maximum: 29 },
      { type: 'string', maxLength: 2 },
      { type: 'string', minLength: 3, maxLength: 3 },
    ],
  },
  'all of': {
    allOf: [
      { type: 'object', properties: { a: { type: ['integer', 'string'], maxLength: 3 } }, required: ['a'] },
      { properties: { a: { minimum: 5, maximum: 7 }, b: { $ref: '#/$defs/short' } }, required: ['b'] },
    ],
    properties: { b: { minLength: 1 } },
    $defs: { short: { type: 'string', maxLength: 3 } },
  },
  tree: {
    $ref: '#/$defs/node0',
    $defs: {
      node0: {
        type: 'object',
        properties: { v: { enum: [0, 1] }, kids: { type: 'array', items: { $ref: '#/$defs/node1' }, maxItems: 2 } },
        required: ['v'],
      },
      node1: {
        type: 'object',
        properties: { v: { enum: [2, 3] }, kid: { anyOf: [{ $ref: '#/$defs/leaf' }, { type: 'null' }] } },
        required: ['v', 'kid'],
      },
      leaf: { type: 'boolean' },
    },
  },
};
