// Compiles one schema or pattern that a grammar of costly constructs gives for a seed, and tells what became of it.
//
// node compile-random.mjs schema|pattern SEED

import { jsonSchema, regex } from '@llama-ts/runtime';
import { peakMegabytes } from '../helpers/peak-memory.mjs';

const [, , kind, seed] = process.argv;
let state = (Number(seed) * 2_654_435_761) >>> 0 || 1;
const random = (n) => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
};
const pick = (list) => list[random(list.length)];
const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const size = () => pick([0, 1, 2, 3, 5, 10, 30, 100, 1000, 30_000, 1_000_000, 1_000_000_000]);

function pattern(depth) {
  if (depth === 0) return pick(['a', 'b', '.', '[^a]', '\\d', '[\\u{0}-\\u{10ffff}]', '\\S', '', '(a|b)*a', '.*x']);
  const inner = () => pattern(depth - 1);
  switch (random(9)) {
    case 0:
      return `(${inner()}){${pick([0, 1, 2])},${pick([2, 5, 50, 1000, 100_000])}}`;
    case 1:
      return `(${inner()})${pick(['*', '+', '?'])}`;
    case 2:
      return times(pick([2, 3, 20, 300]), () => pattern(Math.min(1, depth - 1))).join('|');
    case 3:
      return `(?${pick(['=', '!'])}${inner()})${inner()}`;
    case 4:
      return `(a|b)*a(a|b){${pick([3, 8, 15, 40])}}${inner()}`;
    case 5:
      return '('.repeat(pick([5, 200, 3000])) + inner() + ')'.repeat(pick([5, 200, 3000]));
    case 6:
      return `^${inner()}$`;
    default:
      return inner() + inner();
  }
}

const names = times(30, (i) => `d${i}`);
function schema(depth) {
  if (depth === 0) {
    return pick([
      () => ({ type: pick(['string', 'integer', 'number', 'array', 'object', 'null']) }),
      () => ({ $ref: `#/$defs/${pick(names)}` }),
      () => ({ type: 'string', pattern: pattern(1), maxLength: size() }),
      () => ({ type: 'string', minLength: size() }),
      () => ({ enum: times(pick([1, 5, 100, 5000]), (i) => pick([i, `v${i * random(99)}`])) }),
      () => ({ type: 'number', minimum: 1e-300, maximum: 10 ** random(300), multipleOf: pick([1, 7, 9973, 0.01]) }),
      () => ({ type: 'string', format: pick(['date', 'email', 'uri', 'hostname', 'odd']) }),
      () => true,
    ])();
  }
  const inner = () => schema(depth - 1);
  const some = () => times(pick([1, 2, 3, 12]), inner);
  const members = () => Object.fromEntries(times(pick([1, 3, 40]), (i) => [pick(['a', 'b', `p${i}`]), inner()]));
  switch (random(14)) {
    case 0:
      return { allOf: times(pick([2, 5, 14]), () => ({ anyOf: some() })) };
    case 1:
      return { anyOf: some() };
    case 2:
      return { oneOf: some() };
    case 3:
      return { not: inner() };
    case 4:
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      return { if: inner(), then: inner(), else: inner() };
    case 5:
      return { type: 'object', properties: members(), required: pick([[], ['a'], ['a', 'b', 'p2']]) };
    case 6:
      return {
        type: 'object',
        additionalProperties: inner(),
        minProperties: size(),
        propertyNames: { pattern: pattern(1) },
      };
    case 7:
      return {
        type: 'object',
        patternProperties: Object.fromEntries(times(pick([1, 3, 9]), () => [pattern(1), inner()])),
      };
    case 8:
      return { type: 'array', items: inner(), minItems: size(), uniqueItems: pick([true, false]) };
    case 9:
      return { type: 'array', prefixItems: some(), contains: inner(), minContains: size(), maxContains: size() };
    case 10:
      return { dependentRequired: Object.fromEntries(times(pick([1, 5, 20]), (i) => [`p${i}`, [`q${i}`]])) };
    case 11: {
      let deep = inner();
      for (let i = pick([3, 100, 1000]); i > 0; i--) deep = pick([{ items: deep }, { allOf: [deep] }, { not: deep }]);
      return deep;
    }
    case 12:
      return { allOf: some(), unevaluatedProperties: inner() };
    default:
      return { $ref: `#/$defs/${pick(names)}`, ...inner() };
  }
}

const root = () => {
  const made = schema(3);
  const $defs = Object.fromEntries(names.map((name) => [name, schema(1)]));
  return typeof made === 'object' ? { ...made, $defs } : made;
};
const before = process.cpuUsage().user;
let code = 'ok';
try {
  if (kind === 'schema') jsonSchema(root());
  else regex(pattern(4));
} catch (error) {
  code = error.code ?? `${error.name}: ${error.message}`;
}
const milliseconds = Math.round((process.cpuUsage().user - before) / 1000);
console.log(JSON.stringify({ code, milliseconds, megabytes: Math.round(peakMegabytes()) }));
