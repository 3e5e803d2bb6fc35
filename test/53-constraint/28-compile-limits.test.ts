import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jsonSchema } from '@llama-ts/runtime';
import { isWhole } from './support.js';

const run = promisify(execFile);
const program = fileURLToPath(new URL('compile-random.mjs', import.meta.url));
/** Schemas and patterns each; a long run takes 10,000. */
const COUNT = Number(process.env.LLAMA_TEST_RANDOM_CONSTRAINTS ?? 12);
const FIRST = Number(process.env.LLAMA_TEST_RANDOM_SEED ?? 1);
const codes = new Set(['ok', 'LIMIT_EXCEEDED', 'BAD_SCHEMA', 'UNSUPPORTED_SCHEMA', 'BAD_PATTERN']);
/** Processor time: 2 s where nothing else runs, and more on a machine that others share. */
const MAX_MILLISECONDS = Number(process.env.LLAMA_TEST_RANDOM_MILLISECONDS ?? 6000);
const MAX_MEGABYTES = 200;

/** A schema of definitions that each refer to the next one twice. */
function doubling(keyword: string, n: number): object {
  const $defs: Record<string, object> = { [`d${n}`]: { type: 'integer' } };
  for (let i = 0; i < n; i++)
    $defs[`d${i}`] = { [keyword]: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] };
  return { $defs, $ref: '#/$defs/d0' };
}

describe('what a constraint may cost', () => {
  for (const keyword of ['anyOf', 'allOf']) {
    it(`is little for a chain of ${keyword} of equal references: it describes an integer`, () => {
      for (const n of [24, 1000]) {
        const constraint = jsonSchema(doubling(keyword, n));
        assert(isWhole(constraint, '12') && !isWhole(constraint, '"a"'));
      }
    });
  }

  it('is little for equal parts, wherever they stand', () => {
    const part = { type: 'object', properties: { a: { type: 'string', title: 'A' } }, required: ['a'] };
    const other = { ...part, description: 'the same' };
    const constraint = jsonSchema({ allOf: Array.from({ length: 30 }, () => ({ anyOf: [part, other] })) });
    assert(isWhole(constraint, '{"a":"x"}') && !isWhole(constraint, '{}'));
  });

  it('is a counted limit where options multiply, where schemas are deep, and where values are shared endlessly', () => {
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

  for (const kind of ['schema', 'pattern']) {
    it(`ends within 2 s and ${MAX_MEGABYTES} MB for every ${kind} of a grammar of costly ones`, async () => {
      for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
        const { stdout } = await run(process.execPath, [program, kind, String(seed)]);
        const { code, milliseconds, megabytes } = JSON.parse(stdout);
        const where = `${kind} ${seed}: ${stdout}`;
        assert(codes.has(code), where);
        assert(milliseconds < MAX_MILLISECONDS && megabytes < MAX_MEGABYTES, where);
      }
    }).timeout(0);
  }
});
