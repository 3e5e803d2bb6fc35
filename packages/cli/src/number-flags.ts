// Parsers of flags that hold numbers: a text that is not a number as a whole is refused.

import { ToolkitError } from '@llama-ts/format';

/** Smallest and largest accepted value. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const INTEGER = /^-?\d+$/;
const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)$/;

/** A parser of whole numbers in decimal digits, for a flag's `parse`. */
export function integer({ min, max }: Range): NumberParser {
  return async (text, _context, { name }) => parseNumber(text, name, { min, max }, INTEGER, 'a whole number');
}

/** A parser of decimal numbers without exponent, for a flag's `parse`. */
export function decimal({ min, max }: Range): NumberParser {
  return async (text, _context, { name }) => parseNumber(text, name, { min, max }, DECIMAL, 'a number');
}

type NumberParser = (text: string, context: unknown, flag: { readonly name: string }) => Promise<number>;

function parseNumber(text: string, name: string, { min, max }: Range, pattern: RegExp, kind: string): number {
  const value = Number(text);
  if (pattern.test(text) && value >= min && value <= max) return value;
  const range = max >= Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  throw new ToolkitError('USAGE', `--${name} ${JSON.stringify(text)}: expected ${kind} ${range}`);
}
