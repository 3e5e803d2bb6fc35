// Compiles statements to closures that add to an output.

import { call, compileArguments, compileExpression, type Evaluate } from './compile-expression.js';
import { fault } from './errors.js';
import type { Ending, Execute } from './execution.js';
import { Loop, unpack } from './loop.js';
import { createMacro } from './macro.js';
import { make, nested, step } from './meter.js';
import type { Statement, Target } from './nodes.js';
import { Output } from './output.js';
import { str } from './python-repr.js';
import type { Scope } from './scope.js';
import { Text } from './text.js';
import { Generator, isTrue, Namespace, type Value } from './values.js';

type Assign = (scope: Scope, value: Value) => void;

/** @param isLenient within an `if`: see {@link compileExpression} */
export function compileBody(body: readonly Statement[], isLenient: boolean): Execute {
  const statements = body.map((statement) => compileStatement(statement, isLenient));
  return (scope, output) => {
    for (const statement of statements) {
      step();
      const ending = statement(scope, output);
      if (ending !== undefined) return ending;
    }
    return undefined;
  };
}

function compileStatement(statement: Statement, isLenient: boolean): Execute {
  switch (statement.type) {
    case 'data': {
      const text = Text.template(statement.text);
      return (_, output) => {
        output.add(text);
        return undefined;
      };
    }
    case 'output': {
      const value = compileExpression(statement.value, isLenient);
      return (scope, output) => {
        output.add(str(value(scope)));
        return undefined;
      };
    }
    case 'if':
      return compileIf(statement);
    case 'for':
      return compileFor(statement, isLenient);
    case 'break':
    case 'continue':
      return () => statement.type;
    case 'set': {
      const value = compileExpression(statement.value, isLenient);
      const assign = compileTarget(statement.target);
      return (scope) => {
        step();
        assign(scope, value(scope));
        return undefined;
      };
    }
    case 'set-block': {
      const assign = compileTarget(statement.target);
      return captured(statement.body, statement.filter, isLenient, (scope, value) => assign(scope, value));
    }
    case 'filter':
      return captured(statement.body, statement.filter, isLenient, (_, value, output) => output.add(str(value)));
    case 'with': {
      const targets = statement.targets.map(
        ([target, value]) => [compileTarget(target), compileExpression(value, isLenient)] as const,
      );
      const body = compileBody(statement.body, false);
      return (scope, output) => {
        step(targets.length);
        const inner = scope.inner();
        for (const [assign, value] of targets) assign(inner, value(scope));
        return body(inner, output);
      };
    }
    case 'macro': {
      const create = createMacro(statement.routine, compileBody);
      const { name } = statement.routine;
      return (scope) => {
        step();
        scope.set(name, create(scope));
        return undefined;
      };
    }
    case 'call': {
      const create = createMacro(statement.routine, compileBody);
      const compile = (node: Parameters<typeof compileExpression>[0]) => compileExpression(node, isLenient);
      const callee = compile(statement.call.callee);
      const args = compileArguments(statement.call.args, compile);
      return (scope, output) => {
        const caller = create(scope);
        const [values, keywords] = args(scope);
        if (keywords.has('caller')) fault('TypeError', "got multiple values for keyword argument 'caller'");
        output.add(str(call(callee(scope), values, new Map([...keywords, ['caller', caller]]))));
        return undefined;
      };
    }
    case 'block': {
      const body = compileBody(statement.body, false);
      const { isScoped, depth } = statement;
      return (scope, output) => nested(depth, () => body((isScoped ? scope : scope.root).inner(), output));
    }
  }
}

/** Renders a body separately, and adds the result of a filter on it. */
function captured(
  body: readonly Statement[],
  filter: Parameters<typeof compileExpression>[0] | null,
  isLenient: boolean,
  use: (scope: Scope, value: Value, output: Output) => void,
): Execute {
  const render = compileBody(body, false);
  let rendered: Text | undefined;
  const input: Evaluate = () => rendered!;
  const apply = filter === null ? input : compileExpression(filter, isLenient, input);
  return (scope, output) => {
    const inner = new Output();
    const scopeInside = scope.inner();
    const ending = render(scopeInside, inner);
    if (ending !== undefined) return ending;
    rendered = inner.text();
    use(scope, apply(scopeInside), output);
    return undefined;
  };
}

function compileIf({ branches }: Statement & { type: 'if' }): Execute {
  const compiled = branches.map(({ test, body }) => ({
    test: test === null ? null : compileExpression(test, true),
    body: compileBody(body, true),
  }));
  return (scope, output) => {
    for (const { test, body } of compiled) {
      step();
      if (test === null || isTrue(test(scope))) return body(scope, output);
    }
    return undefined;
  };
}

function compileFor(statement: Statement & { type: 'for' }, isLenient: boolean): Execute {
  const { isRecursive, depth } = statement;
  const items = compileExpression(statement.items, isLenient);
  const assign = compileTarget(statement.target);
  const test = statement.test === null ? null : compileExpression(statement.test, false);
  const body = compileBody(statement.body, false);
  const otherwise = statement.otherwise.length === 0 ? null : compileBody(statement.otherwise, false);

  function run(scope: Scope, output: Output, over: Value, level: number): Ending {
    const recurse = (inner: Value): Value =>
      nested(depth, () => {
        const rendered = new Output();
        run(scope, rendered, inner, level + 1);
        return rendered.text();
      });
    const loop = new Loop(test === null ? over : filtered(scope, over), level, isRecursive ? recurse : null);
    let isEmpty = true;
    for (const item of loop) {
      step();
      make(32);
      const inner = scope.inner();
      inner.set('loop', loop.variable);
      assign(inner, item);
      const ending = body(inner, output);
      if (ending === 'break') break;
      // As in jinja2, a round that is cut short does not count.
      if (ending === undefined) isEmpty = false;
    }
    return isEmpty && otherwise !== null ? otherwise(scope.inner(), output) : undefined;
  }

  function filtered(scope: Scope, over: Value): Generator {
    return new Generator('generator', passing(scope, new Loop(over, 0, null)), over);
  }

  function* passing(scope: Scope, over: Iterable<Value>): globalThis.Generator<Value> {
    for (const item of over) {
      step();
      const inner = scope.inner();
      assign(inner, item);
      if (isTrue(test!(inner))) yield item;
    }
  }

  return (scope, output) => {
    step();
    return run(scope, output, items(scope), 0);
  };
}

function compileTarget(target: Target): Assign {
  if (target.type === 'name') {
    const { name } = target;
    return (scope, value) => scope.set(name, value);
  }
  if (target.type === 'attribute') {
    const { name, attribute } = target;
    return (scope, value) => {
      const found = scope.get(name);
      if (!(found instanceof Namespace))
        return fault('RuntimeError', 'cannot assign attribute on non-namespace object');
      make(32);
      found.attributes.set(attribute, value);
    };
  }
  const items = target.items.map(compileTarget);
  return (scope, value) => {
    step(items.length);
    const values = unpack(value, items.length);
    for (const [i, assign] of items.entries()) assign(scope, values[i]!);
  };
}
