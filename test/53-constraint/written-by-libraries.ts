// Schemas as pydantic 2 writes them (model_json_schema), and as drafts and OpenAPI spell what later drafts spell otherwise.

/** A schema, values that meet it as answers spell them, and values that do not. */
export interface WrittenSchema {
  readonly schema: object;
  /** The same for ajv, where that reads draft 2020-12 alone. */
  readonly plain?: object;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

const cat = {
  type: 'object',
  title: 'Cat',
  properties: { kind: { const: 'cat', title: 'Kind', type: 'string' }, lives: { type: 'integer', title: 'Lives' } },
  required: ['kind', 'lives'],
};
const dog = {
  type: 'object',
  title: 'Dog',
  properties: { kind: { const: 'dog', default: 'dog', title: 'Kind', type: 'string' }, name: { type: 'string' } },
  required: ['kind', 'name'],
};

export const writtenSchemas: Readonly<Record<string, WrittenSchema>> = {
  'pydantic: Optional, defaults and descriptions': {
    schema: {
      title: 'User',
      description: 'A user.',
      type: 'object',
      properties: {
        name: { title: 'Name', type: 'string', minLength: 1, maxLength: 10, examples: ['Ada'] },
        age: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }], default: null, title: 'Age' },
      },
      required: ['name'],
    },
    good: [{ name: 'Ada' }, { name: 'Ada', age: null }, { name: 'Ada', age: 3 }],
    bad: [{}, { name: '' }, { name: 'Ada', age: -1 }, { name: 'Ada', age: '3' }],
  },
  'pydantic: a discriminated union': {
    schema: {
      $defs: { Cat: cat, Dog: dog },
      type: 'object',
      properties: {
        pet: {
          discriminator: { mapping: { cat: '#/$defs/Cat', dog: '#/$defs/Dog' }, propertyName: 'kind' },
          oneOf: [{ $ref: '#/$defs/Cat' }, { $ref: '#/$defs/Dog' }],
          title: 'Pet',
        },
      },
      required: ['pet'],
    },
    good: [{ pet: { kind: 'cat', lives: 9 } }, { pet: { kind: 'dog', name: 'x' } }],
    bad: [{ pet: { kind: 'cat', name: 'x' } }, { pet: { kind: 'cow' } }],
  },
  'pydantic: Literal, Enum, constr, conint, conlist': {
    schema: {
      $defs: { Color: { enum: ['red', 'blue'], title: 'Color', type: 'string' } },
      type: 'object',
      properties: {
        mode: { enum: ['a', 'b', 3], title: 'Mode' },
        color: { allOf: [{ $ref: '#/$defs/Color' }], default: 'red' },
        code: { type: 'string', pattern: '^[A-Z]{2}$', title: 'Code' },
        n: { type: 'integer', exclusiveMinimum: 0, maximum: 10, multipleOf: 5 },
        list: { type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 2 },
      },
      required: ['mode', 'color', 'code', 'n', 'list'],
      additionalProperties: false,
    },
    good: [{ mode: 3, color: 'red', code: 'AB', n: 10, list: [true] }],
    bad: [
      { mode: 4, color: 'red', code: 'AB', n: 10, list: [true] },
      { mode: 3, color: 'red', code: 'ABC', n: 10, list: [true] },
      { mode: 3, color: 'red', code: 'AB', n: 7, list: [true] },
      { mode: 3, color: 'red', code: 'AB', n: 10, list: [] },
    ],
  },
  'pydantic: Dict with a pattern for its keys, Tuple, Set': {
    schema: {
      type: 'object',
      properties: {
        map: { type: 'object', patternProperties: { '^x_': { type: 'integer' } }, title: 'Map' },
        pair: { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }], minItems: 2, maxItems: 2 },
        tags: { type: 'array', items: { type: 'string' }, uniqueItems: true },
        flags: { type: 'array', items: { enum: ['a', 'b', 'c'], type: 'string' }, uniqueItems: true, minItems: 2 },
      },
      required: ['map', 'pair', 'tags', 'flags'],
    },
    good: [
      { map: { x_a: 1, x_: 2 }, pair: [1, 'a'], tags: ['a', 'aa', 'b'], flags: ['c', 'a'] },
      { map: {}, pair: [1, 'a'], tags: [], flags: ['c', 'a', 'b'] },
    ],
    bad: [
      { map: { x_a: 'b' }, pair: [1, 'a'], tags: [], flags: ['a', 'b'] },
      { map: {}, pair: [1], tags: [], flags: ['a', 'b'] },
      { map: {}, pair: [1, 'a'], tags: ['a', 'b', 'a'], flags: ['a', 'b'] },
      { map: {}, pair: [1, 'a'], tags: [], flags: ['a', 'a'] },
      { map: {}, pair: [1, 'a'], tags: [], flags: ['a'] },
    ],
  },
  'pydantic: datetime, UUID, Decimal, bytes, timedelta, SecretStr, Path': {
    schema: {
      type: 'object',
      properties: {
        at: { type: 'string', format: 'date-time' },
        id: { type: 'string', format: 'uuid4' },
        price: {
          anyOf: [{ type: 'number' }, { type: 'string', pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$' }],
        },
        raw: { type: 'string', format: 'binary' },
        wait: { type: 'string', format: 'duration' },
        secret: { type: 'string', format: 'password', writeOnly: true },
        path: { type: 'string', format: 'path' },
      },
      required: ['at', 'id', 'price', 'raw', 'wait', 'secret', 'path'],
    },
    good: [
      {
        at: '2024-02-29T10:00:00Z',
        id: '00000000-0000-4000-8000-000000000000',
        price: '1.50',
        raw: '',
        wait: 'PT1H',
        secret: 'x',
        path: '/a',
      },
    ],
    bad: [
      {
        at: '2023-02-29T10:00:00Z',
        id: '00000000-0000-4000-8000-000000000000',
        price: '1',
        raw: '',
        wait: 'PT1H',
        secret: 'x',
        path: '/a',
      },
      {
        at: '2024-02-29T10:00:00Z',
        id: '00000000-0000-4000-8000-000000000000',
        price: '-.',
        raw: '',
        wait: 'PT1H',
        secret: 'x',
        path: '/a',
      },
    ],
  },
  'pydantic: a recursive model': {
    schema: {
      $defs: {
        Node: {
          type: 'object',
          properties: {
            value: { enum: [1, 2] },
            kids: { type: 'array', items: { $ref: '#/$defs/Node' }, default: [], maxItems: 1 },
          },
          required: ['value'],
        },
      },
      $ref: '#/$defs/Node',
    },
    good: [{ value: 1 }, { value: 1, kids: [{ value: 2, kids: [] }] }],
    bad: [{ value: 3 }, { value: 1, kids: [{ value: 3 }] }],
  },
  'draft 7: tuples, definitions, dependencies, if': {
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'https://example.com/order',
      definitions: { size: { $id: '#size', type: 'integer', minimum: 1, maximum: 3 } },
      type: 'object',
      properties: {
        kind: { enum: ['box', 'bag'] },
        pair: {
          type: 'array',
          items: [{ $ref: '#/definitions/size' }, { const: 'x' }],
          additionalItems: false,
          minItems: 2,
        },
        none: { type: 'array', items: { const: 1 }, additionalItems: false },
        card: { const: 1 },
        zip: { const: 2 },
      },
      dependencies: { card: ['zip'] },
      if: { properties: { kind: { const: 'box' } }, required: ['kind'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ['pair'] },
      else: { required: ['none'] },
      required: ['kind'],
      additionalProperties: false,
    },
    good: [
      { kind: 'box', pair: [1, 'x'] },
      { kind: 'bag', none: [1, 1] },
      { kind: 'bag', none: [], card: 1, zip: 2 },
    ],
    bad: [
      { kind: 'box' },
      { kind: 'bag', pair: [1, 'x'] },
      { kind: 'bag', none: [], card: 1 },
      { kind: 'box', pair: [1] },
    ],
  },
  'OpenAPI 3.0: nullable, exclusive bounds that are true, int32': {
    schema: {
      type: 'object',
      properties: {
        a: { type: 'string', nullable: true, maxLength: 3, example: 'x' },
        b: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 2, exclusiveMaximum: false },
        c: { type: 'integer', format: 'int32', xml: { name: 'c' } },
      },
      required: ['a', 'b', 'c'],
    },
    plain: {
      type: 'object',
      properties: {
        a: { type: ['string', 'null'], maxLength: 3 },
        b: { type: 'number', exclusiveMinimum: 0, maximum: 2 },
        c: { type: 'integer', minimum: -2147483648, maximum: 2147483647 },
      },
      required: ['a', 'b', 'c'],
    },
    good: [
      { a: null, b: 0.5, c: 2147483647 },
      { a: 'abc', b: 2, c: -1 },
    ],
    bad: [
      { a: null, b: 0, c: 1 },
      { a: null, b: 1, c: 2147483648 },
      { a: 'abcd', b: 1, c: 1 },
    ],
  },
  'not, in strings, numbers and objects': {
    schema: {
      type: 'object',
      properties: {
        word: { type: 'string', pattern: '^[a-c]{1,3}$', not: { enum: ['a', 'b', 'abc'] } },
        n: { type: 'integer', minimum: 0, maximum: 9, not: { anyOf: [{ const: 5 }, { minimum: 7, maximum: 8 }] } },
        x: { type: 'number', minimum: 0, maximum: 1, not: { enum: [0.5] } },
        y: { not: { type: ['object', 'array', 'string', 'number', 'null'] } },
      },
      required: ['word', 'n', 'x', 'y'],
      not: { properties: { n: { const: 1 }, word: { const: 'c' } }, required: ['n', 'word'] },
    },
    good: [
      { word: 'c', n: 0, x: 0.25, y: true },
      { word: 'aa', n: 1, x: 1, y: false },
    ],
    bad: [
      { word: 'a', n: 0, x: 0, y: true },
      { word: 'aa', n: 5, x: 0, y: true },
      { word: 'aa', n: 7, x: 0, y: true },
      { word: 'aa', n: 0, x: 0.5, y: true },
      { word: 'aa', n: 0, x: 0, y: 'a' },
      { word: 'c', n: 1, x: 0, y: true },
    ],
  },
  'contains, with least and most': {
    schema: {
      type: 'object',
      properties: {
        a: { type: 'array', items: { enum: [1, 2] }, contains: { const: 2 }, maxItems: 4 },
        b: {
          type: 'array',
          items: { enum: [1, 2, 3] },
          contains: { const: 2 },
          minContains: 2,
          maxContains: 3,
          maxItems: 5,
        },
        c: {
          type: 'array',
          prefixItems: [{ const: 1 }],
          items: { const: 2 },
          contains: { const: 2 },
          minContains: 0,
          maxItems: 3,
        },
      },
      required: ['a', 'b', 'c'],
    },
    good: [
      { a: [1, 1, 1, 2], b: [2, 1, 2, 3, 3], c: [1] },
      { a: [2], b: [2, 2, 2], c: [] },
    ],
    bad: [
      { a: [1], b: [2, 2], c: [] },
      { a: [2], b: [2], c: [] },
      { a: [2], b: [2, 2, 2, 2], c: [] },
      { a: [1, 1, 1, 1], b: [2, 2], c: [] },
    ],
  },
  'names of properties': {
    schema: {
      type: 'object',
      properties: {
        a: {
          type: 'object',
          propertyNames: { pattern: '^(x|xy)$' },
          additionalProperties: { const: 1 },
          minProperties: 1,
        },
        b: {
          type: 'object',
          propertyNames: { maxLength: 2, not: { const: 'ab' } },
          additionalProperties: { const: 1 },
          maxProperties: 3,
        },
        c: {
          type: 'object',
          propertyNames: { anyOf: [{ enum: ['q'] }, { pattern: '^z+$' }] },
          additionalProperties: { const: 1 },
          maxProperties: 3,
        },
        d: {
          type: 'object',
          properties: { s: { const: 0 } },
          patternProperties: { '^s': { type: 'integer', maximum: 9, minimum: 0 }, e$: { enum: [1, 2] } },
          additionalProperties: { const: null },
          maxProperties: 3,
        },
      },
      required: ['a', 'b', 'c', 'd'],
    },
    good: [
      { a: { x: 1, xy: 1 }, b: { a: 1, bb: 1 }, c: { q: 1, zz: 1, z: 1 }, d: { s: 0, se: 2, other: null } },
      { a: { xy: 1 }, b: {}, c: {}, d: { sf: 9, e: 1 } },
    ],
    bad: [
      { a: {}, b: {}, c: {}, d: {} },
      { a: { y: 1 }, b: {}, c: {}, d: {} },
      { a: { x: 1 }, b: { ab: 1 }, c: {}, d: {} },
      { a: { x: 1 }, b: { abc: 1 }, c: {}, d: {} },
      { a: { x: 1 }, b: {}, c: { zq: 1 }, d: {} },
      { a: { x: 1 }, b: {}, c: {}, d: { se: 3 } },
      { a: { x: 1 }, b: {}, c: {}, d: { other: 1 } },
    ],
  },
  'oneOf whose options overlap': {
    schema: {
      type: 'object',
      properties: {
        a: {
          oneOf: [
            { type: 'number', minimum: 0, maximum: 3 },
            { type: 'integer', minimum: 2, maximum: 5 },
          ],
        },
        b: {
          type: 'object',
          properties: { p: { const: 1 }, q: { const: 2 } },
          oneOf: [{ required: ['p'] }, { required: ['q'] }],
        },
        c: { oneOf: [{ type: 'string', maxLength: 3 }, { enum: ['ab', 'abcd', 1] }] },
      },
      required: ['a', 'b', 'c'],
    },
    good: [
      { a: 1, b: { p: 1 }, c: 'a' },
      { a: 4, b: { q: 2 }, c: 1 },
      { a: 2.5, b: { p: 1 }, c: 'abcd' },
    ],
    bad: [
      { a: 2, b: { p: 1 }, c: 'a' },
      { a: 1, b: { p: 1, q: 2 }, c: 'a' },
      { a: 1, b: {}, c: 'a' },
      { a: 1, b: { p: 1 }, c: 'ab' },
    ],
  },
  'unevaluated properties and items': {
    schema: {
      type: 'object',
      allOf: [{ properties: { a: { const: 1 } } }],
      anyOf: [
        { properties: { b: { const: 2 } }, required: ['b'] },
        { properties: { c: { const: 3 } }, required: ['c'] },
      ],
      properties: {
        d: { type: 'array', allOf: [{ prefixItems: [{ const: 1 }] }], unevaluatedItems: false },
        e: { type: 'array', prefixItems: [{ const: 1 }], unevaluatedItems: { const: 2 }, maxItems: 3 },
      },
      unevaluatedProperties: false,
    },
    good: [{ b: 2 }, { a: 1, c: 3 }, { d: [1], b: 2 }, { e: [1, 2, 2], c: 3 }],
    bad: [{}, { b: 2, x: 1 }, { b: 2, d: [1, 2] }, { b: 2, e: [1, 1] }],
  },
  'dependent schemas, anchors and decimals': {
    schema: {
      $id: 'https://example.com/a',
      $defs: { n: { $anchor: 'cent', type: 'number', multipleOf: 0.01, minimum: 0, maximum: 10 } },
      type: 'object',
      properties: {
        p: { $ref: '#cent' },
        q: { $ref: 'https://example.com/a#/$defs/n' },
        h: { type: 'number', multipleOf: 2.5, minimum: 0, maximum: 10 },
      },
      dependentSchemas: { p: { required: ['q'] } },
      dependentRequired: { h: ['p'] },
    },
    good: [{ p: 0.25, q: 1 }, {}, { q: 9.99 }, { p: 0.5, q: 10, h: 7.5 }],
    bad: [{ p: 0.25 }, { q: 0.255 }, { h: 2.5 }, { p: 1, q: 1, h: 2 }],
  },
};
