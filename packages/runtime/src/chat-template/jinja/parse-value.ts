// Parses what operators connect: names, constants, lists and mappings, and what follows a value: attributes, items, calls, filters,
// tests.

import { fault } from './errors.js';
import type { Arguments, Expression } from './nodes.js';
import { Text } from './text.js';
import { describe, type TokenStream } from './token-stream.js';
import { Float, fromBigInt, type Value } from './values.js';

/** Names that a macro is given without a parameter, where its body reads them. */
const SPECIAL_NAMES: ReadonlySet<string> = new Set(['caller', 'kwargs', 'varargs']);
/** Python parses no longer ints. */
const MAX_INT_DIGITS = 4300;
const NO_ARGUMENTS: Arguments = { positional: [], named: [], list: null, dict: null };

/** An expression without what every node has. */
type Bare = Expression extends infer Node ? (Node extends unknown ? Omit<Node, 'line' | 'depth'> : never) : never;

/** The innermost expressions; {@link ExpressionParser} adds the operators. */
export abstract class ValueParser {
  /** Which of a macro's special names are read; one set for each macro that is being parsed. */
  readonly readNames: Set<string>[] = [];

  constructor(protected readonly stream: TokenStream) {}

  /** Any expression, operators included. */
  abstract expression(): Expression;

  /** An expression or, with commas, a tuple of them, within brackets. */
  abstract tuple(options: { isInBrackets: true }): Expression;

  primary(): Expression {
    const { stream } = this;
    const { type, value, line } = stream.current;
    if (type === 'name') {
      stream.take();
      return this.#name(value, line);
    }
    if (type === 'string') return this.constant(Text.template(this.#strings()), line);
    if (type === 'integer') return this.constant(intLiteral(stream.take().value), line);
    if (type === 'float') return this.constant(new Float(Number(stream.take().value.replaceAll('_', ''))), line);
    if (stream.skip('operator', '(')) {
      const node = this.tuple({ isInBrackets: true });
      stream.expect('operator', ')');
      return node;
    }
    if (stream.skip('operator', '[')) return this.#list(line);
    if (stream.skip('operator', '{')) return this.#dict(line);
    return stream.fail(`unexpected ${describe(stream.current)}`);
  }

  #name(name: string, line: number): Expression {
    if (name === 'true' || name === 'True') return this.constant(true, line);
    if (name === 'false' || name === 'False') return this.constant(false, line);
    if (name === 'none' || name === 'None') return this.constant(null, line);
    if (SPECIAL_NAMES.has(name)) for (const names of this.readNames) names.add(name);
    return this.node({ type: 'name', name }, [], line);
  }

  /** Strings side by side are one. */
  #strings(): string {
    let text = '';
    while (this.stream.is('string')) text += this.stream.take().value;
    return text;
  }

