// Keys that an object has, and the scanner of one more.

import type { Dfa } from '../automaton/dfa.js';
import { dfaStep } from '../automaton/dfa.js';
import type { Scanner } from '../grammar/symbols.js';

/** Keys as JSON.stringify spells them, without quotes, a character for each UTF-8 byte. */
export interface KeySet {
  readonly keys: readonly string[];
}

/** Reads a key that is not in a set. */
export interface OtherKeyScanner extends Scanner {
  /** Whether there is such a key. */
  readonly canStart: boolean;
}

const QUOTE = 0x22;
const START = 0;
const END = 1;
const FIRST_INNER = 2;
/** Node of what begins no key of the set; 1 is where all of them begin. */
const ELSEWHERE = 0;
const ROOT = 1;

/** A key as {@link KeySet} holds it. */
export function keyBytes(name: string): string {
  return String.fromCharCode(...new TextEncoder().encode(JSON.stringify(name).slice(1, -1)));
}

/**
 * Reads a key that is not in the set, quotes included, and no beginning that all of the keys it may become are in the
 * set of. `content` reads what is between the quotes.
 */
export function otherKeyScanner({ keys }: KeySet, content: Dfa): OtherKeyScanner {
  const { children, isKey } = createTrie(keys);
  const { nStates } = content;
  /** By node and state of `content`, as one number. */
  const open = new Map<number, boolean>();
  return {
    canStart: isOpen(ROOT, 0),
    next(state, byte) {
      if (state === START) return byte === QUOTE ? FIRST_INNER + ROOT * nStates : -1;
      if (state === END) return -1;
      const node = Math.floor((state - FIRST_INNER) / nStates);
      const inner = (state - FIRST_INNER) % nStates;
      if (byte === QUOTE && content.isAccepting[inner] === 1) return isKey[node] ? -1 : END;
      const next = dfaStep(content, inner, byte);
      if (next < 0) return -1;
      const to = children[node]!.get(byte) ?? ELSEWHERE;
      return isOpen(to, next) ? FIRST_INNER + to * nStates + next : -1;
    },
    isAccepting: (state) => state === END,
    hasNext: (state) => state !== END,
  };

  /** Whether what leads to a node and a state can become a key that is not in the set. */
  function isOpen(node: number, inner: number): boolean {
    if (node === ELSEWHERE || (content.isAccepting[inner] === 1 && !isKey[node])) return true;
    const place = node * nStates + inner;
    const known = open.get(place);
    if (known !== undefined) return known;
    // The depth of keys is their length, so the stack is an array and not the call stack.
    const path = [{ node, inner, byte: 0 }];
    let isFound = false;
    while (path.length > 0 && !isFound) {
      const top = path.at(-1)!;
      if (top.byte === 256) {
        open.set(top.node * nStates + top.inner, false);
        path.pop();
        continue;
      }
      const next = dfaStep(content, top.inner, top.byte);
      const to = children[top.node]!.get(top.byte++) ?? ELSEWHERE;
      if (next < 0) continue;
      const below = open.get(to * nStates + next);
      if (to === ELSEWHERE || below === true || (content.isAccepting[next] === 1 && !isKey[to])) isFound = true;
      else if (below === undefined) path.push({ node: to, inner: next, byte: 0 });
    }
    for (const { node: passed, inner: state } of path) open.set(passed * nStates + state, true);
    return isFound;
  }
}

function createTrie(keys: readonly string[]) {
  const children: Map<number, number>[] = [new Map(), new Map()];
  const isKey = [false, false];
  for (const key of keys) {
    let node = ROOT;
    for (let i = 0; i < key.length; i++) {
      const byte = key.charCodeAt(i);
      let next = children[node]!.get(byte);
      if (next === undefined) {
        next = children.push(new Map()) - 1;
        isKey.push(false);
        children[node]!.set(byte, next);
      }
      node = next;
    }
    isKey[node] = true;
  }
  return { children, isKey };
}
