// The environment of a template: filters, tests and global functions, as transformers makes it.

import { bind } from './arguments.js';
import { fault } from './errors.js';
import type { Environment, Filter } from './filter.js';
import { collectionFilters } from './filters-collection.js';
import { selectFilters } from './filters-select.js';
import { textFilters } from './filters-text.js';
import { valueFilters } from './filters-value.js';
import { step } from './meter.js';
import { tests } from './tests.js';
import { Text } from './text.js';
import type { Value } from './values.js';

const filters: ReadonlyMap<string, Filter> = new Map(
  Object.entries({ ...textFilters, ...valueFilters, ...collectionFilters, ...selectFilters }),
);

export function isFilter(name: string): boolean {
  return filters.has(name);
}

export function isTest(name: string): boolean {
  return tests.has(name);
}

/** The environment of one rendering. */
export function createEnvironment(globals: ReadonlyMap<string, Value>): Environment {
  const environment: Environment = {
    globals,
    applyFilter(name, value, args, keywords) {
      step(2 + args.length);
      const found = filters.get(name) ?? fault('RuntimeError', `no filter named '${name}'`);
      if (found.runAny !== undefined) return found.runAny(value, args, keywords, environment);
      return found.run(value, bind(`filter ${name}`, found.parameters, args, keywords));
    },
    applyTest(name, value, args, keywords) {
      step(2 + args.length);
      const found = tests.get(name) ?? fault('RuntimeError', `no test named '${name}'`);
      if (name === 'filter') return value instanceof Text && isFilter(value.text);
      if (name === 'test') return value instanceof Text && isTest(value.text);
      return found.run(value, bind(`test ${name}`, found.parameters, args, keywords) as Value[]);
    },
  };
  return environment;
}