  #list(line: number): Expression {
    const items: Expression[] = [];
    while (!this.stream.isOperator(']')) {
      if (items.length > 0) this.stream.expect('operator', ',');
      if (this.stream.isOperator(']')) break;
      items.push(this.expression());
    }
    this.stream.expect('operator', ']');
    return this.node({ type: 'list', items }, items, line);
  }

  #dict(line: number): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.stream.isOperator('}')) {
      if (entries.length > 0) this.stream.expect('operator', ',');
      if (this.stream.isOperator('}')) break;
      const key = this.expression();
      this.stream.expect('operator', ':');
      entries.push([key, this.expression()]);
    }
    this.stream.expect('operator', '}');
    return this.node({ type: 'dict', entries }, entries.flat(), line);
  }

  postfix(node: Expression): Expression {
    let made = node;
    for (;;) {
      if (this.stream.isOperator('.')) made = this.#attribute(made);
      else if (this.stream.isOperator('[')) made = this.#subscript(made);
      else if (this.stream.isOperator('(')) made = this.#call(made);
      else return made;
    }
  }

  #attribute(value: Expression): Expression {
    const { line } = this.stream.take();
    if (this.stream.is('integer')) {
      const key = this.constant(intLiteral(this.stream.take().value), line);
      return this.node({ type: 'item', value, key }, [value], line);
    }
    const { value: name } = this.stream.expect('name');
    return this.node({ type: 'attribute', value, name }, [value], line);
  }

  #subscript(value: Expression): Expression {
    const { line } = this.stream.take();
    const keys: (Expression | (Expression | null)[])[] = [];
    while (!this.stream.isOperator(']')) {
      if (keys.length > 0) this.stream.expect('operator', ',');
      keys.push(this.#subscribed());
    }
    this.stream.expect('operator', ']');
    const [first] = keys;
    if (keys.length === 1 && Array.isArray(first)) {
      const bounds = first.filter((bound) => bound !== null);
      return this.node({ type: 'slice', value, bounds: first }, [value, ...bounds], line);
    }
    if (keys.some((key) => Array.isArray(key))) return this.stream.fail('a tuple of slices is not supported');
    const items = keys as Expression[];
    const key = keys.length === 1 ? items[0]! : this.node({ type: 'tuple', items }, items, line);
    return this.node({ type: 'item', value, key }, [value, key], line);
  }

  #subscribed(): Expression | (Expression | null)[] {
    const { stream } = this;
    const isEnd = () => stream.isOperator(']', ',', ':');
    const first = stream.isOperator(':') ? null : this.expression();
    if (!stream.skip('operator', ':')) return first!;
    const bounds = [first, isEnd() ? null : this.expression()];
    const hasRise = stream.skip('operator', ':');
    bounds.push(hasRise && !isEnd() ? this.expression() : null);
    return bounds;
  }

  #call(callee: Expression): Expression {
    const { line } = this.stream.current;
    const args = this.#arguments();
    return this.node({ type: 'call', callee, args }, [callee, ...argumentNodes(args)], line);
  }

  #arguments(): Arguments {
    const { stream } = this;
    stream.expect('operator', '(');
    const positional: Expression[] = [];
    const named = new Map<string, Expression>();
    let list: Expression | null = null;
    let dict: Expression | null = null;
    const ensure = (isValid: boolean) => {
      if (!isValid) stream.fail('invalid syntax for function call expression');
    };
    for (let isFirst = true; !stream.isOperator(')'); isFirst = false) {
      if (!isFirst) {
        stream.expect('operator', ',');
        if (stream.isOperator(')')) break;
      }
      if (stream.skip('operator', '*')) {
        ensure(list === null && dict === null);
        list = this.expression();
      } else if (stream.skip('operator', '**')) {
        ensure(dict === null);
        dict = this.expression();
      } else if (stream.is('name') && stream.next.type === 'operator' && stream.next.value === '=') {
        ensure(dict === null);
        const name = stream.take().value;
        stream.take();
        // Python refuses a call that gives a name twice, when it compiles what jinja2 makes of it.
        ensure(!named.has(name));
        named.set(name, this.expression());
      } else {
        ensure(list === null && dict === null && named.size === 0);
        positional.push(this.expression());
      }
    }
    stream.expect('operator', ')');
    return { positional, named: [...named], list, dict };
  }

  /** Filters, tests and calls after a value. */
  filters(node: Expression): Expression {
    let made = node;
    for (;;) {
      if (this.stream.isOperator('|')) made = this.filter(made);
      else if (this.stream.isName('is')) made = this.#test(made);
      else if (this.stream.isOperator('(')) made = this.#call(made);
      else return made;
    }
  }

  /** `| name(…)`, any number of times; `isBare` if the first filter has no bar before it. */
  filter(value: Expression | null, isBare = false): Expression {
    let made = value;
    for (let isFirst = isBare; isFirst || this.stream.isOperator('|'); isFirst = false) {
      if (!isFirst) this.stream.take();
      const { line } = this.stream.current;
      const name = this.#dottedName();
      const args = this.stream.isOperator('(') ? this.#arguments() : NO_ARGUMENTS;
      const within = made === null ? argumentNodes(args) : [made, ...argumentNodes(args)];
      made = this.node({ type: 'filter', value: made, name, args }, within, line);
    }
    return made!;
  }

  #dottedName(): string {
    let { value } = this.stream.expect('name');
    while (this.stream.skip('operator', '.')) value += `.${this.stream.expect('name').value}`;
    return value;
  }

  #test(value: Expression): Expression {
    const { stream } = this;
    const { line } = stream.take();
    const isNegated = stream.skip('name', 'not');
    const name = this.#dottedName();
    const args = this.#testArguments();
    const node = this.node({ type: 'test', value, name, args }, [value, ...argumentNodes(args)], line);
    return isNegated ? this.node({ type: 'unary', operator: 'not', value: node }, [node], line) : node;
  }

  /** A test takes one argument without brackets. */
  #testArguments(): Arguments {
    const { stream } = this;
    if (stream.isOperator('(')) return this.#arguments();
    const { type } = stream.current;
    const isValue =
      type === 'name' || type === 'string' || type === 'integer' || type === 'float' || stream.isOperator('[', '{');
    if (!isValue || stream.isName('else', 'or', 'and')) return NO_ARGUMENTS;
    if (stream.isName('is')) stream.fail('tests cannot be chained with is');
    return { ...NO_ARGUMENTS, positional: [this.postfix(this.primary())] };
  }

  constant(value: Value, line: number): Expression {
    return this.node({ type: 'constant', value }, [], line);
  }

  protected node(bare: Bare, within: readonly Expression[], line: number): Expression {
    const depth = 1 + within.reduce((deepest, child) => Math.max(deepest, child.depth), 0);
    this.stream.checkDepth(depth);
    return { ...bare, line, depth } as Expression;
  }
}

function argumentNodes({ positional, named, list, dict }: Arguments): Expression[] {
  return [...positional, ...named.map(([, value]) => value), ...[list, dict].filter((value) => value !== null)];
}

function intLiteral(digits: string): number | bigint {
  if (digits.length > MAX_INT_DIGITS) fault('ValueError', `an int of more than ${MAX_INT_DIGITS} digits`);
  return fromBigInt(BigInt(digits.toLowerCase()));
}
