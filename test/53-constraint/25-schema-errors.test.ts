import assert from 'node:assert/strict';
import { jsonSchema } from '@llama-ts/runtime';
import { isWhole } from './support.js';

describe('a JSON schema that cannot be enforced', () => {
  const unsupported: readonly (readonly [object, RegExp])[] = [
    [{ type: 'array', uniqueItems: true }, /#\/uniqueItems: of items that are neither/],
    [{ type: 'array', uniqueItems: true, prefixItems: [{}], items: {} }, /#\/uniqueItems: together with/],
    [{ not: { uniqueItems: true } }, /#\/not: that uniqueItems does not hold/],
    [{ not: { const: { a: 1 } } }, /#\/not: that const does not hold/],
    [{ type: 'array', contains: { const: 1 }, allOf: [{ contains: { const: 2 } }] }, /a second contains/],
    [{ minLenght: 3 }, /keyword minLenght/],
    [{ constructor: 3 }, /keyword constructor/],
    [{ properties: { 'a/b~c': { $dynamicRef: '#a' } } }, /#\/properties\/a~1b~0c: the keyword \$dynamicRef/],
    [{ format: 'iri' }, /#\/format: "iri"/],
    [{ type: 'string', format: 'emoji', pattern: '^\\ud83d\\ude00$', not: { format: 'iri' } }, /#\/not/],
    [{ type: 'integer', format: 'percent' }, /#\/format: "percent"/],
    [{ type: 'number', multipleOf: 0.123456 }, /#\/multipleOf: 0.123456/],
    [{ $ref: 'https://example.com/schema' }, /#\/\$ref/],
    [{ $ref: '#name' }, /#\/\$ref/],
    [{ properties: { a: { $id: 'x', items: { $ref: '#' } } } }, /#\/properties\/a: the keyword \$id/],
    [{ oneOf: [{ uniqueItems: true, maxItems: 1 }, { format: 'iri' }] }, /oneOf: .*#\/oneOf\/0 and #\/oneOf\/1/],
  ];
  for (const [schema, message] of unsupported) {
    it(`is refused with the keyword at fault: ${JSON.stringify(schema)}`, () => {
      assert.throws(
        () => jsonSchema(schema),
        (error: Error & { code: string; suggestions: string[] }) => {
          assert.equal(error.code, 'UNSUPPORTED_SCHEMA');
          assert.match(error.message, message);
          assert.equal(error.suggestions.length, 1);
          return true;
        },
      );
    });
  }

  const bad: readonly (readonly [unknown, RegExp])[] = [
    [3, /3, expected an object/],
    [null, /null, expected an object/],
    [undefined, /expected an object/],
    [{ type: 'text' }, /#\/type: "text", expected one of null/],
    [{ minLength: -1 }, /#\/minLength: -1, expected a whole number/],
    [{ required: 'a' }, /#\/required/],
    [{ properties: { a: 1 } }, /#\/properties/],
    [{ anyOf: [] }, /#\/anyOf/],
    [{ $ref: '#/$defs/a' }, /refers to no schema/],
    [{ $ref: '#' }, /refers to itself/],
    [{ anyOf: [{ $ref: '#' }, {}] }, /refers to itself/],
    [{ anyOf: [{ $ref: '#/$defs/a' }], $defs: { a: { oneOf: [{ allOf: [{ $ref: '#' }] }] } } }, /refers to itself/],
    [false, /no value meets it/],
    [{ type: 'integer', minimum: 3, maximum: 2 }, /no value/],
    [{ type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 4 }, /no value/],
    [{ type: 'string', minLength: 3, maxLength: 2 }, /no value/],
    [{ type: 'string', pattern: '^a{5}$', maxLength: 4 }, /no value/],
    [{ type: 'object', required: ['a'], additionalProperties: false }, /no value/],
    [{ type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }, /no value/],
    [{ type: 'array', items: false, minItems: 1 }, /no value/],
    [{ enum: [1, 2], type: 'string' }, /no value/],
    [{ not: {} }, /no value/],
    [{ not: { $ref: '#' } }, /refers to itself/],
    [{ const: '\ud83d' }, /#\/const: .* lone surrogate/],
    [{ enum: ['a\ude00'] }, /#\/enum\/0: .* lone surrogate/],
    [{ properties: { '\ud83d': {} } }, /lone surrogate/],
    [{ type: 'array', items: { enum: [1, 2] }, uniqueItems: true, minItems: 3 }, /uniqueItems of 2 different items/],
    [{ type: 'object', propertyNames: { enum: ['a', 'b'] }, minProperties: 3 }, /no value/],
    [{ allOf: [{ const: 1 }, { const: 2 }] }, /no value/],
  ];
  for (const [schema, message] of bad) {
    it(`is refused as malformed or as impossible to meet: ${JSON.stringify(schema)}`, () => {
      assert.throws(() => jsonSchema(schema), { code: 'BAD_SCHEMA', message });
    });
  }

  it('is refused when it holds a bigint or itself', () => {
    assert.throws(() => jsonSchema({ minimum: 1n }), { code: 'BAD_SCHEMA', message: /#\/minimum: a bigint/ });
    const loop: { properties: object } = { properties: {} };
    loop.properties = loop;
    assert.throws(() => jsonSchema(loop), { code: 'BAD_SCHEMA' });
  });

  it('is refused with its pattern when that is at fault', () => {
    assert.throws(() => jsonSchema({ pattern: '(?<=a)' }), { code: 'BAD_PATTERN' });
    assert.throws(() => jsonSchema({ pattern: '^\\ud83d$' }), { code: 'BAD_PATTERN' });
    assert.throws(() => jsonSchema({ pattern: 'a', maxLength: 100_000 }), { code: 'LIMIT_EXCEEDED' });
  });
});

describe('the grammar of a JSON schema', () => {
  it('treats an empty prefixItems as absent', () => {
    const constraint = jsonSchema({ type: 'array', items: [], additionalItems: { const: 1 } });
    assert(isWhole(constraint, '[]') && isWhole(constraint, '[1,1]') && !isWhole(constraint, '[2]'));
  });

  it('drops what no answer can complete: an optional property, an option, later items', () => {
    const endless = { type: 'object', properties: { again: { $ref: '#/$defs/endless' } }, required: ['again'] };
    const schema = {
      anyOf: [
        { $ref: '#/$defs/endless' },
        { type: 'object', properties: { a: { $ref: '#/$defs/endless' }, b: { const: 1 } } },
      ],
      $defs: { endless },
    };
    const constraint = jsonSchema(schema);
    assert(isWhole(constraint, '{"b":1}') && isWhole(constraint, '{}'));
    assert(!isWhole(constraint, '{"a":{"again":1}}'));
    assert(isWhole(jsonSchema({ type: 'array', prefixItems: [{ const: 1 }], items: false }), '[1]'));
  });

  it('follows references to themselves to any depth', () => {
    const constraint = jsonSchema({
      type: 'object',
      properties: { v: { type: 'integer' }, next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['v', 'next'],
    });
    assert(isWhole(constraint, '{"v":1,"next":{"v": 2, "next":{"v":3,"next":null}}}'));
    assert(!isWhole(constraint, '{"v":1,"next":{"v": 2, "next":{"v":3,"next":[]}}}'));
  });

  it('allows properties in their order, named ones before others, and at most one space after comma and colon', () => {
    const constraint = jsonSchema({
      type: 'object',
      properties: { b: { const: 1 }, a: { const: 2 } },
      additionalProperties: { const: 3 },
    });
    assert(isWhole(constraint, '{"b":1, "a": 2,"c":3}'));
    for (const text of [
      '{"a":2,"b":1}',
      '{"c":3,"a":2}',
      '{ "a":2}',
      '{"a" :2}',
      '{"a":  2}',
      '{"a":2} ',
      ' {}',
      '{"c":3,"c":3}',
    ]) {
      assert(!isWhole(constraint, text), text);
    }
  });

  it('counts characters, not bytes or escapes', () => {
    const constraint = jsonSchema({ type: 'string', minLength: 2, maxLength: 2 });
    for (const text of ['"ab"', '"😀é"', '"\\"\\n"', '"\\u0001a"']) assert(isWhole(constraint, text), text);
    for (const text of ['"a"', '"abc"', '"\\ud83d\\ude00a"', '"\\u0061b"']) assert(!isWhole(constraint, text), text);
  });

  it('compares numbers with their bounds to the last digit', () => {
    const constraint = jsonSchema({ type: 'number', exclusiveMinimum: 0.1, maximum: 12.5 });
    for (const text of ['0.11', '0.10000000000000002', '1', '12.5', '12.50', '9.99'])
      assert(isWhole(constraint, text), text);
    for (const text of ['0.1', '0.100000000000000001', '12.51', '12.500000000000001', '13', '-1', '01', '1.']) {
      assert(!isWhole(constraint, text), text);
    }
    const whole = jsonSchema({ type: 'integer', exclusiveMinimum: -12, maximum: 105 });
    for (let i = -130; i <= 1100; i++) assert.equal(isWhole(whole, String(i)), i > -12 && i <= 105, String(i));
    assert(!isWhole(whole, '-0'));
    for (const [min, max] of [
      [-128, 127],
      [-8, 7],
      [-15, 17],
      [-9, 9],
    ] as const) {
      const around = jsonSchema({ type: 'integer', minimum: min, maximum: max });
      for (let i = -200; i <= 200; i++) assert.equal(isWhole(around, String(i)), i >= min && i <= max, String(i));
    }
  });
});
