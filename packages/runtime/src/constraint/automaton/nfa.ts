// A regular expression as a nondeterministic automaton over bytes.

import { ToolkitError } from '@llama-ts/format';
import { anyCodePoint } from '../regex/code-points.js';
import type { RegexNode } from '../regex/regex-node.js';
import type { ByteRanges, Spelling } from './byte-ranges.js';

/** A step on a byte from `first` to `last`. */
export interface ByteEdge {
  readonly first: number;
  readonly last: number;
  readonly to: number;
}

/** A step without a byte: always, only where the text begins, or only where it ends. */
export interface FreeEdge {
  readonly when: 'always' | 'start' | 'end';
  readonly to: number;
}

/** An automaton that may be in several states at once. */
export interface Nfa {
  /** By state. */
  readonly byteEdges: readonly (readonly ByteEdge[])[];
  readonly freeEdges: readonly (readonly FreeEdge[])[];
  readonly start: number;
  readonly end: number;
}

/** How {@link createNfa} reads an expression. */
export interface NfaOptions {
  readonly spelling: Spelling;
  /** Whether all of the text has to match, or, as `RegExp.test` wants it, any part of it. */
  readonly match: 'whole' | 'part';
}

/** A pattern of `.{5000}` has about this many; more is a mistake or wants another form. */
const MAX_STATES = 200_000;

/** @throws ToolkitError `LIMIT_EXCEEDED` */
export function createNfa(root: RegexNode, { spelling, match }: NfaOptions): Nfa {
  const byteEdges: ByteEdge[][] = [];
  const freeEdges: FreeEdge[][] = [];
  const spelled = new Map<RegexNode, readonly ByteRanges[]>();
  const anything: RegexNode = {
    type: 'repeat',
    item: { type: 'characters', set: anyCodePoint },
    min: 0,
    max: Number.POSITIVE_INFINITY,
  };
  const start = addState();
  const node: RegexNode = match === 'whole' ? root : { type: 'sequence', items: [anything, root, anything] };
  const end = build(node, start);
  return { byteEdges, freeEdges, start, end };

  function addState(): number {
    if (byteEdges.length === MAX_STATES) {
      throw new ToolkitError('LIMIT_EXCEEDED', `pattern: more than ${MAX_STATES} states, expected at most so many`, {
        suggestions: ['take smaller counts in {min,max}, or none: * and + take any number in one state'],
      });
    }
    byteEdges.push([]);
    return freeEdges.push([]) - 1;
  }

  function addFree(from: number, to: number, when: FreeEdge['when'] = 'always'): void {
    freeEdges[from]!.push({ when, to });
  }

  /** Builds what leads on from a state, and gives the state it leads to. */
  function build(node: RegexNode, from: number): number {
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
      case 'start':
      case 'end': {
        const to = addState();
        addFree(from, to, node.type);
        return to;
      }
    }
  }

  function buildCharacters(node: RegexNode & { type: 'characters' }, from: number): number {
    const spellings = spelled.get(node) ?? spelling(node.set);
    spelled.set(node, spellings);
    const to = addState();
    for (const ranges of spellings) {
      let state = from;
      for (const [i, [first, last]] of ranges.entries()) {
        const next = i === ranges.length - 1 ? to : addState();
        byteEdges[state]!.push({ first, last, to: next });
        state = next;
      }
    }
    return to;
  }

  function buildRepeat({ item, min, max }: RegexNode & { type: 'repeat' }, from: number): number {
    let state = from;
    for (let i = 0; i < min; i++) state = build(item, state);
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
      state = build(item, state);
      addFree(state, to);
    }
    return to;
  }
}
