// Numbers: bounds and divisors.

import { decimalRangeDfa, multipleDfa, type NumberBound } from '../automaton/decimal-range.js';
import { intersectDfas } from '../automaton/determinize.js';
import type { Lexemes } from '../json/lexemes.js';
import { never, type Shape } from '../json/shape.js';
import { type SchemaObject, schemaObjects, valuesOf } from './conjunction.js';
import { unsupported } from './keywords.js';
import type { SchemaNode } from './schema-document.js';

/** Whole numbers are those that a double holds exactly. */
const LARGEST_WHOLE = Number.MAX_SAFE_INTEGER;
const WHOLE_DIGITS = 16;
/** Digits of numbers between bounds, before and behind the point. */
const DIGITS = 15;
const DECIMALS = 17;
/** States of the automaton that divides. */
const MAX_DIVISOR = 10_000;

/** @throws ToolkitError `UNSUPPORTED_SCHEMA` */
export function numberShape(
  nodes: readonly SchemaNode[],
  { isWhole, lexemes }: { readonly isWhole: boolean; readonly lexemes: Lexemes },
): Shape {
  const schemas = schemaObjects(nodes);
  const divisors = valuesOf<number>(nodes, 'multipleOf');
  for (const divisor of divisors) checkDivisor(nodes, divisor);
  const mins = schemas.flatMap((schema) => bounds(schema, 'minimum', 'exclusiveMinimum'));
  const maxs = schemas.flatMap((schema) => bounds(schema, 'maximum', 'exclusiveMaximum'));
  if (!isWhole && divisors.length + mins.length + maxs.length === 0) return { type: 'text', dfa: lexemes.number };
  const isInteger = isWhole || divisors.length > 0;
  const widest = isInteger ? LARGEST_WHOLE : Number.POSITIVE_INFINITY;
  const range = {
    min: strictest([...mins, { value: -widest, isExclusive: false }], 1),
    max: strictest([...maxs, { value: widest, isExclusive: false }], -1),
    decimals: isInteger ? 0 : DECIMALS,
    digits: isInteger ? WHOLE_DIGITS : DIGITS,
  };
  const automata = [decimalRangeDfa(range), ...divisors.map(multipleDfa)];
  const dfa = automata.reduce((a, b) => (a === null || b === null ? null : intersectDfas(a, b)));
  return dfa === null ? never : { type: 'text', dfa };
}

function bounds(schema: SchemaObject, inclusive: string, exclusive: string): NumberBound[] {
  return [
    ...(Object.hasOwn(schema, inclusive) ? [{ value: schema[inclusive] as number, isExclusive: false }] : []),
    ...(Object.hasOwn(schema, exclusive) ? [{ value: schema[exclusive] as number, isExclusive: true }] : []),
  ];
}

/** @param direction 1 for the largest, −1 for the smallest */
function strictest(all: readonly NumberBound[], direction: 1 | -1): NumberBound {
  return all.reduce((a, b) => {
    if (a.value === b.value) return a.isExclusive ? a : b;
    return a.value * direction > b.value * direction ? a : b;
  });
}

function checkDivisor(nodes: readonly SchemaNode[], divisor: number): void {
  if (Number.isInteger(divisor) && divisor >= 1 && divisor <= MAX_DIVISOR) return;
  const owner = nodes.find(({ schema }) => typeof schema !== 'boolean' && schema.multipleOf === divisor)!;
  throw unsupported(
    `${owner.pointer}/multipleOf: ${divisor}, expected a whole number from 1 to ${MAX_DIVISOR}`,
    'leave it out, or give decimals as a string with a pattern',
  );
}
