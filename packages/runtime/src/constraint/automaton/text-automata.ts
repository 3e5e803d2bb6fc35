// Automata of plain texts and of regular expressions.

import { anyCodePoint } from '../regex/code-points.js';
import type { RegexNode } from '../regex/regex-node.js';
import { createWork, type WorkBudget } from '../work.js';
import { intersectDfas, subtractDfas } from './algebra.js';
import { type Spelling, spellUtf8 } from './byte-ranges.js';
import { determinize } from './determinize.js';
import { byteClasses, type Dfa, exploreDfa } from './dfa.js';
import { createLookaheadSets } from './lookaheads.js';
import { createNfa, type Lookahead, type NfaOptions } from './nfa.js';

const INFINITY = Number.POSITIVE_INFINITY;
const ANY_TEXT: RegexNode = { type: 'repeat', item: { type: 'characters', set: anyCodePoint }, min: 0, max: INFINITY };
/** Approximate memory of a node of a tree of texts. */
const NODE_BYTES = 500;
/** Texts that never match: `^` where the text has begun already. */
const NEVER: RegexNode = { type: 'choice', options: [] };

/** Accepts what the whole of an expression matches; null when that is nothing. @throws ToolkitError `LIMIT_EXCEEDED` */
export function regexDfa(root: RegexNode, spelling: Spelling = spellUtf8, work: WorkBudget = createWork()): Dfa | null {
  return compile(root, { spelling, match: 'whole', work });
}

/** Accepts texts with a part that an expression matches, as `RegExp.test` does. @throws ToolkitError `LIMIT_EXCEEDED` */
export function searchDfa(root: RegexNode, spelling: Spelling, work: WorkBudget = createWork()): Dfa | null {
  return compile(root, { spelling, match: 'part', work });
}

function compile(root: RegexNode, options: NfaOptions): Dfa | null {
  const { spelling, work } = options;
  const { rest, lookaheads: leading } = splitLeading(root, options.match !== 'part');
  if (leading.length > 0) {
    let dfa = compile(rest, options);
    for (const { item, isNegative } of leading) {
      const begun = compile(item, { spelling, match: 'beginning', work });
      if (begun === null) dfa = isNegative ? dfa : null;
      else if (dfa !== null) dfa = (isNegative ? subtractDfas : intersectDfas)(dfa, begun, work);
    }
    return dfa;
  }
  const nfa = createNfa(root, options);
  let anyText: Dfa | null = null;
  const lookaheads = createLookaheadSets(nfa, {
    anyText() {
      anyText ??= regexDfa(ANY_TEXT, spelling, work)!;
      return anyText;
    },
    dfaOf: ({ item }, isStart) => compile(isStart ? item : withoutStart(item), { spelling, match: 'beginning', work }),
    work,
  });
  return determinize(nfa, lookaheads, work);
}

/** Lookaheads at the beginning of the text: automata of their own, which the whole text has to match too. */
function splitLeading(root: RegexNode, isAtStart: boolean) {
  const items = root.type === 'sequence' ? root.items : [root];
  const lookaheads: Lookahead[] = [];
  const starts: RegexNode[] = [];
  for (const item of items) {
    if (item.type === 'start') starts.push(item);
    else if (item.type === 'lookahead' && (isAtStart || starts.length > 0)) lookaheads.push(item);
    else break;
  }
  const rest: RegexNode = { type: 'sequence', items: [...starts, ...items.slice(starts.length + lookaheads.length)] };
  return { rest, lookaheads };
}

/** The expression where the text has begun already. */
function withoutStart(node: RegexNode): RegexNode {
  switch (node.type) {
    case 'start':
      return NEVER;
    case 'sequence':
      return { type: 'sequence', items: node.items.map(withoutStart) };
    case 'choice':
      return { type: 'choice', options: node.options.map(withoutStart) };
    case 'repeat':
    case 'lookahead':
      return { ...node, item: withoutStart(node.item) };
    default:
      return node;
  }
}

/** Accepts some texts, one at least. @throws ToolkitError `LIMIT_EXCEEDED` */
export function textsDfa(texts: readonly string[], work: WorkBudget = createWork()): Dfa {
  const encoder = new TextEncoder();
  const { children, isEnd, boundaries } = createTrie(
    texts.map((text) => encoder.encode(text)),
    work,
  );
  const shared = shareTails(children, isEnd);
  return exploreDfa<number>({
    start: shared[0]!,
    key: (node) => node,
    isAccepting: (node) => isEnd[node]!,
    classOf: byteClasses(boundaries),
    work,
    step: (node, byte) => {
      const next = children[node]!.get(byte);
      return next === undefined ? null : shared[next]!;
    },
  })!;
}

/** A tree of texts, each node numbered after the one above it. */
function createTrie(texts: readonly Uint8Array[], work: WorkBudget) {
  const children: Map<number, number>[] = [new Map()];
  const isEnd = [false];
  const boundaries = new Set<number>();
  for (const text of texts) {
    work.spend(text.length, 'constants');
    let node = 0;
    for (const byte of text) {
      let next = children[node]!.get(byte);
      if (next === undefined) {
        work.keep(NODE_BYTES, 'constants');
        boundaries.add(byte).add(byte + 1);
        next = children.push(new Map()) - 1;
        isEnd.push(false);
        children[node]!.set(byte, next);
      }
      node = next;
    }
    isEnd[node] = true;
  }
  return { children, isEnd, boundaries };
}

/** For each node the first one that the same texts follow: what ends alike is one. */
function shareTails(children: readonly ReadonlyMap<number, number>[], isEnd: readonly boolean[]): Int32Array {
  const shared = new Int32Array(children.length);
  const known = new Map<string, number>();
  for (let node = children.length - 1; node >= 0; node--) {
    const edges = [...children[node]!].sort(([a], [b]) => a - b).map(([byte, to]) => `${byte}:${shared[to]}`);
    const name = `${isEnd[node] ? '!' : ''}${edges.join()}`;
    const same = known.get(name) ?? node;
    known.set(name, same);
    shared[node] = same;
  }
  return shared;
}
