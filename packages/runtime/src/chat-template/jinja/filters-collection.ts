// Filters of lists, dicts and other iterables.

import { intArgument, textArgument } from './arguments.js';
import { isInt, operate } from './arithmetic.js';
import { getItem } from './attributes.js';
import { compare, isOrdered } from './compare.js';
import { fault, isFault } from './errors.js';
import { type Filter, type FilterArguments, filter } from './filter.js';
import { iterate, lengthOf, reversed, toArray } from './iterate.js';
import { caught, make, spent, step } from './meter.js';
import { str } from './python-repr.js';
import { lower } from './string-case.js';
import { join } from './string-parts.js';
import { Text } from './text.js';
import { Dict, Float, Generator, isTrue, keyOf, List, Tuple, typeName, Undefined, type Value } from './values.js';

const length = filter('', (value) => lengthOf(value));

export const collectionFilters: Readonly<Record<string, Filter>> = {
  batch: filter(
    'linecount, fill_with=',
    (value, [count, fill]) => new Generator('generator', batches(value, count!, fill ?? null), value),
  ),
  count: length,
  length,
  dictsort: filter('case_sensitive=, by=, reverse=', dictSort),
  first: filter('', (value) => {
    const { done, value: first } = iterate(value).next();
    return done === true ? new Undefined('No first item, sequence was empty.') : (first as Value);
  }),
  groupby: filter('attribute, default=, case_sensitive=', groupBy),
  items: filter('', (value) => new Generator('generator', items(value), value)),
  join: filter('d=, attribute=', (value, [separator, attribute]) => {
    const get = attribute === undefined || attribute === null ? null : attributeGetter(attribute);
    const parts = toArray(value).map((item) => str(get === null ? item : get(item)));
    return join(separator === undefined ? Text.template('') : str(separator), parts);
  }),
  last: filter('', (value) => {
    const [last] = reversed(value);
    return last === undefined ? new Undefined('No last item, sequence was empty.') : last;
  }),
  list: filter('', (value) => new List([...toArray(value)])),
  max: filter('case_sensitive=, attribute=', (value, args) => extreme(value, '>', args)),
  min: filter('case_sensitive=, attribute=', (value, args) => extreme(value, '<', args)),
  random: filter('', (value) => {
    const n = lengthOf(value);
    // A rendering gives the same prompt whenever it is made, so that chance is what was done before.
    return n === 0 ? new Undefined('No random item, sequence was empty.') : getItem(value, spent().steps % n);
  }),
  reverse: filter('', reverse),
  slice: filter(
    'slices, fill_with=',
    (value, [count, fill]) => new Generator('generator', slices(value, count!, fill ?? null), value),
  ),
  sort: filter('reverse=, case_sensitive=, attribute=', sort),
  sum: filter('attribute=, start=', sum),
  unique: filter(
    'case_sensitive=, attribute=',
    (value, args) => new Generator('generator', unique(value, args), value),
  ),
};

/** `a.b.0` as attributes of an item, one after the other. */
export function attributeGetter(attribute: Value, usual?: Value): (item: Value) => Value {
  const parts = attribute === null ? [] : attribute instanceof Text ? attribute.text.split('.').map(part) : [attribute];
  return (item) => {
    let found = item;
    for (const key of parts) {
      found = getItem(found, key);
      if (usual !== undefined && usual !== null && found instanceof Undefined) found = usual;
    }
    return found;
  };
}

function part(text: string): Value {
  return /^\d+$/.test(text) ? Number(text) : Text.data(text);
}

/** The value that items are compared by: an attribute; strings without regard to case by default. */
function keyGetter(
  attribute: Value | undefined,
  isCaseSensitive: Value | undefined,
  usual?: Value,
): (item: Value) => Value {
  const get = attributeGetter(attribute ?? null, usual);
  if (isTrue(isCaseSensitive ?? false)) return get;
  return (item) => foldCase(get(item));
}

function foldCase(value: Value): Value {
  return value instanceof Text ? lower(value) : value;
}

function sorted<T>(entries: readonly T[], keyOfEntry: (entry: T) => Value, isReversed: boolean): T[] {
  make(8 * entries.length);
  const keyed = entries.map((entry) => ({ entry, key: keyOfEntry(entry) }));
  // Equal ones keep their order, reversed or not.
  keyed.sort((a, b) => (isReversed ? compare(b.key, a.key) : compare(a.key, b.key)));
  return keyed.map(({ entry }) => entry);
}

function sort(value: Value, [isReversed, isCaseSensitive, attribute]: FilterArguments): Value {
  const names =
    attribute instanceof Text ? attribute.text.split(',').map((name) => Text.data(name)) : [attribute ?? null];
  const getters = names.map((name) => keyGetter(name, isCaseSensitive));
  return new List(
    sorted(toArray(value), (item) => new List(getters.map((get) => get(item))), isTrue(isReversed ?? false)),
  );
}

