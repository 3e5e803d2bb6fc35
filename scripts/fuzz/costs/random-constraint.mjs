// Random JSON schemas and patterns: every keyword that is enforced, graphs of references, nests of allOf, anyOf, oneOf and
// not, and counts from nothing to a milliard.

import { seeded } from './seeded.mjs';

export function randomPattern(seed) {
  return patternOf(seeded(seed), 1 + (seed % 5));
}

/** @param depth of groups */
function patternOf(choose, depth) {
  const { below, chance, pick, times } = choose;
  const atoms = [
    'a',
    'b',
    '.',
    '[^a]',
    '\\d',
    '\\w',
    '\\s',
    '[\\u{0}-\\u{10ffff}]',
    '\\S',
    '',
    '(a|b)*a',
    '.*x',
    'é',
    '😀',
    '[a-z_]',
    '(?:ab)?',
    '\\n',
    '[\\d-]',
  ];
  if (depth === 0) return chance(0.01) ? pick(['\\p{L}', '\\b', '(?<=a)']) : pick(atoms);
  const inner = () => patternOf(choose, depth - 1);
  return pick([
    () => `(${inner()}){${pick([0, 1, 2])},${pick(['', 2, 5, 50, 1000, 100_000])}}`,
    () => `(?:${inner()}){${pick([1, 3, 20, 400])}}`,
    () => `(${inner()})${pick(['*', '+', '?', '*?'])}`,
    () => times(pick([2, 3, 20, 300]), () => patternOf(choose, Math.min(1, depth - 1))).join('|'),
    () => `(?${pick(['=', '!'])}${inner()})${inner()}`,
    () => `(a|b)*a(a|b){${pick([3, 8, 15, 40])}}${inner()}`,
    () => nested(pick([5, 60, 200, 3000]), (text) => `(${text})`, inner()),
    () => (chance(0.1) ? `(${inner()}` : `(?:${inner()})`),
    () => nested(below(40), (text) => `(${text}${pick(atoms)})`, inner()),
    () => `^${inner()}$`,
    () => inner() + inner(),
    () => `(${inner()}|${inner()})`,
  ])();
}

function nested(n, wrap, inner) {
  let made = inner;
  for (let i = 0; i < n; i++) made = wrap(made);
  return made;
}

/** A schema with definitions that refer to each other in chains, rings and at random. */
export function randomSchema(seed) {
  const choose = seeded(seed);
  const { below, chance, pick, times } = choose;
  const names = times(pick([3, 12, 40]), (i) => `d${i}`);
  const grammar = schemaGrammar(choose, names);
  const graph = pick(['random', 'chain', 'ring', 'sound', 'sound', 'sound']);
  const $defs = Object.fromEntries(
    names.map((name, i) => {
      const next = { $ref: `#/$defs/${names[(i + 1) % names.length]}` };
      if (graph === 'random') return [name, grammar.schema(1)];
      if (graph === 'sound' || (graph === 'chain' && i === names.length - 1)) return [name, grammar.leaf()];
      const link = pick([
        { allOf: [next, next] },
        { anyOf: [next, next] },
        { items: next },
        { properties: { a: next } },
      ]);
      return [name, chance(0.8) ? link : next];
    }),
  );
  const made = grammar.schema(1 + below(4));
  return typeof made === 'object' ? { ...made, $defs } : made;
}

