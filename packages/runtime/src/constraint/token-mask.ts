// Which tokens may follow a text: all of a vocabulary, judged along the tree of their bytes.

import type { ToolkitError } from '@llama-ts/base';
import { tooAmbiguous } from './ambiguity.js';
import type { Pushdown, PushdownState } from './grammar/pushdown.js';
import { extendText, type TextState } from './text-state.js';
import type { TokenTrie } from './token-trie.js';

/** (⌈nTokens / 32⌉) bit i % 32 of word i >> 5 is 1 where token i may follow. */
export type TokenMask = Int32Array;

/** A mask, and what it holds for. */
export interface FoundMask {
  readonly mask: TokenMask;
  /** Whether it is good for this text alone, or for all in its state: some token ends two keys, which must differ. */
  readonly isForKey: boolean;
}

/** Positions to look at for one mask: about a second. */
const MAX_STEPS = 8_000_000;

/** Tokens that may follow a text, end tokens aside. @throws ToolkitError `LIMIT_EXCEEDED` */
export function computeMask(trie: TokenTrie, pushdown: Pushdown, text: TextState): FoundMask {
  const { nNodes, bytes, depths, ends, tokens } = trie;
  const mask = new Int32Array(Math.ceil(trie.nTokens / 32));
  let isForKey = false;
  const lastStep = pushdown.nSteps + MAX_STEPS;
  // (maxDepth + 1) the state after the bytes that lead to a node
  const path = new Array<PushdownState>(trie.maxDepth + 1).fill(text.state);
  for (let node = 0; node < nNodes; ) {
    const depth = depths[node]!;
    const from = path[depth - 1]!;
    const byte = bytes[node]!;
    const known = from.next?.[byte];
    const state = known === undefined ? pushdown.step(from, byte) : known;
    if (pushdown.nSteps > lastStep) throw tooManySteps();
    if (pushdown.isFull) pushdown.forget();
    if (state === null) {
      node = ends[node]!;
      continue;
    }
    if (state.isUnsure) {
      isForKey = true;
      for (const end = ends[node]!; node < end; node++) {
        if (isAllowed(node)) allow(tokens[node]!);
        if (pushdown.nSteps > lastStep) throw tooManySteps();
      }
      continue;
    }
    path[depth] = state;
    if (tokens[node]! >= 0) allow(tokens[node]!);
    node++;
  }
  return { mask, isForKey };

  function allow(token: number): void {
    mask[token >> 5]! |= 1 << (token & 31);
  }

  /** Judges a token alone, with the keys that end in it known. */
  function isAllowed(node: number): boolean {
    return tokens[node]! >= 0 && extendText(pushdown, text, bytesTo(trie, node)) !== null;
  }
}

function tooManySteps(): ToolkitError {
  return tooAmbiguous(`takes more than ${MAX_STEPS} steps to find which tokens may follow, expected fewer`);
}

/** Whether a token's bit is set. */
export function hasToken(mask: TokenMask, token: number): boolean {
  return ((mask[token >> 5]! >> (token & 31)) & 1) === 1;
}

/** Sets the logits (nTokens) of all other tokens to −∞. */
export function applyMask(mask: TokenMask, logits: Float32Array): void {
  for (let word = 0; word < mask.length; word++) {
    const bits = mask[word]!;
    if (bits === -1) continue;
    const first = word * 32;
    const end = Math.min(first + 32, logits.length);
    for (let id = first; id < end; id++) if (((bits >> (id & 31)) & 1) === 0) logits[id] = Number.NEGATIVE_INFINITY;
  }
}

function bytesTo({ bytes, depths }: TokenTrie, node: number): Uint8Array {
  const found = new Uint8Array(depths[node]!);
  let depth = found.length;
  for (let i = node; depth > 0; i--) {
    if (depths[i] !== depth) continue;
    found[--depth] = bytes[i]!;
  }
  return found;
}