function dictSort(value: Value, [isCaseSensitive, by, isReversed]: FilterArguments): Value {
  const which = by === undefined ? 'key' : textArgument(by, 'by').text;
  if (which !== 'key' && which !== 'value') return fault('TypeError', 'You can only sort by either "key" or "value"');
  if (value instanceof Undefined) return value.fail();
  if (!(value instanceof Dict)) return fault('AttributeError', `'${typeName(value)}' object has no attribute 'items'`);
  const fold = isTrue(isCaseSensitive ?? false) ? (item: Value) => item : foldCase;
  const pairs = [...value.entries.values()];
  const order = sorted(pairs, ([key, item]) => fold(which === 'key' ? key : item), isTrue(isReversed ?? false));
  return new List(order.map((pair) => new Tuple(pair)));
}

function* unique(value: Value, [isCaseSensitive, attribute]: FilterArguments): globalThis.Generator<Value> {
  const get = keyGetter(attribute, isCaseSensitive);
  const seen = new Set<unknown>();
  const items = iterate(value);
  for (let { done, value: item } = items.next(); done !== true; { done, value: item } = items.next()) {
    const key = keyOf(get(item as Value));
    make(16);
    if (seen.has(key)) continue;
    seen.add(key);
    yield item as Value;
  }
}

function extreme(value: Value, operator: '<' | '>', [isCaseSensitive, attribute]: FilterArguments): Value {
  const get = keyGetter(attribute, isCaseSensitive);
  const all = toArray(value);
  const [first] = all;
  if (first === undefined) return new Undefined('No aggregated item, sequence was empty.');
  let best = first;
  let bestKey = get(best);
  for (const item of all.slice(1)) {
    const key = get(item);
    if (!isOrdered(key, operator, bestKey)) continue;
    best = item;
    bestKey = key;
  }
  return best;
}

function groupBy(value: Value, [attribute, usual, isCaseSensitive]: FilterArguments): Value {
  const get = keyGetter(attribute, isCaseSensitive, usual);
  const plain = attributeGetter(attribute!, usual);
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(toArray(value), get, false)) {
    const key = get(item);
    const last = groups.at(-1);
    if (last !== undefined && compareEqual(last.key, key)) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  const isFolded = !isTrue(isCaseSensitive ?? false);
  return new List(
    groups.map(
      ({ key, items }) => new Tuple([isFolded ? plain(items[0]!) : key, new List(items)], ['grouper', 'list']),
    ),
  );
}

function compareEqual(a: Value, b: Value): boolean {
  return compare(a, b) === 0;
}

function sum(value: Value, [attribute, start]: FilterArguments): Value {
  const get = attribute === undefined || attribute === null ? null : attributeGetter(attribute);
  let total: Value = start === undefined ? 0 : start;
  if (total instanceof Text) return fault('TypeError', "sum() can't sum strings [use ''.join(seq) instead]");
  for (const item of toArray(value)) total = operate('+', total, get === null ? item : get(item));
  return total;
}

function reverse(value: Value): Value {
  if (value instanceof Text) return Text.join([Text.data(''), ...[...value.characters()].reverse()]);
  try {
    const items = reversed(value);
    return new Generator('reversed', items[Symbol.iterator](), value);
  } catch (error) {
    if (!isFault(error, 'TypeError')) throw error;
    caught();
    return new List([...toArray(value)].reverse());
  }
}

function* batches(value: Value, count: Value, fill: Value): globalThis.Generator<Value> {
  const n = count instanceof Float || !isInt(count) ? Number.NaN : intArgument(count, 1);
  let batch: Value[] = [];
  const all = iterate(value);
  for (let { done, value: item } = all.next(); done !== true; { done, value: item } = all.next()) {
    if (batch.length === n) {
      yield new List(batch);
      batch = [];
    }
    batch.push(item as Value);
  }
  if (batch.length === 0) return;
  if (fill !== null && batch.length < n) {
    make(4 * (n - batch.length));
    step((n - batch.length) / 16);
    while (batch.length < n) batch.push(fill);
  }
  yield new List(batch);
}

function* slices(value: Value, count: Value, fill: Value): globalThis.Generator<Value> {
  const all = toArray(value);
  const n = intArgument(count, 1);
  if (n === 0) fault('ZeroDivisionError', 'integer division or modulo by zero');
  const size = Math.floor(all.length / n);
  const nLonger = all.length - size * n;
  let start = 0;
  for (let i = 0; i < n; i++) {
    step();
    const end = start + size + (i < nLonger ? 1 : 0);
    const part = all.slice(start, end);
    if (fill !== null && i >= nLonger) part.push(fill);
    start = end;
    yield new List(part);
  }
}

function* items(value: Value): globalThis.Generator<Value> {
  if (value instanceof Undefined) return;
  if (!(value instanceof Dict)) fault('TypeError', 'Can only get item pairs from a mapping.');
  for (const pair of (value as Dict).entries.values()) {
    step();
    yield new Tuple(pair);
  }
}
