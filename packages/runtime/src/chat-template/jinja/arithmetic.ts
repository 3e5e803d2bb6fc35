// Python's arithmetic: ints without end, division that rounds down, and what `+`, `*` and `%` mean to strings and lists.

import { asNumber } from './compare.js';
import { fault } from './errors.js';
import { escapeMarkup } from './markup.js';
import { make, step } from './meter.js';
import { formatPercent } from './percent-format.js';
import { Text } from './text.js';
import { Float, fromBigInt, List, Tuple, typeName, Undefined, type Value } from './values.js';

export type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** An int of more bits takes time with their square. */
const MAX_BITS = 20_000;

/** Python's binary operators. */
export function operate(operator: Operator, a: Value, b: Value): Value {
  step();
  if (operator === '%' && a instanceof Text) return formatPercent(a, b);
  if (a instanceof Undefined) a.fail();
  if (b instanceof Undefined) b.fail();
  const x = asNumber(a);
  const y = asNumber(b);
  if (x !== null && y !== null) {
    if (a instanceof Float || b instanceof Float) return new Float(ofFloats(operator, Number(x), Number(y)));
    return ofInts(operator, x, y);
  }
  if (operator === '+') {
    if (a instanceof Text && b instanceof Text) return addTexts(a, b);
    if (a instanceof List && b instanceof List) return new List(joined(a.items, b.items));
    if (a instanceof Tuple && b instanceof Tuple) return new Tuple(joined(a.items, b.items));
  }
  if (operator === '*') {
    const times = isInt(b) ? b : isInt(a) ? a : null;
    const sequence = times === b ? a : b;
    if (times !== null && (sequence instanceof Text || sequence instanceof List || sequence instanceof Tuple)) {
      return repeat(sequence, times);
    }
  }
  return fault('TypeError', `unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`);
}

function joined(a: readonly Value[], b: readonly Value[]): Value[] {
  const length = a.length + b.length;
  make(4 * length);
  step(length / 16);
  return [...a, ...b];
}

function addTexts(a: Text, b: Text): Text {
  if (!a.isMarkup && !b.isMarkup) return a.concat(b);
  return escapeMarkup(a).as('str').concat(escapeMarkup(b).as('str')).as('Markup');
}

export function isInt(value: Value): value is number | bigint | boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

function repeat(sequence: Text | List | Tuple, times: number | bigint | boolean): Value {
  const n = Math.max(0, Number(times));
  const length = sequence instanceof Text ? sequence.length : sequence.items.length;
  if (length === 0 || n === 0) {
    if (sequence instanceof Text) return sequence.slice(0, 0);
    return sequence instanceof List ? new List([]) : new Tuple([]);
  }
  make((sequence instanceof Text ? 1 : 4) * length * n);
  step((length * n) / 16);
  if (sequence instanceof Text) {
    if (length === 1 || n > 1000) return repeatText(sequence, n);
    return Text.join(new Array<Text>(n).fill(sequence)).as(sequence.isMarkup ? 'Markup' : 'str');
  }
  const items = Array.from({ length: length * n }, (_, i) => sequence.items[i % length]!);
  return sequence instanceof List ? new List(items) : new Tuple(items);
}

/** Repeats a text by doubling it, in few steps for many repetitions. */
function repeatText(text: Text, times: number): Text {
  let made = text.slice(0, 0);
  let doubled = text;
  for (let rest = times; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) made = made.concat(doubled);
    if (rest > 1) doubled = doubled.concat(doubled);
  }
  return made;
}

function ofInts(operator: Operator, a: number | bigint, b: number | bigint): Value {
  if (typeof a === 'number' && typeof b === 'number' && operator !== '**') {
    const result = ofSmallInts(operator, a, b);
    if (result !== null) return result;
  }
  const x = BigInt(a);
  const y = BigInt(b);
  checkBits(operator, x, y);
  switch (operator) {
    case '+':
      return fromBigInt(x + y);
    case '-':
      return fromBigInt(x - y);
    case '*':
      return fromBigInt(x * y);
    case '/':
      return new Float(ofFloats('/', finite(x), finite(y)));
    case '//':
      return fromBigInt(floorDivide(x, y));
    case '%':
      return fromBigInt(x - floorDivide(x, y) * y);
    case '**':
      return y < 0n ? new Float(ofFloats('**', finite(x), finite(y))) : fromBigInt(x ** y);
  }
}

