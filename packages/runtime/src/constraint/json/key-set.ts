// Keys that an object has, and the scanner of one more.

import type { Dfa } from '../automaton/dfa.js';
import { dfaStep } from '../automaton/dfa.js';
import type { Scanner } from '../grammar/symbols.js';

/** Keys as JSON.stringify spells them, without quotes, a character for each UTF-8 byte. */
export interface KeySet {
  readonly keys: readonly string[];
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

/** Reads a key that is not in the set, quotes included. `content` reads what is between them. */
export function otherKeyScanner({ keys }: KeySet, content: Dfa): Scanner {
  const { children, isKey } = createTrie(keys);
  return {
    next(state, byte) {
      if (state === START) return byte === QUOTE ? FIRST_INNER + ROOT * content.nStates : -1;
      if (state === END) return -1;
      const node = Math.floor((state - FIRST_INNER) / content.nStates);
      const inner = (state - FIRST_INNER) % content.nStates;
      if (byte === QUOTE && content.isAccepting[inner] === 1) return isKey[node] ? -1 : END;
      const next = dfaStep(content, inner, byte);
      return next < 0 ? -1 : FIRST_INNER + (children[node]!.get(byte) ?? ELSEWHERE) * content.nStates + next;
    },
    isAccepting: (state) => state === END,
    hasNext: (state) => state !== END,
  };
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
