// Parses the statements of a template.

import { tokenize } from './lexer.js';
import type { Expression, Parameters, Routine, Statement, Target } from './nodes.js';
import { TargetParser } from './parse-target.js';
import { describe, TokenStream } from './token-stream.js';

/** A template's statements, and how deep they nest. */
export interface Program {
  readonly body: readonly Statement[];
}

/** @throws TemplateFault SyntaxError, Limit */
export function parseTemplate(source: string): Program {
  const parser = new StatementParser(new TokenStream(tokenize(source)));
  return { body: parser.all() };
}

/** Statements that read another template, which are refused: a model file has only one. */
const LOADING = ['extends', 'include', 'import', 'from'];

class StatementParser extends TargetParser {
  /** The deepest of the expressions and statements of the routine that is being parsed, and where it began. */
  #deepest = 0;
  #level = 0;

  all(): Statement[] {
    const body = this.#statements([]);
    if (!this.stream.is('end')) this.stream.fail(`unexpected ${describe(this.stream.current)}`);
    return body;
  }

  /** Statements up to one of the tags, which is left to be read. */
  #statements(ends: readonly string[]): Statement[] {
    const { stream } = this;
    const body: Statement[] = [];
    for (;;) {
      if (stream.is('end')) {
        if (ends.length > 0) stream.fail(`the template ends, expected ${ends.join(' or ')}`);
        return body;
      }
      if (stream.is('data')) body.push({ type: 'data', text: stream.take().value });
      else if (stream.is('variable_begin')) {
        stream.take();
        body.push({ type: 'output', value: this.#noted(this.tuple()) });
        stream.expect('variable_end');
      } else {
        stream.expect('block_begin');
        if (stream.isName(...ends)) return body;
        if (!stream.is('name')) stream.fail('expected the name of a tag');
        body.push(...this.#nested(() => this.#statement()));
        stream.expect('block_end');
      }
    }
  }

  #nested<T>(parse: () => T): T {
    this.#level++;
    const parsed = this.stream.nest(parse);
    this.#level--;
    return parsed;
  }

  /** Takes note of how deep an expression goes. */
  #noted(expression: Expression): Expression {
    this.#deepest = Math.max(this.#deepest, this.#level + expression.depth);
    return expression;
  }

