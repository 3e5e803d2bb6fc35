// A loop of a template, and the variable `loop` in it.

import { equals } from './compare.js';
import { fault } from './errors.js';
import { iterate, knownLength, toArray } from './iterate.js';
import { Callable, Instance, Undefined, type Value } from './values.js';

/** Gives the items one after the other, and looks ahead when asked. */
export class Loop implements Iterable<Value> {
  readonly variable: Instance;
  #items: Iterator<Value>;
  #index0 = -1;
  #length: number | null;
  #before: Value | undefined;
  #current: Value | undefined;
  #after: { readonly value: Value } | undefined;
  #lastChanged: readonly Value[] | undefined;

  constructor(
    items: Value,
    readonly depth0: number,
    /** Renders the loop for items of items; null for a loop that is not recursive. */
    recurse: ((items: Value) => Value) | null,
  ) {
    this.#items = iterate(items);
    this.#length = knownLength(items);
    const self = new Callable('loop', (args, keywords) => {
      if (recurse === null)
        return fault('TypeError', "The loop must have the 'recursive' marker to be called recursively.");
      if (args.length + keywords.size !== 1) return fault('TypeError', 'loop() takes the items to go through');
      return recurse([...args, ...keywords.values()][0]!);
    });
    this.variable = new Instance(
      'LoopContext',
      this.#attributes(),
      () => `<LoopContext ${this.#index0 + 1}/${this.#total()}>`,
      self.call,
    );
  }

  *[Symbol.iterator](): Iterator<Value> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.#index0++;
      this.#before = this.#current;
      this.#current = next.value;
      yield next.value;
    }
  }

  #take(): { readonly value: Value } | undefined {
    const ahead = this.#after;
    if (ahead !== undefined) {
      this.#after = undefined;
      return ahead;
    }
    const { done, value } = this.#items.next();
    return done === true ? undefined : { value: value as Value };
  }

  #peek(): { readonly value: Value } | undefined {
    this.#after ??= this.#take();
    return this.#after;
  }

  #total(): number {
    if (this.#length !== null) return this.#length;
    const rest: Value[] = [];
    for (let { done, value } = this.#items.next(); done !== true; { done, value } = this.#items.next())
      rest.push(value as Value);
    this.#items = rest[Symbol.iterator]();
    this.#length = rest.length + this.#index0 + 1 + (this.#after === undefined ? 0 : 1);
    return this.#length;
  }

  #attributes(): Readonly<Record<string, () => Value>> {
    return {
      index: () => this.#index0 + 1,
      index0: () => this.#index0,
      revindex: () => this.#total() - this.#index0,
      revindex0: () => this.#total() - this.#index0 - 1,
      first: () => this.#index0 === 0,
      last: () => this.#peek() === undefined,
      length: () => this.#total(),
      depth: () => this.depth0 + 1,
      depth0: () => this.depth0,
      previtem: () => (this.#index0 === 0 ? new Undefined('there is no previous item') : this.#before!),
      nextitem: () => {
        const next = this.#peek();
        return next === undefined ? new Undefined('there is no next item') : next.value;
      },
      cycle: () =>
        new Callable('cycle', (args) => {
          if (args.length === 0) return fault('TypeError', 'no items for cycling given');
          return args[this.#index0 % args.length]!;
        }),
      changed: () =>
        new Callable('changed', (args) => {
          const last = this.#lastChanged;
          const isSame =
            last !== undefined && last.length === args.length && args.every((arg, i) => equals(arg, last[i]!));
          if (!isSame) this.#lastChanged = args;
          return !isSame;
        }),
    };
  }
}

/** Unpacks a value into `n` items. */
export function unpack(value: Value, n: number): readonly Value[] {
  const items = toArray(value);
  if (items.length === n) return items;
  const problem =
    items.length < n
      ? `not enough values to unpack (expected ${n}, got ${items.length})`
      : `too many values to unpack (expected ${n})`;
  return fault('ValueError', problem);
}
