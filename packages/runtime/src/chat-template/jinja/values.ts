// The values of a template: Python's, as far as templates can make or meet them.

import { fault } from './errors.js';
import { checkNesting, make, step } from './meter.js';
import { Text } from './text.js';

/**
 * `number` and `bigint` are ints, the latter beyond 2^53; a float is a {@link Float}, since 1.0 is written other than 1.
 * `null` is None.
 */
export type Value = null | boolean | number | bigint | PyObject;

export type PyObject =
  | Float
  | Text
  | List
  | Tuple
  | Dict
  | DictView
  | Range
  | Generator
  | Undefined
  | Namespace
  | Callable
  | Instance;

export class Float {
  constructor(readonly value: number) {
    make(12);
  }
}

export class List {
  constructor(readonly items: Value[]) {
    make(24 + 4 * items.length);
  }
}

export class Tuple {
  constructor(
    readonly items: readonly Value[],
    /** Names of the items, as a named tuple has. */
    readonly names: readonly string[] = [],
  ) {
    make(24 + 4 * items.length);
  }
}

/** The key of a dict's entry; equal values have the same key. */
export type Key = string | number | bigint | symbol | object;

export class Dict {
  readonly entries = new Map<Key, readonly [Value, Value]>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    make(64);
    for (const [key, value] of entries) this.set(key, value);
  }

  get(key: Value): Value | undefined {
    return this.entries.get(keyOf(key))?.[1];
  }

  set(key: Value, value: Value): void {
    make(48);
    const found = keyOf(key);
    this.entries.set(found, [this.entries.get(found)?.[0] ?? key, value]);
  }
}

/** `d.keys()`, `d.values()`, `d.items()`. */
export class DictView {
  constructor(
    readonly kind: 'dict_keys' | 'dict_values' | 'dict_items',
    readonly dict: Dict,
  ) {}
}

export class Range {
  readonly length: number;

  constructor(
    readonly start: number,
    readonly stop: number,
    readonly rise: number,
  ) {
    this.length = Math.max(0, Math.ceil((stop - start) / rise));
  }
}

/** A value that can be iterated once: the result of `map`, `select` and similar filters. */
export class Generator implements Iterator<Value> {
  /** Generators over generators, which take JavaScript's stack. */
  readonly level: number;

  constructor(
    readonly name: string,
    private readonly items: Iterator<Value>,
    over: Value = null,
  ) {
    make(64);
    this.level = over instanceof Generator ? over.level + 1 : 0;
    checkNesting(this.level);
  }

  next(): IteratorResult<Value> {
    return this.items.next();
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** A missing name, attribute or item: prints as the empty text, and fails in every other use. */
export class Undefined {
  constructor(
    readonly problem: string,
    readonly kind: 'UndefinedError' | 'SecurityError' = 'UndefinedError',
  ) {
    make(32);
  }

  fail(): never {
    return fault(this.kind, this.problem);
  }
}

/** `namespace()`: the one thing that a template can change. */
export class Namespace {
  readonly attributes = new Map<string, Value>();
}

/** Arguments by name. */
export type Keywords = ReadonlyMap<string, Value>;

/** A function, a method or a macro. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly Value[], keywords: Keywords) => Value,
    readonly attributes: Readonly<Record<string, () => Value>> = {},
    readonly kind: 'function' | 'macro' = 'function',
  ) {
    make(32);
  }
}

/** An object of jinja2's own: `loop`, a cycler, a joiner. */
export class Instance {
  constructor(
    readonly type: string,
    readonly attributes: Readonly<Record<string, () => Value>>,
    readonly show: () => string = () => `<${type}>`,
    readonly call: Callable['call'] | null = null,
  ) {
    make(64);
  }
}

const UNDEFINED_KEY = Symbol('undefined');
const NONE_KEY = Symbol('none');
/** So few numbers that hardly any share a hash. */
const MAX_NUMBER_KEY = 2 ** 20;

/** @throws TemplateFault TypeError for what Python cannot hash */
export function keyOf(value: Value, level = 0): Key {
  checkNesting(level);
  step();
  if (value instanceof Text) return textKey(value.text);
  if (typeof value === 'number' || typeof value === 'bigint') return numberKey(value);
  if (value === null) return NONE_KEY;
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Float) {
    const whole = Number.isInteger(value.value) ? fromBigInt(BigInt(value.value)) : null;
    return numberKey(whole ?? value.value);
  }
  if (value instanceof Undefined) return UNDEFINED_KEY;
  if (value instanceof Tuple) return tupleKey(value, level);
  if (value instanceof List || value instanceof Dict || value instanceof DictView) {
    return fault('TypeError', `unhashable type: '${typeName(value)}'`);
  }
  if (value instanceof Range) return `\0r${value.length},${value.start},${value.rise}`;
  return value;
}

/**
 * JavaScript finds numbers by a hash that anyone can compute, so that a template could give many the same one; that of
 * strings has a secret.
 */
function numberKey(value: number | bigint): Key {
  if (Number.isInteger(value) && Math.abs(Number(value)) < MAX_NUMBER_KEY) return value;
  const text = value.toString(36);
  step(text.length / 8);
  make(text.length);
  return `\0i${text}`;
}

function textKey(text: string): Key {
  return text.startsWith('\0') ? `\0${text}` : text;
}

/** Numbers of what has no text of its own. */
const identities = new WeakMap<WeakKey, number>();
let nIdentities = 0;

function tupleKey({ items }: Tuple, level: number): Key {
  const keys = items.map((item) => {
    const key = keyOf(item, level + 1);
    if (typeof key === 'string') return `s${key.length}:${key}`;
    if (key === UNDEFINED_KEY || key === NONE_KEY) return key === NONE_KEY ? 'n' : 'u';
    if (typeof key !== 'object') return `i${String(key)};`;
    if (!identities.has(key)) identities.set(key, nIdentities++);
    return `o${identities.get(key)};`;
  });
  const key = `\0t${keys.join('')}`;
  make(key.length);
  return key;
}

export function fromBigInt(value: bigint): number | bigint {
  return value >= -MAX_SAFE && value <= MAX_SAFE ? Number(value) : value;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** The name of a value's type in Python. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (value instanceof Float) return 'float';
  if (value instanceof Text) return value.isMarkup ? 'Markup' : 'str';
  if (value instanceof List) return 'list';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Dict) return 'dict';
  if (value instanceof DictView) return value.kind;
  if (value instanceof Range) return 'range';
  if (value instanceof Generator) return value.name;
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Namespace) return 'Namespace';
  if (value instanceof Instance) return value.type;
  return value.kind === 'macro' ? 'Macro' : 'function';
}

/** Python's `bool(value)`. */
export function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'bigint') return value !== 0n;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Text || value instanceof Range) return value.length > 0;
  if (value instanceof List || value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Dict) return value.entries.size > 0;
  if (value instanceof DictView) return value.dict.entries.size > 0;
  return true;
}
