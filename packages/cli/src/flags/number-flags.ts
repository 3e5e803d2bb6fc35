// Parsers of flags that hold numbers, as people write them: `0.7`, `.7`, `1e-3`, `+1`, `100_000`. A text that is not a
// number as a whole, such as `12abc` or `0x10`, is refused.

import { ToolkitError } from '@llama-ts/base';

/** Smallest and largest accepted value. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Digits with single underscores between them. */
const DIGITS = String.raw`\d+(?:_\d+)*`;
const NUMBER = new RegExp(`^[+-]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:e[+-]?\\d+)?$`, 'i');
const WHOLE = new RegExp(`^\\+?${DIGITS}$`);

/** A parser of whole numbers, for a flag's `parse`. */
export function integer({ min, max }: Range): NumberParser {
  return async (text, _context, { name }) => parseNumber(text, name, { min, max }, true);
}

/** A parser of decimal numbers, for a flag's `parse`. */
export function decimal({ min, max }: Range): NumberParser {
  return async (text, _context, { name }) => parseNumber(text, name, { min, max }, false);
}

/** Whether a text is a number as a whole. */
export function looksLikeNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** The number that a text is as a whole; NaN for another text, and for a number that is not finite. */
export function numberOf(text: string): number {
  const value = looksLikeNumber(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** A whole number of any size, not negative; null for another text. */
export function wholeNumberOf(text: string): bigint | null {
  return WHOLE.test(text) ? BigInt(text.replace(/[+_]/g, '')) : null;
}

type NumberParser = (text: string, context: unknown, flag: { readonly name: string }) => Promise<number>;

function parseNumber(text: string, name: string, { min, max }: Range, isWhole: boolean): number {
  const value = numberOf(text);
  if (value >= min && value <= max && (!isWhole || Number.isSafeInteger(value))) return value;
  const range = max >= Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  const kind = isWhole ? 'a whole number' : 'a number';
  const point = numberOf(text.replace(',', '.'));
  throw new ToolkitError('USAGE', `--${name} ${JSON.stringify(text)}: expected ${kind} ${range}`, {
    suggestions: !isWhole && /^\d*,\d+$/.test(text) && point >= min && point <= max ? [`--${name} ${point}`] : [],
  });
}
