// The lexemes of JSON that every grammar shares, and the places of spaces.

import { spellJson } from '../automaton/byte-ranges.js';
import type { Dfa } from '../automaton/dfa.js';
import { regexDfa, textsDfa } from '../automaton/text-automata.js';
import { anyCodePoint } from '../regex/code-points.js';
import { parseRegex } from '../regex/parse-regex.js';
import type { RegexNode } from '../regex/regex-node.js';
import type { Shape } from './shape.js';

/** A character of a string. */
export const characterNode: RegexNode = { type: 'characters', set: anyCodePoint };

/**
 * Numbers without bounds: of limited length, because an answer might never end otherwise, and with exponents
 * that no double overflows with.
 */
const ANY_NUMBER = '-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?';

/** Automata of pieces. */
export interface Lexemes {
  readonly quote: Dfa;
  readonly openBrace: Dfa;
  readonly closeBrace: Dfa;
  readonly openBracket: Dfa;
  readonly closeBracket: Dfa;
  /** Each with at most one space after it; there is no other space between tokens of JSON. */
  readonly comma: Dfa;
  readonly colon: Dfa;
  /** One character of a string, and any number of them. */
  readonly character: Dfa;
  readonly characters: Dfa;
  readonly number: Dfa;
  /** true, false and null. */
  readonly literal: Dfa;
}

export function createLexemes(): Lexemes {
  return {
    quote: textsDfa(['"']),
    openBrace: textsDfa(['{']),
    closeBrace: textsDfa(['}']),
    openBracket: textsDfa(['[']),
    closeBracket: textsDfa([']']),
    comma: textsDfa([',', ', ']),
    colon: textsDfa([':', ': ']),
    character: regexDfa(characterNode, spellJson)!,
    characters: regexDfa({ type: 'repeat', item: characterNode, min: 0, max: Number.POSITIVE_INFINITY }, spellJson)!,
    number: regexDfa(parseRegex(ANY_NUMBER))!,
    literal: textsDfa(['true', 'false', 'null']),
  };
}

/** Any JSON value. */
export function anyValueShape(lexemes: Lexemes): Shape {
  const any: Shape = { type: 'reference', target: null };
  const infinity = Number.POSITIVE_INFINITY;
  any.target = {
    type: 'choice',
    options: [
      {
        type: 'object',
        declared: [],
        reserved: [],
        others: [{ names: null, nNames: infinity, value: any }],
        min: 0,
        max: infinity,
      },
      { type: 'array', prefix: [], rest: any, min: 0, max: infinity, contained: null, unique: null },
      { type: 'string', min: 0, max: infinity },
      { type: 'text', dfa: lexemes.number },
      { type: 'text', dfa: lexemes.literal },
    ],
  };
  return any;
}
