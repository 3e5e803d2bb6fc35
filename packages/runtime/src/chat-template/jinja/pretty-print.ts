// The filter `pprint`: what fits into 80 columns in one line, longer collections with an item a line.

import { compare } from './compare.js';
import { isFault } from './errors.js';
import { caught, checkNesting, make } from './meter.js';
import { repr } from './python-repr.js';
import { Dict, List, Tuple, type Value } from './values.js';

const WIDTH = 80;

/** @see CPython, Lib/pprint.py; long strings are not broken */
export function prettyPrint(value: Value): string {
  return format(value, 0, 0, 0);
}

function format(value: Value, indent: number, allowance: number, level: number): string {
  checkNesting(level);
  const line = repr(sortedKeys(value, level));
  make(indent);
  if (line.length <= WIDTH - indent - allowance) return line;
  const pad = `,\n${' '.repeat(indent + 1)}`;
  if (value instanceof List || (value instanceof Tuple && value.items.length > 0)) {
    const [open, close] = value instanceof List ? ['[', ']'] : ['(', value.items.length === 1 ? ',)' : ')'];
    const last = value.items.length - 1;
    return (
      open +
      value.items.map((item, i) => format(item, indent + 1, i === last ? allowance + 1 : 1, level + 1)).join(pad) +
      close
    );
  }
  if (!(value instanceof Dict)) return line;
  const entries = sortEntries(value);
  const last = entries.length - 1;
  const written = entries.map(([key, item], i) => {
    const name = repr(key);
    return `${name}: ${format(item, indent + 1 + name.length + 2, i === last ? allowance + 1 : 1, level + 1)}`;
  });
  return `{${written.join(pad)}}`;
}

function sortedKeys(value: Value, level: number): Value {
  checkNesting(level);
  if (value instanceof Dict)
    return new Dict(sortEntries(value).map(([key, item]) => [key, sortedKeys(item, level + 1)] as const));
  if (value instanceof List) return new List(value.items.map((item) => sortedKeys(item, level + 1)));
  return value instanceof Tuple ? new Tuple(value.items.map((item) => sortedKeys(item, level + 1))) : value;
}

function sortEntries({ entries }: Dict): (readonly [Value, Value])[] {
  const all = [...entries.values()];
  try {
    return all.sort(([a], [b]) => compare(a, b));
  } catch (error) {
    if (!isFault(error, 'TypeError')) throw error;
    caught();
    return [...entries.values()];
  }
}