function schemaGrammar(choose, names) {
  const { below, chance, pick, times } = choose;
  const size = () => (chance(0.7) ? below(6) : pick([0, 10, 30, 100, 1000, 30_000, 1_000_000, 1_000_000_000]));
  const pattern = () => (chance(0.5) ? pick(['^[a-z]+$', '\\d{3}', '^(a|b)*$', '^x']) : patternOf(choose, 1));
  const value = () => pick([1, 'a', true, null, 2.5, 'é😀', [1], { a: 1 }, `v${below(9)}`]);
  const formats = ['date', 'date-time', 'time', 'email', 'uri', 'uuid', 'hostname', 'ipv4', 'ipv6', 'duration', 'odd'];
  const leaf = () =>
    pick([
      () => ({ type: pick(['string', 'integer', 'number', 'array', 'object', 'null', 'boolean']) }),
      () => ({ type: ['string', pick(['null', 'integer', 'array'])] }),
      () => ({ $ref: `#/$defs/${pick(names)}` }),
      () => ({ type: 'string', pattern: pattern(), ...(chance(0.3) ? { maxLength: size() } : {}) }),
      () => ({ type: 'string', minLength: below(5), maxLength: 5 + size() }),
      () => ({ type: 'string', minLength: size() }),
      () => ({ enum: times(pick([1, 5, 100, 5000]), (i) => (i < 9 ? value() : `v${i}`)) }),
      () => ({ const: value() }),
      () => ({ type: 'integer', minimum: -below(99), maximum: below(1e6), exclusiveMaximum: 1e7 }),
      () => ({ type: 'number', minimum: 1e-300, maximum: 10 ** below(300), multipleOf: pick([1, 7, 9973, 0.01]) }),
      () => ({ type: 'number', exclusiveMinimum: pick([0, -1.5]), multipleOf: 0.5 }),
      () => ({ type: 'string', format: pick(formats) }),
      () => ({ title: 'A', description: 'b', default: 1, examples: [1], deprecated: true, $comment: 'c' }),
      () => true,
      () => (chance(0.1) ? false : {}),
    ])();
  function schema(depth) {
    if (depth === 0) return leaf();
    const inner = () => schema(depth - 1);
    const some = () => times(pick([1, 2, 3, 12]), inner);
    const few = () => times(1 + below(3), inner);
    const members = () => Object.fromEntries(times(pick([1, 3, 40]), (i) => [pick(['a', 'b', 'é', `p${i}`]), inner()]));
    return pick([
      () => ({ allOf: times(pick([1, 2, 5, 14]), () => ({ anyOf: few() })) }),
      () => ({ anyOf: some() }),
      () => ({ oneOf: few() }),
      () => ({ not: inner() }),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      () => ({ if: inner(), then: inner(), else: inner() }),
      () => ({ type: 'object', properties: members(), required: pick([[], ['a'], ['a', 'b', 'p2']]) }),
      () => ({ type: 'object', properties: members(), additionalProperties: pick([false, true, inner()]) }),
      () => ({ type: 'object', additionalProperties: inner(), minProperties: size(), maxProperties: size() }),
      () => ({ type: 'object', propertyNames: { pattern: pattern() }, additionalProperties: inner() }),
      () => ({ type: 'object', patternProperties: Object.fromEntries(few().map((one) => [pattern(), one])) }),
      () => ({ type: 'array', items: inner(), minItems: size(), maxItems: size(), uniqueItems: chance(0.2) }),
      () => ({ type: 'array', prefixItems: few(), items: pick([false, inner()]) }),
      () => ({ type: 'array', contains: inner(), minContains: size(), maxContains: size() }),
      () => ({ type: 'object', dependentRequired: { a: ['b'], b: ['c', 'd'] }, dependentSchemas: { a: inner() } }),
      () => ({ dependentRequired: Object.fromEntries(times(pick([1, 5, 20]), (i) => [`p${i}`, [`q${i}`]])) }),
      () =>
        nested(
          pick([3, 30, 100, 1000]),
          (deep) => pick([{ items: deep }, { allOf: [deep] }, { not: deep }, { properties: { a: deep } }]),
          inner(),
        ),
      () => ({ allOf: few(), unevaluatedProperties: pick([false, inner()]) }),
      () => ({ type: 'array', allOf: few(), unevaluatedItems: false }),
      () => ({ $ref: `#/$defs/${pick(names)}`, ...inner() }),
      () => ({ anyOf: times(2, inner), discriminator: { propertyName: 'a' } }),
    ])();
  }
  return { schema, leaf };
}
