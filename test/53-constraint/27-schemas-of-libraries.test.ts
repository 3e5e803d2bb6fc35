import assert from 'node:assert/strict';
import { type Constraint, jsonSchema } from '@llama-ts/runtime';
import { z } from 'zod';
import { byteVocabulary, chooser, isWhole, sayByChance, validator } from './support.js';
import { writtenSchemas } from './written-by-libraries.js';

const Category = z.object({
  name: z.string(),
  get inner() {
    return z.nullable(Category);
  },
});

const QUOTE = 0x22;
const END = byteVocabulary.nTokens - 1;

/** Constructs of zod 4, and a value that each accepts. */
const zodSchemas: Readonly<Record<string, readonly [z.ZodType, ...unknown[]]>> = {
  hostname: [z.hostname(), 'example.com', 'localhost'],
  emoji: [z.emoji(), '\u{1f600}', '\u{1f400}\u{1f600}'],
  email: [z.email(), 'ada@example.com'],
  url: [z.url(), 'https://example.com/a?b#c'],
  uuid: [z.uuid(), '00000000-0000-4000-8000-000000000000'],
  guid: [z.guid(), '00000000-0000-0000-0000-000000000001'],
  cuid: [z.cuid(), 'cjld2cjxh0000qzrmn831i7rn'],
  cuid2: [z.cuid2(), 'tz4a98xxat96iws9zmbrgj3a'],
  ulid: [z.ulid(), '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  nanoid: [z.nanoid(), 'V1StGXR8_Z5jdHi6B-myT'],
  xid: [z.xid(), '9m4e2mr0ui3e8a215n4g'],
  ksuid: [z.ksuid(), '0ujtsYcgvSTl8PAuAdqWYSMnLOv'],
  base64: [z.base64(), 'aGVsbG8=', ''],
  base64url: [z.base64url(), 'aGVsbG8', ''],
  jwt: [z.jwt()],
  date: [z.iso.date(), '2024-02-29'],
  time: [z.iso.time(), '10:30', '10:30:15.5'],
  datetime: [z.iso.datetime(), '2024-02-29T10:30:15Z'],
  'datetime with offset': [z.iso.datetime({ offset: true }), '2024-02-29T10:30:15+01:00'],
  duration: [z.iso.duration(), 'P3Y6M4DT12H30M5S', 'P2W', 'PT5S'],
  ipv4: [z.ipv4(), '192.168.0.1'],
  ipv6: [z.ipv6(), '2001:db8:0:0:0:0:0:1'],
  cidrv4: [z.cidrv4(), '10.0.0.0/8'],
  cidrv6: [z.cidrv6(), '2001:db8:0:0:0:0:0:0/32'],
  e164: [z.e164(), '+14155552671'],
  mac: [z.mac(), '00:1A:2B:3C:4D:5E'],
  hex: [z.hex(), 'beef'],
  startsWith: [z.string().startsWith('A.'), 'A.b'],
  endsWith: [z.string().endsWith('z'), 'az'],
  includes: [z.string().includes('q'), 'aqua'],
  'starts and ends': [z.string().startsWith('A').endsWith('z').min(3), 'Abz'],
  lowercase: [z.string().lowercase(), 'abc'],
  regex: [z.string().regex(/^a+b?$/), 'aab'],
  templateLiteral: [z.templateLiteral(['a-', z.number()]), 'a-12'],
  literals: [z.literal(['a', 1, null, true]), 'a', 1, null, true],
  enum: [z.enum(['a', 'b']), 'b'],
  'native enum': [z.enum({ A: 0, B: 'x' }), 0, 'x'],
  record: [z.record(z.string(), z.number()), {}, { a: 1.5 }],
  'record of an enum': [z.record(z.enum(['a', 'b']), z.boolean()), { a: true, b: false }],
  'partial record': [z.partialRecord(z.enum(['a', 'b']), z.boolean()), {}, { b: true }],
  'record of a pattern': [z.record(z.string().regex(/^x/), z.number()), { x: 1, xy: 2 }],
  'loose record': [z.looseRecord(z.string().regex(/^x_/), z.number()), { x_1: 1 }],
  tuple: [z.tuple([z.string(), z.number()]), ['a', 1]],
  'tuple with others': [z.tuple([z.string()], z.boolean()), ['a'], ['a', true, false]],
  union: [z.union([z.string(), z.number()]), 'a', 1],
  'discriminated union': [
    z.discriminatedUnion('k', [z.object({ k: z.literal('a'), x: z.int() }), z.object({ k: z.literal('b') })]),
    { k: 'a', x: 3 },
    { k: 'b' },
  ],
  intersection: [z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() })), { a: 'x', b: 1 }],
  'optional, nullable, default, readonly': [
    z.object({
      a: z.string().optional(),
      b: z.string().nullable(),
      c: z.number().default(3),
      d: z.array(z.string()).readonly(),
      e: z.string().nullish(),
    }),
    { b: null, c: 1, d: [] },
    { a: 'x', b: 'y', c: 1, d: ['z'], e: null },
  ],
  'strict object': [z.strictObject({ a: z.string() }), { a: 'x' }],
  'loose object': [z.looseObject({ a: z.string() }), { a: 'x', b: [1] }],
  catchall: [z.object({ a: z.string() }).catchall(z.number()), { a: 'x', b: 1 }],
  int: [z.int(), -5, 9007199254740991],
  int32: [z.int32(), -2147483648],
  uint32: [z.uint32(), 4294967295],
  float32: [z.float32(), 1.5],
  positive: [z.number().positive().lt(10), 0.5],
  multipleOf: [z.number().multipleOf(0.5).min(0).max(9), 2.5],
  nonempty: [z.array(z.string()).nonempty(), ['a']],
  json: [z.json(), { a: [1, null] }],
  recursion: [Category, { name: 'a', inner: { name: 'b', inner: null } }],
  xor: [z.xor([z.string(), z.number()]), 'a', 1],
  'no items': [z.array(z.never()), []],
};

