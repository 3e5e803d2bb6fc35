// Macros, and the bodies of call blocks, which are macros by the name of `caller`.

import { compileExpression } from './compile-expression.js';
import { fault } from './errors.js';
import type { Execute } from './execution.js';
import { make, nested, step } from './meter.js';
import type { Routine, Statement } from './nodes.js';
import { Output } from './output.js';
import type { Scope } from './scope.js';
import { Text } from './text.js';
import { Callable, Dict, type Keywords, Tuple, Undefined, type Value } from './values.js';

/**
 * Compiles a macro. The result makes the macro in the scope that contains it.
 *
 * @param compileBody compiles its statements, among which may be macros
 */
export function createMacro(
  routine: Routine,
  compileBody: (body: readonly Statement[], isLenient: boolean) => Execute,
): (scope: Scope) => Callable {
  const { name, names, special, depth } = routine;
  const body = compileBody(routine.body, false);
  const defaults = routine.defaults.map((value) => compileExpression(value, false));
  const nWithout = names.length - defaults.length;
  const takes = (one: string) => special.has(one);

  function bind(inner: Scope, args: readonly Value[], given: Keywords): void {
    const keywords = new Map(given);
    const values = names.map((parameter, i): Value | undefined => {
      if (i < args.length) return args[i];
      const value = keywords.get(parameter);
      keywords.delete(parameter);
      return value;
    });
    if (takes('caller')) {
      const caller = keywords.get('caller');
      keywords.delete('caller');
      inner.set('caller', caller === undefined || caller === null ? new Undefined('No caller defined') : caller);
    }
    if (takes('kwargs')) {
      inner.set('kwargs', new Dict(Array.from(keywords, ([key, value]) => [Text.data(key), value] as const)));
    } else if (keywords.size > 0) {
      fault('TypeError', `macro '${name}' takes no keyword argument '${[...keywords.keys()][0]}'`);
    }
    if (takes('varargs')) inner.set('varargs', new Tuple(args.slice(names.length)));
    else if (args.length > names.length)
      fault('TypeError', `macro '${name}' takes not more than ${names.length} argument(s)`);
    for (const [i, parameter] of names.entries()) {
      const value = values[i];
      inner.set(parameter, value === undefined ? missing(inner, i, parameter) : value);
    }
  }

  /** Defaults see the parameters before them. */
  function missing(inner: Scope, i: number, parameter: string): Value {
    return i < nWithout ? new Undefined(`parameter '${parameter}' was not provided`) : defaults[i - nWithout]!(inner);
  }

  return (scope) => {
    const attributes = {
      name: () => Text.data(name),
      arguments: () => new Tuple(names.map((parameter) => Text.data(parameter))),
      catch_kwargs: () => takes('kwargs'),
      catch_varargs: () => takes('varargs'),
      caller: () => takes('caller'),
      explicit_caller: () => names.includes('caller'),
    };
    const run = (args: readonly Value[], keywords: Keywords): Value =>
      nested(depth, () => {
        make(64 + 16 * names.length);
        step(names.length);
        const inner = scope.inner();
        bind(inner, args, keywords);
        const output = new Output();
        body(inner, output);
        return output.text();
      });
    return new Callable(name, run, attributes, 'macro');
  };
}
