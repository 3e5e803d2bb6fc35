// Numbers in the forms of `%d`, `%.2f`, `{:>8,}` and their like.

import { asNumber } from './compare.js';
import { fault } from './errors.js';
import { toFixed, toScientific } from './exact-decimal.js';
import { make, step } from './meter.js';
import { bigIntText, floatText } from './python-repr.js';
import { Float, typeName, type Value } from './values.js';

/** Wider than any that is meant: a template that asks for more is refused. */
export const MAX_WIDTH = 100_000;

/** Digits of a number without its sign, in one of the forms `f`, `e`, `g` and their capitals. */
export function floatDigits(value: number, form: string, precision: number, keepsZeros = false): string {
  checkWidth(precision);
  const isCapital = form === form.toUpperCase();
  const text = Number.isFinite(value)
    ? finiteDigits(Math.abs(value), form.toLowerCase(), precision, keepsZeros)
    : Number.isNaN(value)
      ? 'nan'
      : 'inf';
  return isCapital ? text.toUpperCase() : text;
}

function finiteDigits(value: number, form: string, precision: number, keepsZeros: boolean): string {
  if (form === 'f') return toFixed(value, precision) + (keepsZeros && precision === 0 ? '.' : '');
  if (form === 'e') {
    const { digits, exponent } = toScientific(value, precision + 1);
    return mantissa(digits, keepsZeros) + exponentText(exponent);
  }
  const significant = Math.max(1, precision);
  const { digits, exponent } = toScientific(value, significant);
  if (exponent < -4 || exponent >= significant) {
    return mantissa(keepsZeros ? digits : withoutZeros(digits), keepsZeros) + exponentText(exponent);
  }
  const fixed = toFixed(value, significant - 1 - exponent);
  return keepsZeros || !fixed.includes('.') ? fixed : fixed.replace(/\.?0+$/, '');
}

function withoutZeros(digits: string): string {
  return digits.replace(/(?<=.)0+$/, '');
}

function mantissa(digits: string, keepsPoint: boolean): string {
  return digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits + (keepsPoint ? '.' : '');
}

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Digits of an int without its sign. */
export function intDigits(value: number | bigint, base: 2 | 8 | 10 | 16): string {
  const magnitude = BigInt(value) < 0n ? -BigInt(value) : BigInt(value);
  return base === 10 ? bigIntText(magnitude) : magnitude.toString(base);
}

export function isNegative(value: number | bigint): boolean {
  return typeof value === 'bigint' ? value < 0n : value < 0 || Object.is(value, -0);
}

/** An int of a number, cut towards 0. */
export function truncated(value: Value): number | bigint | null {
  const number = asNumber(value);
  if (number === null || !(value instanceof Float)) return number;
  const { value: float } = value;
  if (Number.isNaN(float)) return fault('ValueError', 'cannot convert float NaN to integer');
  if (!Number.isFinite(float)) return fault('OverflowError', 'cannot convert float infinity to integer');
  const whole = Math.trunc(float);
  return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole);
}

/** A number as a double. */
export function toDouble(value: Value): number | null {
  const number = asNumber(value);
  if (typeof number !== 'bigint') return number;
  const double = Number(number);
  return Number.isFinite(double) ? double : fault('OverflowError', 'int too large to convert to float');
}

export function checkWidth(width: number): void {
  if (width > MAX_WIDTH) fault('Limit', `it formats to a width of ${width}, expected at most ${MAX_WIDTH}`);
  make(width);
}

/** Digits in groups of `size` from the right. */
export function grouped(digits: string, separator: string, size: number): string {
  const groups: string[] = [];
  step(digits.length / 4);
  for (let end = digits.length; end > 0; end -= size) groups.push(digits.slice(Math.max(0, end - size), end));
  return groups.reverse().join(separator);
}

/** `f'{value}'` of a number, where no form is asked for. */
export function plainNumber(value: Value): string {
  if (value instanceof Float) return floatText(Math.abs(value.value));
  const number = asNumber(value);
  return number === null ? fault('TypeError', `${typeName(value)} is no number`) : intDigits(number, 10);
}
