// The variables of a template: a scope for the whole, one for every round of a loop, one for every call of a macro.

import type { Environment } from './filter.js';
import { step } from './meter.js';
import { Undefined, type Value } from './values.js';

/** A scope within another is looked through first. */
const STEPS_PER_SCOPE = 1 / 8;

export class Scope {
  readonly #variables = new Map<string, Value>();
  /** The scope of the whole template. */
  readonly root: Scope;

  constructor(
    readonly environment: Environment,
    private readonly parent: Scope | null = null,
  ) {
    this.root = parent?.root ?? this;
  }

  inner(): Scope {
    return new Scope(this.environment, this);
  }

  find(name: string): Value | undefined {
    step();
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent) {
      const value = scope.#variables.get(name);
      if (value !== undefined) return value;
      step(STEPS_PER_SCOPE);
    }
    return this.environment.globals.get(name);
  }

  get(name: string): Value {
    const value = this.find(name);
    return value === undefined ? new Undefined(`'${name}' is undefined`) : value;
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value);
  }
}
