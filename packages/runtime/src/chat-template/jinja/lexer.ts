// Cuts the source of a template into tokens as jinja2 does with trim_blocks and lstrip_blocks, which is how transformers
// reads chat templates.

import { fault } from './errors.js';
import { make } from './meter.js';
import { isSpace, lengthStripped } from './python-space.js';
import { unescapeString } from './string-literal.js';

export type TokenType =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'end';

export interface Token {
  readonly type: TokenType;
  /** The name, the operator, the text of data or of a string, the digits of a number. */
  readonly value: string;
  readonly line: number;
}

const NAME = /[\p{L}\p{N}\p{M}\p{Pc}]+/uy;
const IDENTIFIER = /^[\p{XID_Start}_]\p{XID_Continue}*$/u;
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}=.:|,;<>]/y;
const RAW = /\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})/y;
const ENDRAW = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/g;
const COMMENT_END = /\+#\}|-#\}\s*|#\}\n?/g;
const BLOCK_END = /\+%\}|-%\}\s*|%\}\n?/y;
const VARIABLE_END = /-\}\}\s*|\}\}/y;
/** Memory of a token and the node made from it. */
const TOKEN_SIZE = 64;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** @throws TemplateFault SyntaxError */
export function tokenize(template: string): Token[] {
  const source = template.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  const tokens: Token[] = [];
  const lines = lineCounter(source);
  let position = 0;
  // Whether what precedes is the start of a line, so that white space before a tag may be taken away.
  let startsLine = true;

  const add = (type: TokenType, value: string, at: number) => {
    make(TOKEN_SIZE);
    tokens.push({ type, value, line: lines(at) });
  };
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };

  while (position < source.length) {
    const open = nextTag(source, position);
    if (open < 0) {
      add('data', source.slice(position), position);
      break;
    }
    const kind = source[open + 1]!;
    const sign = source[open + 2] === '-' || source[open + 2] === '+' ? source[open + 2]! : '';
    add('data', before(source.slice(position, open), sign, kind !== '{', startsLine), position);
    const raw = kind === '%' ? match(RAW, open) : null;
    const inside = open + 2 + sign.length;
    if (raw !== null) position = rawBlock(open + raw[0].length);
    else if (kind === '#') position = skipComment(inside);
    else position = expression(inside, kind, open);
    startsLine = source[position - 1] === '\n';
  }
  tokens.push({ type: 'end', value: '', line: lines(source.length) });
  return tokens.filter(({ type, value }) => type !== 'data' || value !== '');

  function rawBlock(start: number): number {
    const end = match(ENDRAW, start) ?? fault('SyntaxError', `line ${lines(start)}: missing end of raw directive`);
    add('data', before(source.slice(start, end.index), end[1]!, true, source[start - 1] === '\n'), start);
    return end.index + end[0].length;
  }

  function skipComment(start: number): number {
    const end = match(COMMENT_END, start) ?? fault('SyntaxError', `line ${lines(start)}: missing end of comment tag`);
    return end.index + end[0].length;
  }

  function expression(start: number, kind: string, open: number): number {
    const isBlock = kind === '%';
    add(isBlock ? 'block_begin' : 'variable_begin', '', open);
    const expected: string[] = [];
    let at = start;
    while (at < source.length) {
      if (isSpace(source[at]!)) {
        at++;
        continue;
      }
      const end = expected.length === 0 ? match(isBlock ? BLOCK_END : VARIABLE_END, at) : null;
      if (end !== null) {
        add(isBlock ? 'block_end' : 'variable_end', '', at);
        return at + end[0].length;
      }
      at += token(at, expected);
    }
    return at;
  }

  function token(at: number, expected: string[]): number {
    const float = match(FLOAT, at);
    if (float !== null) return added('float', float[0], at, float[0]);
    const integer = match(INTEGER, at);
    if (integer !== null) return added('integer', integer[0].replaceAll('_', ''), at, integer[0]);
    const name = match(NAME, at);
    if (name !== null) {
      if (!IDENTIFIER.test(name[0])) fault('SyntaxError', `line ${lines(at)}: invalid character in identifier`);
      return added('name', name[0], at, name[0]);
    }
    const quote = source[at]!;
    if (quote === '"' || quote === "'") {
      const end = stringEnd(source, at);
      if (end < 0) fault('SyntaxError', `line ${lines(at)}: a string without an end`);
      add('string', unescapeString(source.slice(at + 1, end), lines(at)), at);
      return end + 1 - at;
    }
    const operator =
      match(OPERATOR, at) ?? fault('SyntaxError', `line ${lines(at)}: unexpected character ${JSON.stringify(quote)}`);
    balance(operator[0], expected, at);
    add('operator', operator[0], at);
    return operator[0].length;
  }

  function added(type: TokenType, value: string, at: number, read: string): number {
    add(type, value, at);
    return read.length;
  }

  function balance(operator: string, expected: string[], at: number): void {
    const closing = CLOSING[operator];
    if (closing !== undefined) expected.push(closing);
    else if (operator === ')' || operator === ']' || operator === '}') {
      if (expected.pop() !== operator) fault('SyntaxError', `line ${lines(at)}: unexpected '${operator}'`);
    }
  }
}

/** Position of the next `{{`, `{%` or `{#`; −1 for none. */
function nextTag(source: string, start: number): number {
  for (let at = source.indexOf('{', start); at >= 0; at = source.indexOf('{', at + 1)) {
    const next = source[at + 1];
    if (next === '{' || next === '%' || next === '#') return at;
  }
  return -1;
}

/** Data before a tag: `-` takes the white space away, and of a block or comment that begins its line, the indentation. */
function before(data: string, sign: string, isIndented: boolean, startsLine: boolean): string {
  if (sign === '-') return trimEnd(data);
  if (sign === '+' || !isIndented) return data;
  const line = data.lastIndexOf('\n') + 1;
  const isOwnLine = line > 0 || startsLine;
  return isOwnLine && lengthStripped(data.slice(line), isSpace) === data.length - line ? data.slice(0, line) : data;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1]!)) end--;
  return text.slice(0, end);
}

function stringEnd(source: string, start: number): number {
  const quote = source[start];
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === quote) return at;
  }
  return -1;
}

/** Lines of positions that are asked for in ascending order, nearly. */
function lineCounter(source: string): (position: number) => number {
  let line = 1;
  let counted = 0;
  return (position) => {
    for (; counted < position; counted++) if (source.charCodeAt(counted) === 10) line++;
    return line;
  };
}
