// Arguments of filters, tests, methods and functions, bound to parameters as Python binds them.

import { fault } from './errors.js';
import { Text } from './text.js';
import { type Keywords, typeName, type Value } from './values.js';

export const NO_KEYWORDS: Keywords = new Map();

/** Parameters: `sep, maxsplit=` are two, of which the second need not be given; `/` after those without a name. */
export interface Signature {
  readonly names: readonly string[];
  readonly nRequired: number;
  /** Parameters that cannot be given by name. */
  readonly nUnnamed: number;
}

/** @param source such as `old, new, count=, /` */
export function signature(source: string): Signature {
  const parts = source === '' ? [] : source.split(', ');
  const slash = parts.indexOf('/');
  const names = parts.filter((part) => part !== '/');
  return {
    names: names.map((name) => name.replace('=', '')),
    nRequired: names.filter((name) => !name.endsWith('=')).length,
    nUnnamed: Math.max(0, slash),
  };
}

/** Values of the parameters; undefined for one that was not given. */
export function bind(
  what: string,
  { names, nRequired, nUnnamed }: Signature,
  args: readonly Value[],
  keywords: Keywords,
): (Value | undefined)[] {
  if (args.length > names.length) {
    return fault('TypeError', `${what} takes ${names.length} arguments but ${args.length} were given`);
  }
  const bound: (Value | undefined)[] = names.map((_, i) => args[i]);
  for (const [name, value] of keywords) {
    const i = names.indexOf(name);
    if (i < nUnnamed) return fault('TypeError', `${what} got an unexpected keyword argument '${name}'`);
    if (bound[i] !== undefined) return fault('TypeError', `${what} got multiple values for argument '${name}'`);
    bound[i] = value;
  }
  const missing = bound.findIndex((value, i) => i < nRequired && value === undefined);
  if (missing >= 0) return fault('TypeError', `${what} misses the argument '${names[missing]}'`);
  return bound;
}

/** An argument that Python takes as an index: an int or a bool. */
export function intArgument(value: Value | undefined, usual: number): number {
  if (value === undefined) return usual;
  if (typeof value === 'bigint') return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  return fault('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`);
}

export function textArgument(value: Value | undefined, what: string): Text {
  return value instanceof Text ? value : fault('TypeError', `${what} must be str, not ${typeName(value ?? null)}`);
}
