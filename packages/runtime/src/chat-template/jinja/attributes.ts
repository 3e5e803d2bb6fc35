// `value.name` and `value[key]` as jinja2's sandbox resolves them: `.` prefers a method, `[]` an item.

import { intArgument } from './arguments.js';
import { isInt } from './arithmetic.js';
import { formatBraces } from './brace-format.js';
import { fault } from './errors.js';
import { make, read, step } from './meter.js';
import { isHiddenMethod, methodOf } from './methods.js';
import { quote, repr } from './python-repr.js';
import { Text } from './text.js';
import { Callable, Dict, Instance, List, Namespace, Range, Tuple, typeName, Undefined, type Value } from './values.js';

/** Attributes of every Python object, which a sandbox hides. */
const OBJECT_ATTRIBUTES = new Set(
  (
    'class doc dir eq ne lt le gt ge format getattribute hash init init_subclass new reduce reduce_ex repr setattr sizeof str ' +
    'subclasshook delattr len iter getitem contains add mul rmul mod rmod getnewargs dict module call'
  )
    .split(' ')
    .map((name) => `__${name}__`),
);

/** `value.name`. */
export function getAttribute(value: Value, name: string): Value {
  step();
  if (value instanceof Undefined) return value.fail();
  const found = attributeOf(value, name);
  if (found !== undefined) return found;
  if (value instanceof Dict) {
    const item = value.entries.get(name.startsWith('\0') ? `\0${name}` : name);
    if (item !== undefined) return item[1];
  }
  return new Undefined(`'${typeName(value)} object' has no attribute '${name}'`);
}

/** `value[key]`. */
export function getItem(value: Value, key: Value): Value {
  step();
  if (value instanceof Undefined) return value.fail();
  const item = itemOf(value, key);
  if (item !== undefined) return item;
  if (!(key instanceof Text)) return new Undefined(`${typeName(value)} object has no element ${shortRepr(key)}`);
  return (
    attributeOf(value, key.text) ??
    new Undefined(`'${typeName(value)} object' has no attribute ${quote(key.text.slice(0, 80))}`)
  );
}

function shortRepr(key: Value): string {
  return typeof key === 'object' && key !== null ? `of type ${typeName(key)}` : repr(key);
}

function attributeOf(value: Value, name: string): Value | undefined {
  if (OBJECT_ATTRIBUTES.has(name) || isHiddenMethod(value, name)) {
    return new Undefined(`access to attribute '${name}' of '${typeName(value)}' object is unsafe.`, 'SecurityError');
  }
  if (value instanceof Namespace) return value.attributes.get(name);
  if (value instanceof Instance || value instanceof Callable) {
    return Object.hasOwn(value.attributes, name) ? value.attributes[name]!() : undefined;
  }
  if (value instanceof Tuple && value.names.includes(name)) return value.items[value.names.indexOf(name)];
  if (value instanceof Text && (name === 'format' || name === 'format_map')) return formatMethod(value, name);
  return methodOf(value, name);
}

function formatMethod(text: Text, name: 'format' | 'format_map'): Callable {
  const lookups = { getAttribute, getItem };
  if (name === 'format') return new Callable(name, (args, keywords) => formatBraces(text, args, keywords, lookups));
  return new Callable(name, ([mapping, ...others], keywords) => {
    if (!(mapping instanceof Dict) || others.length + keywords.size > 0) {
      return fault('TypeError', 'format_map() takes exactly one argument, a mapping');
    }
    const entries = Array.from(mapping.entries.values(), ([key, value]) => [key, value] as const);
    const named = entries.flatMap(([key, value]) => (key instanceof Text ? [[key.text, value] as const] : []));
    return formatBraces(text, [], new Map(named), lookups);
  });
}

/** undefined where Python raises TypeError or LookupError, which jinja2 catches. */
function itemOf(value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) {
    // An unhashable value is never a key.
    return isHashable(key) ? value.get(key) : undefined;
  }
  if (!isInt(key)) return undefined;
  const index = intArgument(key, 0);
  if (value instanceof List || value instanceof Tuple)
    return value.items.at(index < -value.items.length ? value.items.length : index);
  if (value instanceof Range) {
    const at = index < 0 ? index + value.length : index;
    return at >= 0 && at < value.length ? value.start + at * value.rise : undefined;
  }
  if (!(value instanceof Text)) return undefined;
  const n = value.nCodePoints;
  const at = index < 0 ? index + n : index;
  if (at < 0 || at >= n) return undefined;
  const start = value.unitOf(at);
  const width = value.isWide && value.text.codePointAt(start)! > 0xffff ? 2 : 1;
  return value.slice(start, start + width);
}

function isHashable(key: Value): boolean {
  step();
  if (key instanceof Tuple) return key.items.every(isHashable);
  return !(key instanceof List || key instanceof Dict || key instanceof Namespace);
}

/** `value[start:stop:rise]`; each null where it is left out. */
export function getSlice(value: Value, start: Value, stop: Value, rise: Value): Value {
  step();
  if (value instanceof Undefined) return value.fail();
  const isSequence = value instanceof Text || value instanceof List || value instanceof Tuple || value instanceof Range;
  if (!isSequence) {
    if (value instanceof Dict) return fault('TypeError', "unhashable type: 'slice'");
    return fault('TypeError', `'${typeName(value)}' object is not subscriptable`);
  }
  const length = value instanceof Text ? value.nCodePoints : value instanceof Range ? value.length : value.items.length;
  const by = sliceArgument(rise) ?? 1;
  if (by === 0) return fault('ValueError', 'slice step cannot be zero');
  const first = clamp(sliceArgument(start), by > 0 ? 0 : length - 1, length, by);
  const end = clamp(sliceArgument(stop), by > 0 ? length : -1, length, by);
  const n = Math.max(0, Math.ceil((end - first) / by));
  if (value instanceof Text) return sliceText(value, first, end, by, n);
  if (value instanceof Range)
    return new Range(
      value.start + first * value.rise,
      value.start + (n === 0 ? first : end) * value.rise,
      value.rise * by,
    );
  make(4 * n);
  step(n / 16);
  const items =
    by === 1 ? value.items.slice(first, first + n) : Array.from({ length: n }, (_, i) => value.items[first + i * by]!);
  return value instanceof List ? new List(items) : new Tuple(items);
}

function sliceText(value: Text, first: number, end: number, by: number, n: number): Text {
  if (n === 0) return value.slice(0, 0);
  if (by === 1) return value.slice(value.unitOf(first), value.unitOf(end));
  const characters = value.characters();
  read(n);
  return Text.join(Array.from({ length: n }, (_, i) => characters[first + i * by]!)).as(
    value.isMarkup ? 'Markup' : 'str',
  );
}

function sliceArgument(value: Value): number | null {
  if (value === null) return null;
  if (value instanceof Undefined || !isInt(value)) {
    return fault('TypeError', 'slice indices must be integers or None or have an __index__ method');
  }
  return intArgument(value, 0);
}

function clamp(given: number | null, usual: number, length: number, by: number): number {
  if (given === null) return usual;
  const from = given < 0 ? given + length : given;
  return by > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
}
