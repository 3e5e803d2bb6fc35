// A regular expression as a nondeterministic automaton over bytes.

import { ToolkitError } from '@llama-ts/base';
import { anyCodePoint } from '../regex/code-points.js';
import type { RegexNode } from '../regex/regex-node.js';
import type { WorkBudget } from '../work.js';
import type { ByteRanges, Spelling } from './byte-ranges.js';

/** A step on a byte from `first` to `last`. */
export interface ByteEdge {
  readonly first: number;
  readonly last: number;
  readonly to: number;
}

/** A step without a byte: always, only where the text begins or ends, or only where a lookahead holds. */
export interface FreeEdge {
  readonly when: 'always' | 'start' | 'end' | Lookahead;
  readonly to: number;
}

/** What the rest of the text must or must not begin with. */
export type Lookahead = RegexNode & { readonly type: 'lookahead' };

/** An automaton that may be in several states at once. */
export interface Nfa {
  readonly nStates: number;
  /** By state; absent for none. */
  readonly byteEdges: readonly (readonly ByteEdge[] | undefined)[];
  readonly freeEdges: readonly (readonly FreeEdge[] | undefined)[];
  readonly start: number;
  readonly end: number;
}

/** How {@link createNfa} reads an expression. */
export interface NfaOptions {
  readonly spelling: Spelling;
  /** Which part of the text has to match: all of it, any part (as in `RegExp.test`), or its beginning. */
  readonly match: 'whole' | 'part' | 'beginning';
  readonly work: WorkBudget;
}

/** A pattern of `.{5000}` has about this many; a larger one is a mistake, or should be written differently. */
const MAX_STATES = 200_000;
/** Bytes of a state with its lists of edges, and of an edge, about. */
const STATE_BYTES = 120;
const EDGE_BYTES = 48;

/** @throws ToolkitError `LIMIT_EXCEEDED` */
export function createNfa(root: RegexNode, { spelling, match, work }: NfaOptions): Nfa {
  const byteEdges: (ByteEdge[] | undefined)[] = [];
  const freeEdges: (FreeEdge[] | undefined)[] = [];
  let nStates = 0;
  const spelled = new Map<RegexNode, readonly ByteRanges[]>();
  const anything: RegexNode = {
    type: 'repeat',
    item: { type: 'characters', set: anyCodePoint },
    min: 0,
    max: Number.POSITIVE_INFINITY,
  };
  const before = match === 'part' ? [anything] : [];
  const after = match === 'whole' ? [] : [anything];
  const start = addState();
  const end = build({ type: 'sequence', items: [...before, root, ...after] }, start);
  return { nStates, byteEdges, freeEdges, start, end };

  function addState(): number {
    if (nStates === MAX_STATES) {
      throw new ToolkitError('LIMIT_EXCEEDED', `pattern: more than ${MAX_STATES} states, expected fewer`, {
        suggestions: ['take smaller counts in {min,max}, or none: * and + take any number in one state'],
      });
    }
    work.keep(STATE_BYTES);
    byteEdges.push(undefined);
    freeEdges.push(undefined);
    return nStates++;
  }

  function addFree(from: number, to: number, when: FreeEdge['when'] = 'always'): void {
    work.keep(EDGE_BYTES);
    const edge = { when, to };
    if (freeEdges[from] === undefined) freeEdges[from] = [edge];
    else freeEdges[from].push(edge);
  }

  /** Builds what leads on from a state, and gives the state it leads to. */
  function build(node: RegexNode, from: number): number {
    work.spend(1);
    switch (node.type) {
      case 'characters':
        return buildCharacters(node, from);
      case 'sequence':
        return node.items.reduce((state, item) => build(item, state), from);
      case 'choice': {
        const to = addState();
        for (const option of node.options) addFree(build(option, from), to);
        return to;
      }
      case 'repeat':
        return buildRepeat(node, from);
      case 'lookahead':
      case 'start':
      case 'end': {
        const to = addState();
        addFree(from, to, node.type === 'lookahead' ? node : node.type);
        return to;
      }
    }
  }

  function buildCharacters(node: RegexNode & { type: 'characters' }, from: number): number {
    const spellings = spelled.get(node) ?? spelling(node.set);
    spelled.set(node, spellings);
    const to = addState();
    for (const ranges of spellings) {
      work.spend(ranges.length);
      work.keep(EDGE_BYTES * ranges.length);
      let state = from;
      for (const [i, [first, last]] of ranges.entries()) {
        const next = i === ranges.length - 1 ? to : addState();
        const edge = { first, last, to: next };
        const edges = byteEdges[state];
        if (edges === undefined) byteEdges[state] = [edge];
        else edges.push(edge);
        state = next;
      }
    }
    return to;
  }

  function buildRepeat({ item, min, max }: RegexNode & { type: 'repeat' }, from: number): number {
    let state = from;
    for (let i = 0; i < min; i++) {
      const next = build(item, state);
      // An item that adds no state matches the empty text only, and so do its repetitions.
      if (next === state) break;
      state = next;
    }
    if (max === Number.POSITIVE_INFINITY) {
      const loop = addState();
      addFree(state, loop);
      addFree(build(item, loop), loop);
      const to = addState();
      addFree(loop, to);
      return to;
    }
    const to = addState();
    addFree(state, to);
    for (let i = min; i < max; i++) {
      const next = build(item, state);
      if (next === state) break;
      state = next;
      addFree(state, to);
    }
    return to;
  }
}
