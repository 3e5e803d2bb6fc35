// The tests of jinja2, which come after `is`.

import { type Signature, signature } from './arguments.js';
import { operate } from './arithmetic.js';
import { asNumber, contains, equals, isOrdered, isSame } from './compare.js';
import { knownLength } from './iterate.js';
import { str } from './python-repr.js';
import { isLower, isUpper } from './string-case.js';
import { Text } from './text.js';
import { Callable, Dict, DictView, Float, Generator, Instance, Undefined, type Value } from './values.js';

export interface Test {
  readonly parameters: Signature;
  readonly run: (value: Value, args: readonly Value[]) => boolean;
}

function test(run: Test['run'], parameters = ''): Test {
  return { parameters: signature(parameters), run };
}

const ordered = (operator: '<' | '<=' | '>' | '>=') =>
  test((value, [other]) => isOrdered(value, operator, other!), 'b, /');
const equal = test((value, [other]) => equals(value, other!), 'b, /');
const unequal = test((value, [other]) => !equals(value, other!), 'b, /');

export const tests: ReadonlyMap<string, Test> = new Map(
  Object.entries({
    odd: test((value) => equals(operate('%', value, 2), 1)),
    even: test((value) => equals(operate('%', value, 2), 0)),
    divisibleby: test((value, [divisor]) => equals(operate('%', value, divisor!), 0), 'num'),
    defined: test((value) => !(value instanceof Undefined)),
    undefined: test((value) => value instanceof Undefined),
    filter: test(() => false),
    test: test(() => false),
    none: test((value) => value === null),
    boolean: test((value) => typeof value === 'boolean'),
    false: test((value) => value === false),
    true: test((value) => value === true),
    integer: test((value) => typeof value === 'number' || typeof value === 'bigint'),
    float: test((value) => value instanceof Float),
    lower: test((value) => isLower(str(value).text)),
    upper: test((value) => isUpper(str(value).text)),
    string: test((value) => value instanceof Text),
    mapping: test((value) => value instanceof Dict),
    number: test((value) => asNumber(value) !== null),
    sequence: test((value) => knownLength(value) !== null && !(value instanceof DictView)),
    iterable: test((value) => knownLength(value) !== null || value instanceof Generator || isLoop(value)),
    callable: test(
      (value) =>
        value instanceof Callable || value instanceof Undefined || (value instanceof Instance && value.call !== null),
    ),
    sameas: test((value, [other]) => isSame(value, other!), 'other'),
    escaped: test((value) => value instanceof Text && value.isMarkup),
    in: test((value, [container]) => contains(container!, value), 'seq'),
    ...{ '==': equal, eq: equal, equalto: equal, '!=': unequal, ne: unequal },
    ...{ '>': ordered('>'), gt: ordered('>'), greaterthan: ordered('>'), ge: ordered('>='), '>=': ordered('>=') },
    ...{ '<': ordered('<'), lt: ordered('<'), lessthan: ordered('<'), le: ordered('<='), '<=': ordered('<=') },
  }),
);

function isLoop(value: Value): boolean {
  return value instanceof Instance && value.type === 'LoopContext';
}