describe('a schema that a library writes', () => {
  for (const target of ['draft-2020-12', 'draft-07', 'openapi-3.0'] as const) {
    it(`from zod as ${target} allows exactly what zod accepts`, () => {
      for (const [name, [type, ...values]] of Object.entries(zodSchemas)) {
        const schema = z.toJSONSchema(type, { target });
        const constraint = jsonSchema(schema);
        for (const value of values)
          assert(isWhole(constraint, JSON.stringify(value)), `${name}: ${JSON.stringify(value)}`);
        for (const value of someAnswers(constraint)) {
          // OpenAPI 3.0 has no tuples and no names of properties.
          const isSame = target !== 'openapi-3.0' || !/tuple|record|int|float/.test(name);
          if (isSame) assert.deepEqual(type.safeParse(value).error, undefined, `${name}: ${JSON.stringify(value)}`);
        }
      }
    }).timeout(120_000);
  }

  for (const [name, { schema, plain, good, bad }] of Object.entries(writtenSchemas)) {
    it(`accepts what ajv accepts: ${name}`, () => {
      const constraint = jsonSchema(schema);
      const isValid = validator(plain ?? schema);
      for (const value of good) {
        assert(isValid(value), `by ajv: ${JSON.stringify(value)}`);
        assert(isWhole(constraint, JSON.stringify(value)), JSON.stringify(value));
      }
      for (const value of bad) {
        assert(!isValid(value), `by ajv: ${JSON.stringify(value)}`);
        assert(!isWhole(constraint, JSON.stringify(value)), JSON.stringify(value));
      }
      for (const value of someAnswers(constraint)) assert(isValid(value), JSON.stringify(value));
    });
  }

  it('is refused when a part of it cannot be enforced', () => {
    for (const schema of [
      z.toJSONSchema(z.object({ a: z.array(z.string()).meta({ $dynamicRef: '#a' }) })),
      { type: 'string', format: 'json-string' },
      { type: 'array', items: { type: 'object' }, uniqueItems: true },
    ]) {
      assert.throws(
        () => jsonSchema(schema),
        ({ code }: { code: string }) => code === 'UNSUPPORTED_SCHEMA' || code === 'BAD_PATTERN',
      );
    }
  });
});

/** Answers by chance that end early where they may: free strings and lists would go on for long. */
function someAnswers(constraint: Constraint): unknown[] {
  return Array.from({ length: 12 }, (_, i) => i).flatMap((i) => {
    const choose = chooser((i + 1) * 7919);
    const isEnding = chooser((i + 1) * 104_729);
    const ends = [...']}'].map((character) => character.charCodeAt(0));
    const { text, isComplete } = sayByChance(constraint, byteVocabulary, (ids) => {
      const isInString = ids.length > 100;
      const ending = ids.filter((id) => id === QUOTE || (!isInString && ends.includes(id)) || id === END);
      return ending.length > 0 && isEnding([0, 1, 2]) > 0 ? ending[0]! : choose(ids);
    });
    // One that has to hold a letter somewhere may not find it in time.
    return isComplete ? [JSON.parse(text) as unknown] : [];
  });
}
