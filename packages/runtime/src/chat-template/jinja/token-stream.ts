// The tokens of a template, one after the other, with what a parser asks of them.

import { fault } from './errors.js';
import type { Token, TokenType } from './lexer.js';

/** Levels of brackets, operators and blocks: as deep as jinja2 goes, which Python's stack bounds. */
const MAX_DEPTH = 180;

export class TokenStream {
  #position = 0;
  #depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get current(): Token {
    return this.tokens[this.#position]!;
  }

  get next(): Token {
    return this.tokens[this.#position + 1] ?? this.current;
  }

  take(): Token {
    const token = this.current;
    if (token.type !== 'end') this.#position++;
    return token;
  }

  is(type: TokenType, value?: string): boolean {
    const { current } = this;
    return current.type === type && (value === undefined || current.value === value);
  }

  isName(...names: string[]): boolean {
    return this.current.type === 'name' && names.includes(this.current.value);
  }

  isOperator(...operators: string[]): boolean {
    return this.current.type === 'operator' && operators.includes(this.current.value);
  }

  /** Takes the token if it is this one. */
  skip(type: TokenType, value: string): boolean {
    const isIt = this.is(type, value);
    if (isIt) this.take();
    return isIt;
  }

  expect(type: TokenType, value?: string): Token {
    if (!this.is(type, value))
      this.fail(`expected ${value ?? type.replace('_', ' ')}, found ${describe(this.current)}`);
    return this.take();
  }

  fail(problem: string): never {
    return fault('SyntaxError', `line ${this.current.line}: ${problem}`);
  }

  /** Parses an expression that may contain one of its own kind. */
  nest<T>(parse: () => T): T {
    this.#depth++;
    this.checkDepth(this.#depth);
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  checkDepth(depth: number): void {
    if (depth > MAX_DEPTH)
      fault('Limit', `line ${this.current.line}: it nests expressions or blocks more than ${MAX_DEPTH} deep`);
  }
}

export function describe({ type, value }: Token): string {
  if (type === 'end') return 'the end of the template';
  return value === '' ? type.replace('_', ' ') : `'${value.slice(0, 40)}'`;
}