  #statement(): Statement[] {
    const { stream } = this;
    const { value: tag } = stream.take();
    switch (tag) {
      case 'for':
        return [this.#for()];
      case 'if':
        return [this.#if()];
      case 'set':
        return [this.#set()];
      case 'macro':
        return [this.#macro()];
      case 'call':
        return [this.#callBlock()];
      case 'filter': {
        const filter = this.#noted(this.filter(null, true));
        return [{ type: 'filter', filter, body: this.#body('endfilter') }];
      }
      case 'with':
        return [this.#with()];
      case 'generation':
        return [this.#generation()];
      case 'block':
        return [this.#block()];
      case 'print':
        return this.#print();
      case 'break':
      case 'continue':
        if (this.nLoops === 0) stream.fail(`${tag} outside of a loop`);
        return [{ type: tag }];
      case 'autoescape':
        return this.#autoescape();
      default:
        if (LOADING.includes(tag))
          return stream.fail(`the tag ${tag} reads another template, expected a chat template to be whole`);
        return stream.fail(`unknown tag '${tag}'`);
    }
  }

  /** The statements after a tag up to its end tag, which is consumed. */
  #body(...ends: string[]): Statement[] {
    this.stream.skip('operator', ':');
    this.stream.expect('block_end');
    const body = this.#statements(ends);
    if (ends.length === 1) this.stream.take();
    return body;
  }

  #for(): Statement {
    const { stream } = this;
    this.nLoops++;
    const target = this.target('in');
    this.nLoops--;
    stream.expect('name', 'in');
    const items = this.#noted(this.tuple({ hasConditions: false, endsBefore: 'recursive' }));
    const test = stream.skip('name', 'if') ? this.#noted(this.expression()) : null;
    const isRecursive = stream.skip('name', 'recursive');
    this.nLoops++;
    const outer = this.#deepest;
    this.#deepest = this.#level;
    const body = this.#body('endfor', 'else');
    const depth = this.#deepest - this.#level + 4;
    this.#deepest = Math.max(outer, this.#deepest);
    this.nLoops--;
    const otherwise = stream.take().value === 'else' ? this.#body('endfor') : [];
    return { type: 'for', target, items, test, isRecursive, body, otherwise, depth };
  }

  #if(): Statement {
    const { stream } = this;
    const branches: { test: Expression | null; body: Statement[] }[] = [];
    for (;;) {
      const test = this.#noted(this.tuple({ hasConditions: false }));
      branches.push({ test, body: this.#body('elif', 'else', 'endif') });
      const { value: end } = stream.take();
      if (end === 'elif') continue;
      if (end === 'else') branches.push({ test: null, body: this.#body('endif') });
      return { type: 'if', branches };
    }
  }

  #set(): Statement {
    const target = this.target(undefined, true);
    if (this.stream.skip('operator', '=')) return { type: 'set', target, value: this.#noted(this.tuple()) };
    const filter = this.stream.isOperator('|') ? this.#noted(this.filter(null)) : null;
    return { type: 'set-block', target, filter, body: this.#body('endset') };
  }

  #with(): Statement {
    const targets: [Target, Expression][] = [];
    while (!this.stream.is('block_end')) {
      if (targets.length > 0) this.stream.expect('operator', ',');
      const target = this.target();
      this.stream.expect('operator', '=');
      targets.push([target, this.#noted(this.expression())]);
    }
    return { type: 'with', targets, body: this.#body('endwith') };
  }

  #macro(): Statement {
    const { value: name } = this.stream.expect('name');
    const parameters = this.#parameters();
    return { type: 'macro', routine: this.#routine(name, parameters, 'endmacro') };
  }

  #callBlock(): Statement {
    const { stream } = this;
    const parameters = stream.isOperator('(') ? this.#parameters() : { names: [], defaults: [] };
    const call = this.#noted(this.expression());
    if (call.type !== 'call') return stream.fail('expected a call');
    return { type: 'call', call, routine: this.#routine('caller', parameters, 'endcall') };
  }

  /** transformers' own tag: it marks what an assistant says, for training, and has a scope of its own. */
  #generation(): Statement {
    const outer = this.nLoops;
    this.nLoops = 0;
    const body = this.#body('endgeneration');
    this.nLoops = outer;
    return { type: 'with', targets: [], body };
  }

  #routine(name: string, parameters: Parameters, end: string): Routine {
    const { names } = parameters;
    const [nLoops, deepest, level] = [this.nLoops, this.#deepest, this.#level];
    [this.nLoops, this.#deepest, this.#level] = [0, 0, 0];
    const special = new Set<string>();
    this.readNames.push(special);
    const body = this.#body(end);
    this.readNames.pop();
    const depth = this.#deepest + 4;
    [this.nLoops, this.#deepest, this.#level] = [nLoops, Math.max(deepest, level + depth), level];
    this.#checkCaller(parameters, special);
    return {
      ...parameters,
      name,
      body,
      depth,
      special: new Set([...special].filter((one) => !names.includes(one))),
    };
  }

  #checkCaller({ names, defaults }: Parameters, special: ReadonlySet<string>): void {
    const at = names.indexOf('caller');
    if (at < 0 || !special.has('caller') || at >= names.length - defaults.length) return;
    this.stream.fail('the parameter caller of a macro needs a default');
  }

  #parameters(): Parameters {
    const { stream } = this;
    const names = new Set<string>();
    const defaults: Expression[] = [];
    stream.expect('operator', '(');
    while (!stream.isOperator(')')) {
      if (names.size > 0) stream.expect('operator', ',');
      const { value: name } = stream.expect('name');
      this.checkAssignable(name);
      if (names.has(name)) stream.fail(`the parameter ${name} twice`);
      names.add(name);
      if (stream.skip('operator', '=')) defaults.push(this.#noted(this.expression()));
      else if (defaults.length > 0) stream.fail('a parameter without a default after one with a default');
    }
    stream.expect('operator', ')');
    return { names: [...names], defaults };
  }

  #block(): Statement {
    const { stream } = this;
    const { value: name } = stream.expect('name');
    const isScoped = stream.skip('name', 'scoped');
    if (stream.skip('name', 'required'))
      stream.fail('a required block, of which there is no other template to give it');
    const [nLoops, deepest] = [this.nLoops, this.#deepest];
    [this.nLoops, this.#deepest] = [0, this.#level];
    const body = this.#body('endblock');
    const depth = this.#deepest - this.#level + 4;
    [this.nLoops, this.#deepest] = [nLoops, Math.max(deepest, this.#deepest)];
    stream.skip('name', name);
    return { type: 'block', isScoped, body, depth };
  }

  #print(): Statement[] {
    const outputs: Statement[] = [];
    while (!this.stream.is('block_end')) {
      if (outputs.length > 0) this.stream.expect('operator', ',');
      outputs.push({ type: 'output', value: this.#noted(this.expression()) });
    }
    return outputs;
  }

  #autoescape(): Statement[] {
    const value = this.expression();
    if (value.type !== 'constant' || value.value !== false) this.stream.fail('autoescape is for HTML, expected false');
    return [{ type: 'with', targets: [], body: this.#body('endautoescape') }];
  }
}
