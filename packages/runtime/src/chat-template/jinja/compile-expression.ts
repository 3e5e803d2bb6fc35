// Compiles expressions to closures: a template is parsed once and rendered at every turn of a conversation.

import { NO_KEYWORDS } from './arguments.js';
import { negate, operate, plus } from './arithmetic.js';
import { getAttribute, getItem, getSlice } from './attributes.js';
import { contains, equals, isOrdered } from './compare.js';
import { isFilter, isTest } from './environment.js';
import { fault, TemplateFault } from './errors.js';
import { toArray } from './iterate.js';
import { step } from './meter.js';
import type { Arguments, Comparison, Expression } from './nodes.js';
import { str } from './python-repr.js';
import type { Scope } from './scope.js';
import { Text } from './text.js';
import {
  Callable,
  Dict,
  Instance,
  isTrue,
  type Keywords,
  List,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js';

export type Evaluate = (scope: Scope) => Value;

/**
 * @param isLenient within an `if`, where an unknown filter or test fails when it is met instead of at once
 * @param input of a filter of a block
 * @throws TemplateFault SyntaxError for an unknown filter or test
 */
export function compileExpression(node: Expression, isLenient: boolean, input?: Evaluate): Evaluate {
  const compile = (child: Expression) => compileExpression(child, isLenient, input);
  switch (node.type) {
    case 'constant': {
      const { value } = node;
      return () => value;
    }
    case 'name': {
      const { name } = node;
      return (scope) => scope.get(name);
    }
    case 'list':
    case 'tuple': {
      const items = node.items.map(compile);
      const isList = node.type === 'list';
      return (scope) => {
        step(1 + items.length);
        const values = items.map((item) => item(scope));
        return isList ? new List(values) : new Tuple(values);
      };
    }
    case 'dict': {
      const entries = node.entries.map(([key, value]) => [compile(key), compile(value)] as const);
      return (scope) => {
        step(1 + entries.length);
        const dict = new Dict();
        for (const [key, value] of entries) dict.set(key(scope), value(scope));
        return dict;
      };
    }
    case 'unary': {
      const value = compile(node.value);
      if (node.operator === 'not') {
        return (scope) => {
          step();
          return !isTrue(value(scope));
        };
      }
      const apply = node.operator === '-' ? negate : plus;
      return (scope) => {
        step();
        return apply(value(scope));
      };
    }
    case 'binary': {
      const { operator } = node;
      const left = compile(node.left);
      const right = compile(node.right);
      return (scope) => operate(operator, left(scope), right(scope));
    }
    case 'logical': {
      const left = compile(node.left);
      const right = compile(node.right);
      const isAnd = node.operator === 'and';
      return (scope) => {
        step();
        const value = left(scope);
        return isTrue(value) === isAnd ? right(scope) : value;
      };
    }
    case 'compare':
      return compileComparison(compile(node.first), node.rest, compile);
    case 'concat': {
      const parts = node.parts.map(compile);
      return (scope) => {
        step(parts.length);
        return parts.map((part) => str(part(scope))).reduce((a, b) => a.concat(b));
      };
    }
    case 'condition': {
      const lenient = (child: Expression) => compileExpression(child, true, input);
      const test = lenient(node.test);
      const yes = lenient(node.yes);
      const no = node.no === null ? null : lenient(node.no);
      return (scope) => {
        step();
        if (isTrue(test(scope))) return yes(scope);
        return no === null ? new Undefined('the inline if evaluated to false and has no else') : no(scope);
      };
    }
    case 'attribute': {
      const { name } = node;
      const value = compile(node.value);
      return (scope) => getAttribute(value(scope), name);
    }
    case 'item': {
      const value = compile(node.value);
      const key = compile(node.key);
      return (scope) => getItem(value(scope), key(scope));
    }
    case 'slice': {
      const value = compile(node.value);
      const [start, stop, rise] = node.bounds.map((bound) => (bound === null ? () => null : compile(bound)));
      return (scope) => getSlice(value(scope), start!(scope), stop!(scope), rise!(scope));
    }
    case 'call': {
      const callee = compile(node.callee);
      const args = compileArguments(node.args, compile);
      return (scope) => {
        const called = callee(scope);
        return call(called, ...args(scope));
      };
    }
    case 'filter':
      return compileFilter(node, isLenient, compile, input);
    case 'test': {
      const { name } = node;
      if (!isLenient && !isTest(name)) fault('SyntaxError', `line ${node.line}: no test named '${name}'`);
      const value = compile(node.value);
      const args = compileArguments(node.args, compile);
      return (scope) => {
        const tested = value(scope);
        return scope.environment.applyTest(name, tested, ...args(scope));
      };
    }
  }
}

function compileFilter(
  node: Expression & { type: 'filter' },
  isLenient: boolean,
  compile: (child: Expression) => Evaluate,
  input: Evaluate | undefined,
): Evaluate {
  const { name } = node;
  if (!isLenient && !isFilter(name)) fault('SyntaxError', `line ${node.line}: no filter named '${name}'`);
  const value = node.value === null ? input! : compile(node.value);
  const args = compileArguments(node.args, compile);
  return (scope) => {
    const filtered = value(scope);
    return scope.environment.applyFilter(name, filtered, ...args(scope));
  };
}

function compileComparison(
  first: Evaluate,
  rest: readonly Comparison[],
  compile: (child: Expression) => Evaluate,
): Evaluate {
  const steps = rest.map(({ operator, value }) => ({ operator, value: compile(value) }));
  return (scope) => {
    let left = first(scope);
    for (const { operator, value } of steps) {
      step();
      const right = value(scope);
      if (!holds(left, operator, right)) return false;
      left = right;
    }
    return true;
  };
}

function holds(left: Value, operator: Comparison['operator'], right: Value): boolean {
  switch (operator) {
    case '==':
      return equals(left, right);
    case '!=':
      return !equals(left, right);
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
    default:
      return isOrdered(left, operator, right);
  }
}

type EvaluateArguments = (scope: Scope) => [args: readonly Value[], keywords: Keywords];

export function compileArguments(args: Arguments, compile: (node: Expression) => Evaluate): EvaluateArguments {
  const positional = args.positional.map(compile);
  const named = args.named.map(([name, value]) => [name, compile(value)] as const);
  const list = args.list === null ? null : compile(args.list);
  const dict = args.dict === null ? null : compile(args.dict);
  if (named.length === 0 && list === null && dict === null) {
    return (scope) => [positional.map((value) => value(scope)), NO_KEYWORDS];
  }
  return (scope) => {
    step(named.length);
    const values = positional.map((value) => value(scope));
    const rest = list === null ? [] : toArray(list(scope));
    const keywords = new Map(named.map(([name, value]) => [name, value(scope)]));
    if (dict !== null) addKeywords(keywords, dict(scope));
    return [[...values, ...rest], keywords];
  };
}

function addKeywords(keywords: Map<string, Value>, dict: Value): void {
  if (!(dict instanceof Dict))
    throw new TemplateFault('TypeError', `argument after ** must be a mapping, not ${typeName(dict)}`);
  for (const [key, value] of dict.entries.values()) {
    if (!(key instanceof Text)) throw new TemplateFault('TypeError', 'keywords must be strings');
    if (keywords.has(key.text)) fault('TypeError', `got multiple values for keyword argument '${key.text}'`);
    keywords.set(key.text, value);
  }
}

/** Calls what a template calls. */
export function call(callee: Value, args: readonly Value[], keywords: Keywords): Value {
  step(2 + args.length + keywords.size);
  if (callee instanceof Undefined) return callee.fail();
  if (callee instanceof Callable) return callee.call(args, keywords);
  if (callee instanceof Instance && callee.call !== null) return callee.call(args, keywords);
  return fault('TypeError', `'${typeName(callee)}' object is not callable`);
}
