// Parses the expressions of a template, with jinja2's precedence.

import type { Operator } from './arithmetic.js';
import type { Comparison, ComparisonOperator, Expression } from './nodes.js';
import { ValueParser } from './parse-value.js';
import { describe } from './token-stream.js';

const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];

export class ExpressionParser extends ValueParser {
  expression(): Expression {
    return this.stream.nest(() => this.#condition());
  }

  /** An expression or, with commas, a tuple of them. */
  tuple(options: { hasConditions?: boolean; endsBefore?: string; isInBrackets?: boolean } = {}): Expression {
    const { hasConditions = true, endsBefore, isInBrackets = false } = options;
    const { line } = this.stream.current;
    const items: Expression[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0) this.stream.expect('operator', ',');
      if (this.#isTupleEnd(endsBefore)) break;
      items.push(hasConditions ? this.expression() : this.stream.nest(() => this.#or()));
      if (!this.stream.isOperator(',')) break;
      isTuple = true;
    }
    if (isTuple) return this.node({ type: 'tuple', items }, items, line);
    if (items[0] !== undefined) return items[0];
    if (!isInBrackets) this.stream.fail(`expected an expression, found ${describe(this.stream.current)}`);
    return this.node({ type: 'tuple', items }, items, line);
  }

  #isTupleEnd(endsBefore: string | undefined): boolean {
    const { stream } = this;
    if (stream.is('variable_end') || stream.is('block_end') || stream.isOperator(')')) return true;
    return endsBefore !== undefined && stream.isName(endsBefore);
  }

  #condition(): Expression {
    const { stream } = this;
    const { line } = stream.current;
    let yes = this.#or();
    while (stream.skip('name', 'if')) {
      const test = this.#or();
      const no = stream.skip('name', 'else') ? stream.nest(() => this.#condition()) : null;
      yes = this.node({ type: 'condition', test, yes, no }, no === null ? [test, yes] : [test, yes, no], line);
    }
    return yes;
  }

  #or(): Expression {
    return this.#logical('or', () => this.#logical('and', () => this.#not()));
  }

  #logical(operator: 'and' | 'or', parse: () => Expression): Expression {
    const { line } = this.stream.current;
    let left = parse();
    while (this.stream.skip('name', operator)) {
      const right = parse();
      left = this.node({ type: 'logical', operator, left, right }, [left, right], line);
    }
    return left;
  }

  #not(): Expression {
    const { line } = this.stream.current;
    if (!this.stream.skip('name', 'not')) return this.#comparison();
    const value = this.stream.nest(() => this.#not());
    return this.node({ type: 'unary', operator: 'not', value }, [value], line);
  }

  #comparison(): Expression {
    const { line } = this.stream.current;
    const first = this.#sum();
    const rest: Comparison[] = [];
    for (let operator = this.#comparisonOperator(); operator !== null; operator = this.#comparisonOperator()) {
      rest.push({ operator, value: this.#sum() });
    }
    if (rest.length === 0) return first;
    return this.node({ type: 'compare', first, rest }, [first, ...rest.map(({ value }) => value)], line);
  }

  #comparisonOperator(): ComparisonOperator | null {
    const { stream } = this;
    if (stream.isOperator(...COMPARISONS)) return stream.take().value as ComparisonOperator;
    if (stream.skip('name', 'in')) return 'in';
    if (!(stream.isName('not') && stream.next.type === 'name' && stream.next.value === 'in')) return null;
    stream.take();
    stream.take();
    return 'not in';
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const { line } = this.stream.current;
    const parts = [this.#product()];
    while (this.stream.skip('operator', '~')) parts.push(this.#product());
    return parts.length === 1 ? parts[0]! : this.node({ type: 'concat', parts }, parts, line);
  }

  #product(): Expression {
    return this.#binary(['*', '/', '//', '%'], () => this.#binary(['**'], () => this.unary()));
  }

  #binary(operators: readonly Operator[], parse: () => Expression): Expression {
    const { line } = this.stream.current;
    let left = parse();
    while (this.stream.isOperator(...operators)) {
      const operator = this.stream.take().value as Operator;
      const right = parse();
      left = this.node({ type: 'binary', operator, left, right }, [left, right], line);
    }
    return left;
  }

  unary(hasFilters = true): Expression {
    const { line } = this.stream.current;
    let node: Expression;
    if (this.stream.isOperator('-', '+')) {
      const operator = this.stream.take().value as '-' | '+';
      const value = this.stream.nest(() => this.unary(false));
      node = this.node({ type: 'unary', operator, value }, [value], line);
    } else {
      node = this.primary();
    }
    node = this.postfix(node);
    return hasFilters ? this.filters(node) : node;
  }
}
