// The tokens of a vocabulary as a tree of their bytes: a prefix that tokens share is checked once for all of them.

import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** The nodes of a tree, each before those below it. Special tokens and unused ids are not in it. */
export interface TokenTrie {
  readonly nNodes: number;
  /** (nNodes) byte that leads to the node. */
  readonly bytes: Uint8Array;
  /** (nNodes) bytes from the root, from 1. */
  readonly depths: Uint16Array;
  /** (nNodes) the first node that is not below the node. */
  readonly ends: Int32Array;
  /** (nNodes) the token that ends at the node, or −1. */
  readonly tokens: Int32Array;
  readonly nTokens: number;
  readonly maxDepth: number;
}

const tries = new WeakMap<Tokenizer, TokenTrie>();

/** The tree of a tokenizer's tokens, made once. */
export function tokenTrieOf(tokenizer: Tokenizer): TokenTrie {
  const trie = tries.get(tokenizer) ?? createTokenTrie(tokenizer);
  tries.set(tokenizer, trie);
  return trie;
}

function createTokenTrie(tokenizer: Tokenizer): TokenTrie {
  const spelled = sortedTokens(tokenizer);
  const nNodes = spelled.reduce(
    (sum, { text }, i) => sum + text.length - sharedLength(spelled[i - 1]?.text ?? '', text),
    0,
  );
  const bytes = new Uint8Array(nNodes);
  const depths = new Uint16Array(nNodes);
  const ends = new Int32Array(nNodes).fill(nNodes);
  const tokens = new Int32Array(nNodes).fill(-1);
  const path: number[] = [];
  let previous = '';
  let node = 0;
  for (const { id, text } of spelled) {
    const shared = sharedLength(previous, text);
    for (const closed of path.splice(shared)) ends[closed] = node;
    for (let depth = shared; depth < text.length; depth++) {
      bytes[node] = text.charCodeAt(depth);
      depths[node] = depth + 1;
      path.push(node++);
    }
    tokens[node - 1] = id;
    previous = text;
  }
  const maxDepth = depths.reduce((most, depth) => Math.max(most, depth), 0);
  return { nNodes, bytes, depths, ends, tokens, nTokens: tokenizer.nTokens, maxDepth };
}

/** A token and its bytes, a character each: strings are compared faster than arrays. */
interface SpelledToken {
  readonly id: number;
  readonly text: string;
}

function sortedTokens(tokenizer: Tokenizer): SpelledToken[] {
  const spelled: SpelledToken[] = [];
  for (let id = 0; id < tokenizer.nUsedTokens; id++) {
    if (tokenizer.isSpecial(id)) continue;
    spelled.push({ id, text: String.fromCharCode(...tokenizer.tokenBytes(id)) });
  }
  return spelled.sort((a, b) => (a.text < b.text ? -1 : 1));
}

function sharedLength(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a.charCodeAt(n) === b.charCodeAt(n)) n++;
  return n;
}
