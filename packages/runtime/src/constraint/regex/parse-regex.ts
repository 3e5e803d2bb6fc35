// Reads a regular expression in JavaScript's syntax, as with the flag `u`; what a finite automaton cannot do is refused.

import { ToolkitError } from '@llama-ts/base';
import { type CodePoints, codePoints, complement } from './code-points.js';
import type { RegexNode } from './regex-node.js';

const DIGITS: CodePoints = [[0x30, 0x39]];
const WORD: CodePoints = codePoints([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]);
/** WhiteSpace and LineTerminator of ECMAScript. */
const SPACE: CodePoints = codePoints([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
const LINE_ENDS: CodePoints = codePoints([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]);
const NO_LINE_END = complement(LINE_ENDS);
const classEscapes: Readonly<Record<string, CodePoints>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
};
const controlEscapes: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

/** Groups within each other; the reader and the builder of the automaton call themselves for each. */
const MAX_DEPTH = 250;
/** Read into some 20 MB. */
const MAX_LENGTH = 100_000;
const SURROGATES = [0xd800, 0xdfff] as const;

/** Syntax that a finite automaton cannot match, and the words of its error. */
const refused: readonly (readonly [RegExp, string])[] = [
  [/\(\?<[=!]/y, 'lookbehind'],
  [/\(\?[a-z-]+:/y, 'flags within the pattern'],
  [/\\[bB]/y, 'a word boundary'],
  [/\\[1-9]|\\k</y, 'a back reference'],
  [/\\[pP]\{/y, 'a Unicode property, whose characters depend on the Unicode version'],
];

/** @throws ToolkitError `BAD_PATTERN`, `LIMIT_EXCEEDED` */
export function parseRegex(pattern: string): RegexNode {
  refuseLength(pattern);
  refuseDepth(pattern);
  refuseSyntaxErrors(pattern);
  let at = 0;
  const root = choice();
  return root;

  function take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = at;
    const match = expression.exec(pattern);
    if (match !== null) at += match[0].length;
    return match;
  }

  function choice(): RegexNode {
    const options = [sequence()];
    while (take(/\|/y)) options.push(sequence());
    return options.length === 1 ? options[0]! : { type: 'choice', options };
  }

  function sequence(): RegexNode {
    const items: RegexNode[] = [];
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') items.push(quantified());
    return items.length === 1 ? items[0]! : { type: 'sequence', items };
  }

  function quantified(): RegexNode {
    const item = atom();
    // Greedy and lazy ones match the same texts.
    const found = take(/(?:([*+?])|\{(\d+)(,)?(\d+)?\})\??/y);
    if (found === null) return item;
    const [, sign, least, comma, most] = found;
    if (sign !== undefined)
      return { type: 'repeat', item, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    const min = Number(least);
    return { type: 'repeat', item, min, max: most !== undefined ? Number(most) : comma === undefined ? min : Infinity };
  }

  function atom(): RegexNode {
    refuseUnsupported();
    const group = take(/\((?:\?[:=!]|\?<[^>]+>)?/y);
    if (group !== null) {
      const inner = choice();
      take(/\)/y);
      const isLookahead = group[0] === '(?=' || group[0] === '(?!';
      return isLookahead ? { type: 'lookahead', item: inner, isNegative: group[0] === '(?!' } : inner;
    }
    if (take(/\^/y)) return { type: 'start' };
    if (take(/\$/y)) return { type: 'end' };
    if (take(/\./y)) return { type: 'characters', set: NO_LINE_END };
    if (take(/\[/y)) return { type: 'characters', set: characterClass() };
    const from = at;
    const set = character();
    if (isSurrogate(set[0]![0])) throw loneSurrogate(from + 1);
    return { type: 'characters', set };
  }

  function characterClass(): CodePoints {
    const from = at;
    const isNegated = take(/\^/y) !== null;
    const ranges: (readonly [number, number])[] = [];
    while (!take(/\]/y)) {
      refuseUnsupported();
      const first = character();
      const isRange = pattern[at] === '-' && pattern[at + 1] !== ']';
      if (!isRange) {
        for (const range of first) ranges.push(range);
      } else {
        at++;
        ranges.push([first[0]![0], character()[0]![1]]);
      }
    }
    const set = codePoints(ranges);
    if (!isNegated && ranges.length > 0 && set.length === 0) throw loneSurrogate(from);
    return isNegated ? complement(set) : set;
  }

  /** A character, or an escape for one or for several. */
  function character(): CodePoints {
    const several = take(/\\([dDwWsS])/y);
    if (several !== null) return classEscapes[several[1]!]!;
    const pair = take(/\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/iy);
    if (pair !== null) {
      const text = String.fromCharCode(Number.parseInt(pair[1]!, 16), Number.parseInt(pair[2]!, 16));
      return single(text.codePointAt(0)!);
    }
    const code = take(/\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2}))/iy);
    if (code !== null) return single(Number.parseInt(code[1] ?? code[2] ?? code[3]!, 16));
    const control = take(/\\(?:c([a-zA-Z])|([tnvfr0]))/y);
    if (control !== null) return single(controlEscapes[control[2]!] ?? control[1]!.charCodeAt(0) % 32);
    take(/\\/y);
    return single(take(/[\s\S]/uy)![0].codePointAt(0)!);
  }

  function loneSurrogate(character: number): ToolkitError {
    return badPattern(pattern, `a lone surrogate at character ${character}, which no text in UTF-8 holds`);
  }

  function refuseUnsupported(): void {
    for (const [expression, name] of refused) {
      expression.lastIndex = at;
      if (expression.test(pattern)) throw badPattern(pattern, `${name} at character ${at + 1}, which is not supported`);
    }
  }
}

function isSurrogate(code: number): boolean {
  return code >= SURROGATES[0] && code <= SURROGATES[1];
}

function single(code: number): CodePoints {
  return [[code, code]];
}

function refuseLength(pattern: string): void {
  if (pattern.length <= MAX_LENGTH) return;
  throw new ToolkitError(
    'LIMIT_EXCEEDED',
    `pattern ${shorten(pattern)}: ${pattern.length} characters, expected ${MAX_LENGTH} at most`,
    { suggestions: ['take classes and counts in place of long alternatives'] },
  );
}

/** @throws ToolkitError `LIMIT_EXCEEDED` before JavaScript's own reader, which calls itself too, sees the pattern */
function refuseDepth(pattern: string): void {
  let depth = 0;
  let isInClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (character === '\\') i++;
    else if (isInClass) isInClass = character !== ']';
    else if (character === '[') isInClass = true;
    else if (character === ')') depth--;
    else if (character === '(' && ++depth > MAX_DEPTH) {
      throw new ToolkitError(
        'LIMIT_EXCEEDED',
        `pattern ${shorten(pattern)}: more than ${MAX_DEPTH} groups within each other at character ${i + 1}`,
        { suggestions: ['take out parentheses that group nothing'] },
      );
    }
  }
}

function refuseSyntaxErrors(pattern: string): void {
  try {
    new RegExp(pattern, 'u');
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw badPattern(pattern, `${message}, expected JavaScript's syntax with the flag u`);
  }
}

function badPattern(pattern: string, problem: string): ToolkitError {
  return new ToolkitError('BAD_PATTERN', `pattern ${shorten(pattern)}: ${problem}`, {
    suggestions: [
      'write it with characters, classes, groups, | and quantifiers, as in: --regex "[A-Z][a-z]+( [0-9]{1,3})?"',
    ],
  });
}

/** A pattern as an error shows it. */
export function shorten(pattern: string): string {
  return JSON.stringify(pattern.length <= 80 ? pattern : `${pattern.slice(0, 79)}…`);
}
