// Numbers in strings, as Python's `int` and `float` read them.

import { fault } from './errors.js';
import { scan, step } from './meter.js';
import { stripped } from './python-space.js';
import { fromBigInt } from './values.js';

const MAX_DIGITS = 4300;
/** Steps per digit of an int. */
const STEPS_PER_DIGIT = { decimal: 1 / 8, other: 2 };
const FLOAT = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const NAMED = /^([+-]?)(inf|infinity|nan)$/i;

/** @throws TemplateFault ValueError */
export function parseFloatText(text: string): number {
  scan(text.length);
  const source = trimmed(text);
  const named = NAMED.exec(source);
  if (named !== null) {
    if (named[2]!.toLowerCase() === 'nan') return Number.NaN;
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!FLOAT.test(source)) return fault('ValueError', 'could not convert string to float');
  return Number(source.replaceAll('_', ''));
}

/** @throws TemplateFault ValueError */
export function parseIntText(text: string, base: number): number | bigint {
  scan(text.length);
  if (base !== 0 && (base < 2 || base > 36)) return fault('ValueError', 'int() base must be >= 2 and <= 36, or 0');
  const match = /^([+-]?)(0[xob]_?)?([\da-z]+(?:_[\da-z]+)*)$/i.exec(trimmed(text));
  if (match === null) return fault('ValueError', 'invalid literal for int()');
  const [, sign, prefix = '', digits = ''] = match;
  const prefixBase = { x: 16, o: 8, b: 2 }[prefix[1]?.toLowerCase() ?? ''] ?? null;
  const actual = base === 0 ? (prefixBase ?? 10) : base;
  // A prefix of another base is digits: 0b1 is a number in base 16.
  const isPrefix = prefixBase !== null && prefixBase === actual;
  const source = (isPrefix ? digits : prefix.replace('_', '') + digits).replaceAll('_', '');
  if (base === 0 && prefixBase === null && /^0+[1-9]/.test(source))
    return fault('ValueError', 'invalid literal for int()');
  return signed(toInteger(source, actual), sign === '-');
}

function signed(value: bigint, isNegative: boolean): number | bigint {
  return fromBigInt(isNegative ? -value : value);
}

function toInteger(digits: string, base: number): bigint {
  if (digits.length > MAX_DIGITS) return fault('ValueError', `an int of more than ${MAX_DIGITS} digits`);
  const valid = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base);
  let value = 0n;
  step(STEPS_PER_DIGIT[base === 10 ? 'decimal' : 'other'] * digits.length);
  if (base === 10 && /^\d+$/.test(digits)) return BigInt(digits);
  for (const digit of digits.toLowerCase()) {
    const at = valid.indexOf(digit);
    if (at < 0) return fault('ValueError', 'invalid literal for int()');
    value = value * BigInt(base) + BigInt(at);
  }
  return value;
}

function trimmed(text: string): string {
  const { start, end } = stripped(text);
  // Decimal digits of other scripts count too.
  return text.slice(start, end).replace(/[^\0-\x7f]/gu, (c) => (/\p{Nd}/u.test(c) ? String(digitValue(c)) : c));
}

/** Digits of a script are ten in a row. */
function digitValue(character: string): number {
  let n = 0;
  const code = character.codePointAt(0)!;
  while (n < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - n - 1))) n++;
  return n;
}
