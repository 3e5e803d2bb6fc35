import assert from 'node:assert/strict';
import { jsonSchema, jsonSchemaInTurns } from '@llama-ts/runtime';
import { runCosts } from '../helpers/run-costs.js';
import { isWhole } from './support.js';

/** Schemas and patterns each; the long run is node scripts/fuzz/fuzz-costs.mjs schemas 10000, and patterns. */
const COUNT = Number(process.env.LLAMA_TEST_COSTS ?? 40);

/** A schema of definitions that each refer to the next one twice. */
function doubling(keyword: string, n: number): object {
  const $defs: Record<string, object> = { [`d${n}`]: { type: 'integer' } };
  for (let i = 0; i < n; i++)
    $defs[`d${i}`] = { [keyword]: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] };
  return { $defs, $ref: '#/$defs/d0' };
}

describe('the cost of compiling a constraint', () => {
  for (const keyword of ['anyOf', 'allOf']) {
    it(`is small for a chain of ${keyword} with equal references, which describes an integer`, () => {
      for (const n of [24, 1000]) {
        const constraint = jsonSchema(doubling(keyword, n));
        assert(isWhole(constraint, '12') && !isWhole(constraint, '"a"'));
      }
    });
  }

  it('is small for equal parts at any places', () => {
    const part = { type: 'object', properties: { a: { type: 'string', title: 'A' } }, required: ['a'] };
    const other = { ...part, description: 'the same' };
    const constraint = jsonSchema({ allOf: Array.from({ length: 30 }, () => ({ anyOf: [part, other] })) });
    assert(isWhole(constraint, '{"a":"x"}') && !isWhole(constraint, '{}'));
  });

  it('has a limit that is counted, which stops options that multiply, deep schemas and values shared many times', () => {
    const product = {
      allOf: Array.from({ length: 20 }, (_, i) => ({
        anyOf: [`a${i}`, `b${i}`].map((name) => ({ required: [name], properties: { [name]: { const: 1 } } })),
      })),
    };
    const deep = (wrap: (inner: unknown) => unknown): unknown => {
      let schema: unknown = { type: 'null' };
      for (let i = 0; i < 20_000; i++) schema = wrap(schema);
      return schema;
    };
    let shared: unknown = {};
    for (let i = 0; i < 40; i++) shared = { anyOf: [shared, shared] };
    const nested = [deep((items) => ({ type: 'array', items })), deep((inner) => ({ allOf: [inner] }))];
    for (const schema of [product, ...nested, shared, { enum: Array.from({ length: 600_000 }, (_, i) => i) }]) {
      assert.throws(() => jsonSchema(schema), { code: 'LIMIT_EXCEEDED' });
    }
  });

  it('does not grow with the length of a chain of references', () => {
    const $defs: Record<string, object> = { d5000: { type: 'integer' } };
    for (let i = 0; i < 5000; i++) $defs[`d${i}`] = { $ref: `#/$defs/d${i + 1}` };
    assert(isWhole(jsonSchema({ $defs, $ref: '#/$defs/d0' }), '1'));
    assert.throws(() => jsonSchema({ $defs, $ref: '#/$defs/d0', const: 1 }), { code: 'LIMIT_EXCEEDED' });
    for (let i = 0; i < 2000; i++) {
      $defs[`d${i}`] = { type: 'object', properties: { a: { $ref: `#/$defs/d${i + 1}` } }, required: ['a'] };
    }
    jsonSchema({ $defs, $ref: '#/$defs/d0' });
  });

  it('may be paid in turns, for the same constraint or the same error', async () => {
    const product = (n: number) => ({
      allOf: Array.from({ length: n }, (_, i) => ({
        anyOf: [`a${i}`, `b${i}`].map((name) => ({ required: [name], properties: { [name]: { const: 1 } } })),
      })),
    });
    let nTurns = 0;
    let isOver = false;
    const turn = (): void => {
      nTurns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const expected = await jsonSchemaInTurns(product(20)).catch((error: unknown) => error);
    isOver = true;
    assert(nTurns > 20, `${nTurns} turns`);
    assert.throws(() => jsonSchema(product(20)), expected as Error);
    const [atOnce, inTurns] = [jsonSchema(product(6)), await jsonSchemaInTurns(product(6))];
    const all = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`a${i}`, 1]));
    for (const value of [all, { ...all, a0: 2 }, { ...all, b0: 1 }, {}]) {
      const text = JSON.stringify(value);
      assert.equal(isWhole(inTurns, text), isWhole(atOnce, text), text);
    }
  });

  for (const kind of ['schemas', 'patterns']) {
    it(`stays within 2 s of processor time and 200 MB for random ${kind}, some of which are costly`, async () => {
      const { status, stdout, nOk } = await runCosts(kind, COUNT);
      assert.equal(status, 0, stdout);
      assert(nOk > COUNT / 4, stdout);
    }).timeout(600_000 + COUNT * 5_000);
  }
});
