// Automata of plain texts and of regular expressions.

import type { RegexNode } from '../regex/regex-node.js';
import { type Spelling, spellUtf8 } from './byte-ranges.js';
import { determinize } from './determinize.js';
import type { Dfa } from './dfa.js';
import { createNfa } from './nfa.js';

/** Accepts what the whole of an expression matches; null when that is nothing. @throws ToolkitError `LIMIT_EXCEEDED` */
export function regexDfa(root: RegexNode, spelling: Spelling = spellUtf8): Dfa | null {
  return determinize(createNfa(root, { spelling, match: 'whole' }));
}

/** Accepts texts with a part that an expression matches, as `RegExp.test` does. @throws ToolkitError `LIMIT_EXCEEDED` */
export function searchDfa(root: RegexNode, spelling: Spelling): Dfa | null {
  return determinize(createNfa(root, { spelling, match: 'part' }));
}

/** Accepts some texts, one at least. @throws ToolkitError `LIMIT_EXCEEDED` */
export function textsDfa(texts: readonly string[]): Dfa {
  return regexDfa({ type: 'choice', options: texts.map(textNode) })!;
}

function textNode(text: string): RegexNode {
  const codes = [...text].map((character) => character.codePointAt(0)!);
  return { type: 'sequence', items: codes.map((code) => ({ type: 'characters', set: [[code, code]] })) };
}
