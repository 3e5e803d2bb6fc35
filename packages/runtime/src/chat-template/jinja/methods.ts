// The methods of Python's lists, tuples, dicts, numbers and ranges, as far as a sandbox lets a template call them.

import { bind, intArgument, type Signature, signature } from './arguments.js';
import { equals } from './compare.js';
import { fault } from './errors.js';
import { toArray } from './iterate.js';
import { make, step } from './meter.js';
import { stringMethod } from './string-methods.js';
import { Text } from './text.js';
import { Callable, Dict, DictView, Float, List, Range, Tuple, typeName, type Value } from './values.js';

/** Methods that change a value, which an immutable sandbox hides. */
const HIDDEN: Readonly<Record<string, ReadonlySet<string>>> = {
  list: new Set(['append', 'clear', 'extend', 'insert', 'pop', 'remove', 'reverse', 'sort']),
  dict: new Set(['clear', 'pop', 'popitem', 'setdefault', 'update']),
};

export function isHiddenMethod(value: Value, name: string): boolean {
  if (value instanceof List) return HIDDEN.list!.has(name);
  return value instanceof Dict && HIDDEN.dict!.has(name);
}

export function methodOf(value: Value, name: string): Value | undefined {
  if (value instanceof Text) return stringMethod(value, name);
  if (value instanceof Dict) return dictMethod(value, name);
  if (value instanceof List || value instanceof Tuple) return sequenceMethod(value, name);
  if (value instanceof DictView) return name === 'mapping' ? value.dict : undefined;
  if (value instanceof Range) return rangeAttribute(value, name);
  return numberAttribute(value, name);
}

type Run = (args: readonly (Value | undefined)[]) => Value;

function method(name: string, parameters: Signature, run: Run): Callable {
  return new Callable(name, (args, keywords) => run(bind(`${name}()`, parameters, args, keywords)));
}

const NOTHING = signature('');
const KEY = signature('key, default=, /');
const KEYS = signature('iterable, value=, /');
const VALUE = signature('value, /');
const VALUE_IN = signature('value, start=, stop=, /');

function dictMethod(dict: Dict, name: string): Callable | undefined {
  switch (name) {
    case 'get':
      return method(name, KEY, ([key, usual]) => dict.get(key!) ?? usual ?? null);
    case 'keys':
    case 'values':
    case 'items':
      return method(name, NOTHING, () => new DictView(`dict_${name}`, dict));
    case 'copy':
      return method(name, NOTHING, () => new Dict(dict.entries.values()));
    case 'fromkeys':
      return method(name, KEYS, ([keys, value]) => new Dict(toArray(keys!).map((key) => [key, value ?? null])));
    default:
      return undefined;
  }
}

function sequenceMethod(sequence: List | Tuple, name: string): Callable | undefined {
  switch (name) {
    case 'count':
      return method(name, VALUE, ([value]) => sequence.items.filter((item) => equals(item, value!)).length);
    case 'index':
      return method(name, VALUE_IN, (args) => indexIn(sequence, args));
    case 'copy':
      return sequence instanceof List ? method(name, NOTHING, () => new List([...sequence.items])) : undefined;
    default:
      return undefined;
  }
}

function indexIn(sequence: List | Tuple, [value, start, stop]: readonly (Value | undefined)[]): number {
  const { items } = sequence;
  const position = (given: Value | undefined, usual: number) => {
    const index = intArgument(given, usual);
    return index < 0 ? Math.max(0, index + items.length) : index;
  };
  const end = Math.min(position(stop, items.length), items.length);
  for (let i = position(start, 0); i < end; i++) {
    step();
    if (equals(items[i]!, value!)) return i;
  }
  return fault('ValueError', `the ${typeName(sequence)} does not hold it`);
}

function rangeAttribute(range: Range, name: string): Value | undefined {
  switch (name) {
    case 'start':
      return range.start;
    case 'stop':
      return range.stop;
    case 'step':
      return range.rise;
    case 'count':
    case 'index':
      return method(name, VALUE, ([value]) => {
        const at = toArray(range).findIndex((item) => equals(item, value!));
        if (name === 'count') return at < 0 ? 0 : 1;
        return at < 0 ? fault('ValueError', 'the range does not hold it') : at;
      });
    default:
      return undefined;
  }
}

function numberAttribute(value: Value, name: string): Value | undefined {
  const isInteger = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  if (!isInteger && !(value instanceof Float)) return undefined;
  const number = typeof value === 'boolean' ? Number(value) : value;
  switch (name) {
    case 'real':
      return number;
    case 'imag':
      return isInteger ? 0 : new Float(0);
    case 'numerator':
      return isInteger ? number : undefined;
    case 'denominator':
      return isInteger ? 1 : undefined;
    case 'conjugate':
      return method(name, NOTHING, () => number);
    case 'is_integer':
      return isInteger ? undefined : method(name, NOTHING, () => Number.isInteger((value as Float).value));
    case 'bit_length':
      if (!isInteger) return undefined;
      return method(name, NOTHING, () => {
        const magnitude = BigInt(number as number | bigint);
        const bits = magnitude === 0n ? '' : (magnitude < 0n ? -magnitude : magnitude).toString(2);
        make(bits.length);
        return bits.length;
      });
    default:
      return undefined;
  }
}
