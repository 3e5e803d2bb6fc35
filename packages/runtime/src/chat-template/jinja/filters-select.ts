// `map`, `select` and their like, which call filters and tests by name, item by item.

import { fault } from './errors.js';
import { anyFilter, type Environment, type Filter } from './filter.js';
import { attributeGetter } from './filters-collection.js';
import { iterate } from './iterate.js';
import { step } from './meter.js';
import { Text } from './text.js';
import { Generator, isTrue, type Keywords, typeName, type Value } from './values.js';

export const selectFilters: Readonly<Record<string, Filter>> = {
  map: anyFilter((value, args, keywords, environment) =>
    lazily(value, () => mapper(args, keywords, environment), 'map'),
  ),
  select: selecting(false, true),
  reject: selecting(false, false),
  selectattr: selecting(true, true),
  rejectattr: selecting(true, false),
};

function selecting(hasAttribute: boolean, isKept: boolean): Filter {
  return anyFilter((value, args, keywords, environment) =>
    lazily(value, () => chooser(args, keywords, environment, { hasAttribute, isKept }), 'select'),
  );
}

interface Selection {
  readonly hasAttribute: boolean;
  readonly isKept: boolean;
}

type Each = (item: Value) => Value;

/** Nothing is done, and nothing can fail, before the first item is asked for. */
function lazily(value: Value, prepare: () => Each, kind: 'map' | 'select'): Generator {
  function* run(): globalThis.Generator<Value> {
    if (!isTrue(value)) return;
    const each = prepare();
    const items = iterate(value);
    for (let { done, value: item } = items.next(); done !== true; { done, value: item } = items.next()) {
      step();
      const made = each(item as Value);
      if (kind === 'map') yield made;
      else if (isTrue(made)) yield item as Value;
    }
  }
  return new Generator('generator', run(), value);
}

function mapper(args: readonly Value[], keywords: Keywords, environment: Environment): Each {
  if (args.length === 0 && keywords.has('attribute')) {
    const { attribute, default: usual, ...others } = Object.fromEntries(keywords);
    const [unexpected] = Object.keys(others);
    if (unexpected !== undefined) return fault('TypeError', `Unexpected keyword argument '${unexpected}'`);
    return attributeGetter(attribute!, usual);
  }
  const [name, ...rest] = args;
  if (name === undefined) return fault('TypeError', 'map requires a filter argument');
  const filter = nameOf(name, 'filter');
  return (item) => environment.applyFilter(filter, item, rest, keywords);
}

function chooser(
  args: readonly Value[],
  keywords: Keywords,
  environment: Environment,
  { hasAttribute, isKept }: Selection,
): Each {
  const [attribute] = args;
  if (hasAttribute && attribute === undefined) return fault('TypeError', 'Missing parameter for attribute name');
  const get: Each = hasAttribute ? attributeGetter(attribute!) : (item) => item;
  const [name, ...rest] = args.slice(hasAttribute ? 1 : 0);
  if (name === undefined) return (item) => isTrue(get(item)) === isKept;
  const test = nameOf(name, 'test');
  return (item) => environment.applyTest(test, get(item), rest, keywords) === isKept;
}

function nameOf(value: Value, kind: string): string {
  return value instanceof Text
    ? value.text
    : fault('RuntimeError', `no ${kind} named by a value of type ${typeName(value)}`);
}
