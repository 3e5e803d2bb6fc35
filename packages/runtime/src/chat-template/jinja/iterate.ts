// Iterates values and takes their lengths, as Python's `iter` and `len` do.

import { fault } from './errors.js';
import { make, step } from './meter.js';
import { Text } from './text.js';
import { Dict, DictView, Generator, Instance, List, Range, Tuple, typeName, Undefined, type Value } from './values.js';

/** @throws TemplateFault TypeError for a value that is not iterable */
export function iterate(value: Value): Iterator<Value> {
  if (value instanceof List || value instanceof Tuple) return values(value.items);
  if (value instanceof Generator) return value;
  if (value instanceof Range) return rangeItems(value);
  return values(toArray(value));
}

function* values(items: readonly Value[]): Generator_ {
  for (const item of items) {
    step();
    yield item;
  }
}

type Generator_ = globalThis.Generator<Value, undefined, undefined>;

function* rangeItems({ start, rise, length }: Range): Generator_ {
  for (let i = 0; i < length; i++) {
    step();
    yield start + i * rise;
  }
}

/** All items; not to be changed, since a list's are its own. */
export function toArray(value: Value): readonly Value[] {
  if (value instanceof List || value instanceof Tuple) {
    step(1 + value.items.length / 16);
    return value.items;
  }
  if (value instanceof Text) return value.characters();
  if (value instanceof Undefined) return [];
  if (value instanceof Dict) return views(value, 'dict_keys');
  if (value instanceof DictView) return views(value.dict, value.kind);
  if (value instanceof Range) return collect(rangeItems(value));
  if (value instanceof Generator) return collect(value);
  if (value instanceof Instance && value.type === 'LoopContext')
    return fault('TypeError', 'loop is gone through by its for');
  return fault('TypeError', `'${typeName(value)}' object is not iterable`);
}

function collect(items: Iterator<Value>): Value[] {
  const collected: Value[] = [];
  for (let item = items.next(); item.done !== true; item = items.next()) {
    make(4);
    step();
    collected.push(item.value);
  }
  return collected;
}

function views({ entries }: Dict, kind: DictView['kind']): Value[] {
  step(entries.size);
  make(4 * entries.size);
  return Array.from(entries.values(), ([key, value]) => {
    if (kind === 'dict_keys') return key;
    return kind === 'dict_values' ? value : new Tuple([key, value]);
  });
}

/** Python's `len`. */
export function lengthOf(value: Value): number {
  const length = knownLength(value);
  return length ?? fault('TypeError', `object of type '${typeName(value)}' has no len()`);
}

/** The length of what has one, without going through it. */
export function knownLength(value: Value): number | null {
  if (value instanceof Text) return value.nCodePoints;
  if (value instanceof List || value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.entries.size;
  if (value instanceof DictView) return value.dict.entries.size;
  if (value instanceof Range) return value.length;
  if (value instanceof Undefined) return 0;
  return null;
}

/** Python's `reversed`, which takes values that have an order and a length. */
export function reversed(value: Value): readonly Value[] {
  if (value instanceof Generator || knownLength(value) === null) {
    return fault('TypeError', `'${typeName(value)}' object is not reversible`);
  }
  return toArray(value).slice().reverse();
}
