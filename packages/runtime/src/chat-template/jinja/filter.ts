// The type of a filter, and its environment.

import { type Signature, signature } from './arguments.js';
import type { Keywords, Value } from './values.js';

/** The environment of a template. */
export interface Environment {
  readonly globals: ReadonlyMap<string, Value>;
  /** `value | name(…)`. */
  applyFilter(name: string, value: Value, args: readonly Value[], keywords: Keywords): Value;
  /** `value is name(…)`. */
  applyTest(name: string, value: Value, args: readonly Value[], keywords: Keywords): boolean;
}

/** Arguments of a filter after its value; undefined for one that was not given. */
export type FilterArguments = readonly (Value | undefined)[];

export interface Filter {
  readonly parameters: Signature;
  readonly run: (value: Value, args: FilterArguments) => Value;
  /** Called instead of `run`, for a filter that takes any arguments. */
  readonly runAny?: (value: Value, args: readonly Value[], keywords: Keywords, environment: Environment) => Value;
}

export function filter(parameters: string, run: Filter['run']): Filter {
  return { parameters: signature(parameters), run };
}

export function anyFilter(runAny: NonNullable<Filter['runAny']>): Filter {
  return { parameters: signature(''), run: () => null, runAny };
}
