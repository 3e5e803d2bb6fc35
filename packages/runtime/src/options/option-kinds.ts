// Kinds of options that several calls share.

import { isPlainObject, type OptionKind } from './check-options.js';

/** Any number; its range is checked where it is used. */
export const aNumber: OptionKind = { expected: 'a number', accepts: (value) => typeof value === 'number' };
export const aString: OptionKind = { expected: 'a string', accepts: (value) => typeof value === 'string' };
export const aBoolean: OptionKind = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const aFunction: OptionKind = { expected: 'a function', accepts: (value) => typeof value === 'function' };
export const anArray: OptionKind = { expected: 'an array', accepts: (value) => Array.isArray(value) };
export const anObject: OptionKind = { expected: 'an object', accepts: isPlainObject };
export const count: OptionKind = wholeNumber(0);
export const positiveCount: OptionKind = wholeNumber(1);

export const aSeed: OptionKind = {
  expected: 'a whole number from 1 to 18446744073709551615',
  accepts: (value) =>
    typeof value === 'bigint'
      ? value >= 1n && value < 1n << 64n
      : Number.isSafeInteger(value) && (value as number) >= 1,
};

export const aSignal: OptionKind = {
  expected: 'an AbortSignal',
  accepts: (value) => value instanceof AbortSignal,
  suggestion: 'pass its signal: controller.signal',
};

export const aDate: OptionKind = {
  expected: 'a Date that is one',
  accepts: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
};

export const strings: OptionKind = {
  expected: 'an array of strings',
  accepts: (value) => Array.isArray(value) && Array.from(value).every((item) => typeof item === 'string'),
};

/** Token ids; whether a model has them is checked where they are used. */
export const ids: OptionKind = {
  expected: 'an array of token ids',
  accepts: (value) => Array.isArray(value) && Array.from(value).every((id) => typeof id === 'number'),
};

/** An object whose fields are all of a kind. */
export function fieldsOf(kind: OptionKind): OptionKind {
  return {
    expected: `an object whose fields are ${kind.expected} each`,
    accepts: (value) => isPlainObject(value) && Object.values(value).every((field) => kind.accepts(field)),
  };
}

/** One of several words. */
export function oneOf(words: readonly string[]): OptionKind {
  return { expected: words.join(' or '), accepts: (value) => words.includes(value as string) };
}

/** Either of two kinds. */
export function either(a: OptionKind, b: OptionKind): OptionKind {
  return { expected: `${a.expected} or ${b.expected}`, accepts: (value) => a.accepts(value) || b.accepts(value) };
}

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): OptionKind {
  return {
    expected: max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}
