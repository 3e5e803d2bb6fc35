// Numbers: bounds, divisors, and what they are not.

import { intersectDfas, subtractDfas } from '../automaton/algebra.js';
import { decimalRangeDfa, multipleDfa, type NumberBound } from '../automaton/decimal-range.js';
import type { Dfa } from '../automaton/dfa.js';
import { regexDfa, textsDfa } from '../automaton/text-automata.js';
import { never, type Shape } from '../json/shape.js';
import { parseRegex } from '../regex/parse-regex.js';
import { valuesOf } from './conjunction.js';
import { decimalOf } from './decimals.js';
import { formatPatterns, numberFormats } from './formats.js';
import { unsupported } from './keywords.js';
import type { SchemaNode } from './schema-document.js';
import type { ShapeParts } from './shape-parts.js';

/** Whole numbers are those that a double holds exactly. */
const LARGEST_WHOLE = Number.MAX_SAFE_INTEGER;
const WHOLE_DIGITS = 16;
/** Digits of numbers between bounds, before and after the point. */
const DIGITS = 15;
const DECIMALS = 17;
/** States of the automaton that divides, for each digit after the point. */
const MAX_DIVISOR = 10_000;
/** Numbers that are not whole, also once they are read as doubles. */
const NOT_WHOLE = '-?(0|[1-9][0-9]{0,11})\\.[0-9]{0,2}[1-9]';

/** @throws ToolkitError `UNSUPPORTED_SCHEMA`, `LIMIT_EXCEEDED` */
export function numberShape(nodes: readonly SchemaNode[], isWhole: boolean, parts: ShapeParts): Shape {
  const { lexemes, work } = parts;
  const formats = valuesOf<string>(nodes, 'format').map((format) => numberFormat(nodes, format));
  const divisors = valuesOf<number>(nodes, 'multipleOf').map((divisor) => checkedDivisor(nodes, divisor));
  const mins = [...bounds(nodes, 'minimum', 'exclusiveMinimum'), ...formats.flatMap(({ min }) => inclusive(min))];
  const maxs = [...bounds(nodes, 'maximum', 'exclusiveMaximum'), ...formats.flatMap(({ max }) => inclusive(max))];
  const isNotWhole = valuesOf(nodes, '$notInteger').length > 0;
  if (isNotWhole && isWhole) return never;
  const unwanted = valuesOf<unknown[]>(nodes, '$notValues')
    .flat()
    .filter((value) => typeof value === 'number');
  const restrictions = divisors.length + mins.length + maxs.length + unwanted.length;
  if (!isWhole && !isNotWhole && restrictions === 0) return { type: 'text', dfa: lexemes.number };
  const isInteger = isWhole || (!isNotWhole && divisors.some(({ decimals }) => decimals === 0));
  const widest = isInteger ? LARGEST_WHOLE : Number.POSITIVE_INFINITY;
  const min = strictest([...mins, { value: -widest, isExclusive: false }], 1);
  const max = strictest([...maxs, { value: widest, isExclusive: false }], -1);
  const size = isInteger ? { decimals: 0, digits: WHOLE_DIGITS } : { decimals: DECIMALS, digits: DIGITS };
  const others = [
    ...divisors.map(({ digits, decimals }) => multipleDfa(digits, decimals, work)),
    ...(isNotWhole ? [regexDfa(parseRegex(NOT_WHOLE), undefined, work)] : []),
  ];
  // A number that is not whole has many spellings: what it must not be is left out by its neighbours.
  const gaps = isInteger ? [] : [...new Set(unwanted)].sort((a, b) => a - b);
  const spans = spansBetween(min, max, gaps);
  const options = spans.flatMap((span): Shape[] => {
    let dfa: Dfa | null = decimalRangeDfa({ ...span, ...size }, work);
    for (const other of others) dfa = dfa === null || other === null ? null : intersectDfas(dfa, other, work);
    if (dfa !== null && isInteger && unwanted.length > 0) {
      dfa = subtractDfas(dfa, textsDfa(unwanted.map(String), work), work);
    }
    return dfa === null ? [] : [{ type: 'text', dfa, isCanonical: isInteger }];
  });
  return options.length === 1 ? options[0]! : { type: 'choice', options };
}

function spansBetween(min: NumberBound, max: NumberBound, gaps: readonly number[]) {
  const bounds = gaps.map((value): NumberBound => ({ value, isExclusive: true }));
  const mins = [min, ...bounds.map((bound) => strictest([min, bound], 1))];
  const maxs = [...bounds.map((bound) => strictest([max, bound], -1)), max];
  return mins.map((from, i) => ({ min: from, max: maxs[i]! }));
}

function bounds(nodes: readonly SchemaNode[], inclusiveName: string, exclusiveName: string): NumberBound[] {
  return [
    ...valuesOf<number>(nodes, inclusiveName).map((value) => ({ value, isExclusive: false })),
    ...valuesOf<number>(nodes, exclusiveName).map((value) => ({ value, isExclusive: true })),
  ];
}

function inclusive(value: number | undefined): NumberBound[] {
  return value === undefined ? [] : [{ value, isExclusive: false }];
}

/** @param direction 1 for the largest, −1 for the smallest */
function strictest(all: readonly NumberBound[], direction: 1 | -1): NumberBound {
  return all.reduce((a, b) => {
    if (a.value === b.value) return a.isExclusive ? a : b;
    return a.value * direction > b.value * direction ? a : b;
  });
}

/** Formats of strings do not restrict numbers. */
function numberFormat(nodes: readonly SchemaNode[], format: string): { readonly min?: number; readonly max?: number } {
  if (Object.hasOwn(numberFormats, format)) return numberFormats[format]!;
  if (Object.hasOwn(formatPatterns, format)) return {};
  throw unsupported(
    `${ownerOf(nodes, 'format', format)}/format: ${JSON.stringify(format)} is not enforced`,
    `write minimum and maximum, or one of ${Object.keys(numberFormats).join(', ')}`,
  );
}

function checkedDivisor(nodes: readonly SchemaNode[], divisor: number): { digits: number; decimals: number } {
  if (divisor > 0) {
    const { digits, decimals } = decimalOf(divisor);
    if (digits <= MAX_DIVISOR && decimals <= DECIMALS) return { digits: Number(digits), decimals };
  }
  throw unsupported(
    `${ownerOf(nodes, 'multipleOf', divisor)}/multipleOf: ${divisor}, expected a number above 0 of 4 digits at most, such as 25 or 0.01`,
    'leave it out, or give decimals as a string with a pattern',
  );
}

function ownerOf(nodes: readonly SchemaNode[], keyword: string, value: unknown): string {
  return nodes.find(({ schema }) => typeof schema !== 'boolean' && schema[keyword] === value)!.pointer;
}