/** null where the result is beyond 2^53. */
function ofSmallInts(operator: Exclude<Operator, '**'>, a: number, b: number): Value {
  if (b === 0 && (operator === '/' || operator === '//' || operator === '%')) {
    return fault('ZeroDivisionError', operator === '/' ? 'division by zero' : 'integer division or modulo by zero');
  }
  if (operator === '/') return new Float(a / b);
  const result = smallInt(operator, a, b);
  return Number.isSafeInteger(result) ? result + 0 : null;
}

function smallInt(operator: '+' | '-' | '*' | '//' | '%', a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//':
      return (a - remainder(a, b)) / b;
    case '%':
      return remainder(a, b);
  }
}

/** Python's `%`: the result has the sign of the divisor. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

function floorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) return fault('ZeroDivisionError', 'integer division or modulo by zero');
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function finite(value: bigint): number {
  const number = Number(value);
  return Number.isFinite(number) ? number : fault('OverflowError', 'int too large to convert to float');
}

function checkBits(operator: Operator, a: bigint, b: bigint): void {
  const bits = (value: bigint) => value.toString(16).length * 4;
  const size =
    operator === '**' ? (a * a <= 1n || b < 0n ? 0 : bits(a) * Number(b)) : operator === '*' ? bits(a) + bits(b) : 0;
  if (!(size <= MAX_BITS)) fault('Limit', `it makes an int of more than ${MAX_BITS} bits`);
  const [nWords, mWords] = [bits(a) / 64, operator === '+' || operator === '-' ? 0 : bits(b) / 64];
  step(nWords + (nWords * mWords) / 64 + (operator === '**' ? size / 64 : 0));
  make(size / 16);
}

function ofFloats(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? fault('ZeroDivisionError', 'float division by zero') : a / b;
    case '%':
      return b === 0 ? fault('ZeroDivisionError', 'float modulo') : floatRemainder(a, b);
    case '//':
      return b === 0 ? fault('ZeroDivisionError', 'float floor division by zero') : floatFloorDivide(a, b);
    case '**':
      return floatPower(a, b);
  }
}

function floatRemainder(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return b < 0 ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

/** @see CPython, Objects/floatobject.c, _float_div_mod */
function floatFloorDivide(a: number, b: number): number {
  const quotient = (a - floatRemainder(a, b)) / b;
  const floor = Math.floor(quotient);
  if (quotient === 0) return Object.is(a / b, -0) || a / b < 0 ? -0 : 0;
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function floatPower(a: number, b: number): number {
  if (a === 1) return 1;
  if (a === 0 && b < 0) return fault('ZeroDivisionError', '0.0 cannot be raised to a negative power');
  if (a < 0 && !Number.isInteger(b) && Number.isFinite(b))
    return fault('TypeError', 'complex numbers are not supported');
  const power = a ** b;
  const isOverflow = !Number.isFinite(power) && Number.isFinite(a) && Number.isFinite(b);
  return isOverflow ? fault('OverflowError', 'Numerical result out of range') : power;
}

/** Python's unary `-` and `+`. */
export function negate(value: Value): Value {
  if (value instanceof Float) return new Float(-value.value);
  const number = signed(value, '-');
  return typeof number === 'bigint' ? fromBigInt(-number) : 0 - number;
}

export function plus(value: Value): Value {
  return value instanceof Float ? value : signed(value, '+');
}

function signed(value: Value, operator: string): number | bigint {
  if (value instanceof Undefined) return value.fail();
  const number = asNumber(value);
  return number ?? fault('TypeError', `bad operand type for unary ${operator}: '${typeName(value)}'`);
}
