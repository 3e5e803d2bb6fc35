// Parses what a template assigns to: a name, a tuple of names, an attribute of a namespace.

import type { Target } from './nodes.js';
import { ExpressionParser } from './parse-expression.js';

/** Targets, on top of the expressions that they are assigned. */
export class TargetParser extends ExpressionParser {
  /** Loops around what is being parsed, up to the next macro. */
  protected nLoops = 0;

  protected target(endsBefore?: string, mayBeAttribute = false): Target {
    const { stream } = this;
    if (mayBeAttribute && stream.next.type === 'operator' && stream.next.value === '.') {
      const { value: name } = stream.expect('name');
      stream.take();
      return { type: 'attribute', name, attribute: stream.expect('name').value };
    }
    const items: Target[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0) stream.expect('operator', ',');
      const isEnd =
        stream.is('block_end') ||
        stream.isOperator('=', ')') ||
        (endsBefore !== undefined && stream.isName(endsBefore));
      if (items.length > 0 && isEnd) break;
      items.push(this.#targetItem());
      if (!stream.isOperator(',')) break;
      isTuple = true;
    }
    return isTuple ? { type: 'tuple', items } : items[0]!;
  }

  #targetItem(): Target {
    const { stream } = this;
    if (stream.skip('operator', '(')) {
      const target = stream.nest(() => this.target());
      stream.expect('operator', ')');
      return target;
    }
    const { value: name } = stream.expect('name');
    this.checkAssignable(name);
    return { type: 'name', name };
  }

  protected checkAssignable(name: string): void {
    if (name === 'loop' && this.nLoops > 0) this.stream.fail('cannot assign to loop within a loop');
    if (['true', 'false', 'none', 'True', 'False', 'None'].includes(name)) this.stream.fail(`cannot assign to ${name}`);
  }
}
