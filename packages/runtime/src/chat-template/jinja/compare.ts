// Comparisons as Python makes them: by value, between numbers of any type, and an error for values without an order.

import { fault } from './errors.js';
import { toArray } from './iterate.js';
import { checkNesting, step } from './meter.js';
import { indexOf } from './search.js';
import { Text } from './text.js';
import {
  Dict,
  DictView,
  Float,
  Generator,
  Instance,
  keyOf,
  List,
  Namespace,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js';

/** A value as a number, where Python takes it for one; null for others. */
export function asNumber(value: Value): number | bigint | null {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return Number(value);
  return value instanceof Float ? value.value : null;
}

/** Python's `==`. */
export function equals(a: Value, b: Value, level = 0): boolean {
  checkNesting(level);
  step();
  if (a === b) return true;
  if (a instanceof Text) return b instanceof Text && a.length === b.length && a.text === b.text;
  const x = asNumber(a);
  if (x !== null) {
    const y = asNumber(b);
    // biome-ignore lint/suspicious/noDoubleEquals: an int beyond 2^53 equals a float of its value
    return y !== null && x == y;
  }
  if (a instanceof List) return b instanceof List && allEqual(a.items, b.items, level);
  if (a instanceof Tuple) return b instanceof Tuple && allEqual(a.items, b.items, level);
  if (a instanceof Dict) return b instanceof Dict && dictsEqual(a, b, level);
  if (a instanceof Undefined) return b instanceof Undefined;
  if (a instanceof Range) return b instanceof Range && keyOf(a) === keyOf(b);
  if (a instanceof DictView && b instanceof DictView && a.kind === b.kind && a.kind !== 'dict_values') {
    return a.dict.entries.size === b.dict.entries.size && toArray(a).every((item) => contains(b, item));
  }
  return false;
}

function allEqual(a: readonly Value[], b: readonly Value[], level: number): boolean {
  return a.length === b.length && a.every((item, i) => equals(item, b[i]!, level + 1));
}

function dictsEqual(a: Dict, b: Dict, level: number): boolean {
  if (a.entries.size !== b.entries.size) return false;
  for (const [key, [, value]] of a.entries) {
    const other = b.entries.get(key);
    if (other === undefined || !equals(value, other[1], level + 1)) return false;
  }
  return true;
}

/** Python's `<`, `<=`, `>` and `>=`. */
export function isOrdered(a: Value, operator: '<' | '<=' | '>' | '>=', b: Value, level = 0): boolean {
  checkNesting(level);
  step();
  if (a instanceof Undefined) a.fail();
  if (b instanceof Undefined) b.fail();
  const x = asNumber(a);
  const y = asNumber(b);
  if (x !== null && y !== null)
    return holds(x < y ? -1 : x > y ? 1 : x === y || !(Number.isNaN(x) || Number.isNaN(y)) ? 0 : null, operator);
  if (a instanceof Text && b instanceof Text) return holds(compareTexts(a.text, b.text), operator);
  if ((a instanceof List && b instanceof List) || (a instanceof Tuple && b instanceof Tuple)) {
    const n = Math.min(a.items.length, b.items.length);
    for (let i = 0; i < n; i++) {
      if (!equals(a.items[i]!, b.items[i]!, level + 1)) return isOrdered(a.items[i]!, operator, b.items[i]!, level + 1);
    }
    return holds(a.items.length - b.items.length, operator);
  }
  return fault('TypeError', `'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

function holds(order: number | null, operator: '<' | '<=' | '>' | '>='): boolean {
  if (order === null) return false;
  if (order === 0) return operator === '<=' || operator === '>=';
  return order < 0 === (operator === '<' || operator === '<=');
}

/** Compares code points, as Python does; JavaScript's `<` compares UTF-16 units. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === a.length || i === b.length) return a.length - b.length;
  const x = a.charCodeAt(i);
  const y = b.charCodeAt(i);
  // A surrogate is half of a code point above all code points of one unit.
  const isSurrogate = (unit: number) => (unit & 0xf800) === 0xd800;
  if (isSurrogate(x) !== isSurrogate(y)) return isSurrogate(x) ? 1 : -1;
  return x - y;
}

/** Orders values by Python's `<`, for Array.sort. */
export function compare(a: Value, b: Value): number {
  if (isOrdered(a, '<', b)) return -1;
  return isOrdered(b, '<', a) ? 1 : 0;
}

/** Python's `item in container`. */
export function contains(container: Value, item: Value): boolean {
  if (container instanceof Text) {
    if (!(item instanceof Text)) {
      return fault('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`);
    }
    return indexOf(container.text, item.text) >= 0;
  }
  if (container instanceof Dict) return container.entries.has(keyOf(item));
  if (container instanceof DictView && container.kind === 'dict_keys') return container.dict.entries.has(keyOf(item));
  if (container instanceof Generator) {
    for (const found of container) if (equals(found, item)) return true;
    return false;
  }
  const isContainer =
    container instanceof List ||
    container instanceof Tuple ||
    container instanceof Range ||
    container instanceof DictView;
  if (isContainer) return toArray(container).some((found) => equals(found, item));
  if (container instanceof Undefined) return false;
  return fault('TypeError', `argument of type '${typeName(container)}' is not iterable`);
}

/** Python's `is`. */
export function isSame(a: Value, b: Value): boolean {
  if (a instanceof Text && b instanceof Text) return a === b || (a.length <= 1 && a.text === b.text);
  if (a instanceof Undefined || a instanceof Namespace || a instanceof Instance) return a === b;
  return a === b;
}
