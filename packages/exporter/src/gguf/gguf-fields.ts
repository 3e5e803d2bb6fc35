// Metadata fields of a GGUF file, each checked as it is read.

import { ToolkitError } from '@llama-ts/base';
import type { GgufFiles, ReadGgufValue } from '@llama-ts/gguf';
import { show } from '../json-fields.js';

/** Fields by key. */
export interface GgufFields {
  /** Name in messages. */
  readonly name: string;
  has(key: string): boolean;
  value(key: string): ReadGgufValue | undefined;
  /** A whole number from 1 on, or the one value of an array whose values are equal. @throws ToolkitError `BAD_CONFIG` */
  size(key: string, max: number): number;
  /** A number of any kind; undefined without the field. @throws ToolkitError `BAD_CONFIG` */
  number(key: string): number | undefined;
  /** A text; undefined without the field. @throws ToolkitError `BAD_CONFIG` */
  text(key: string): string | undefined;
  /** true or false; undefined without the field. @throws ToolkitError `BAD_CONFIG` */
  flag(key: string): boolean | undefined;
}

/** The error of a field with a wrong value. */
export function badField(name: string, problem: string): ToolkitError {
  return new ToolkitError('BAD_CONFIG', `${name}: ${problem}`, {
    suggestions: ['download the file again, then run the same command again'],
  });
}

export function ggufFields(metadata: GgufFiles['metadata'], name: string): GgufFields {
  const wrong = (key: string, value: ReadGgufValue, expected: string): ToolkitError => {
    const found = value.kind === 'array' ? `is an array of ${value.values.length}` : `is ${show(shown(value))}`;
    return badField(name, `${key} ${found}, expected ${expected}`);
  };
  const number = (key: string): number | undefined => {
    const value = metadata.get(key);
    if (value === undefined) return undefined;
    const found = numberOf(value);
    if (found === null || !Number.isFinite(found)) throw wrong(key, value, 'a number');
    return found;
  };
  return {
    name,
    has: (key) => metadata.has(key),
    value: (key) => metadata.get(key),
    number,
    size(key, max) {
      const value = metadata.get(key);
      const expected = `a whole number from 1 to ${max}`;
      if (value === undefined) throw badField(name, `no ${key}, expected ${expected}`);
      const found = numberOf(value);
      if (found === null || !Number.isInteger(found) || found < 1 || found > max) throw wrong(key, value, expected);
      return found;
    },
    text(key) {
      const value = metadata.get(key);
      if (value === undefined || value.kind === 'string') return value?.value;
      throw wrong(key, value, 'a text');
    },
    flag(key) {
      const value = metadata.get(key);
      if (value === undefined || value.kind === 'bool') return value?.value;
      throw wrong(key, value, 'true or false');
    },
  };
}

/** A number, also the one that all values of an array are: some writers state a size for each layer. */
function numberOf(value: ReadGgufValue): number | null {
  if (value.kind !== 'array') {
    return typeof value.value === 'number' || typeof value.value === 'bigint' ? Number(value.value) : null;
  }
  if (value.of === 'string' || value.of === 'bool' || value.values.length === 0) return null;
  const numbers = value.values as ArrayLike<number | bigint>;
  // Without a copy: a damaged file may hold millions.
  for (let i = 1; i < numbers.length; i++) if (numbers[i] !== numbers[0]) return null;
  return Number(numbers[0]);
}

function shown(value: Exclude<ReadGgufValue, { kind: 'array' }>): unknown {
  return typeof value.value === 'bigint' ? value.value.toString() : value.value;
}

/** The shortest decimal number that a float32 is the nearest of: 1e-5, where the float32 is 9.99999974737875e-6. */
export function shortestDecimal(float: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === Math.fround(float)) return short;
  }
  return float;
}
