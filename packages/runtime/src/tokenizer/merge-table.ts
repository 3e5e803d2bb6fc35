// Says which neighbouring tokens merge, in what order, and into what.

import type { TokenizerData } from '@llama-ts/format';
import { badTokenizer } from './bad-tokenizer.js';
import { type TokenIndex, tableSize } from './token-index.js';

/** Merges by rank; the lowest rank merges first. */
export interface MergeTable {
  /** Rank of the merge of two tokens, or −1 when they do not merge. */
  rank(left: number, right: number): number;
  /** The token that the merge of this rank makes. */
  product(rank: number): number;
}

/** @throws ToolkitError BAD_TOKENIZER when a merge makes no token */
export function createMergeTable(data: TokenizerData, index: TokenIndex): MergeTable {
  const join = createJoin(data, index);
  return data.merges === null ? { rank: join, product: (rank) => rank } : fromPairs(data.merges, join);
}

/** Two tokens joined: the id of the token with the bytes of both, or −1. In tiktoken this id is the merge's rank. */
function createJoin({ tokenBytes, tokenOffsets }: TokenizerData, index: TokenIndex) {
  const joined = new Uint8Array(index.maxTokenBytes);
  return (left: number, right: number): number => {
    let length = 0;
    const total = tokenOffsets[left + 1]! - tokenOffsets[left]! + tokenOffsets[right + 1]! - tokenOffsets[right]!;
    if (total > joined.length) return -1;
    for (let i = tokenOffsets[left]!; i < tokenOffsets[left + 1]!; i++) joined[length++] = tokenBytes[i]!;
    for (let i = tokenOffsets[right]!; i < tokenOffsets[right + 1]!; i++) joined[length++] = tokenBytes[i]!;
    return index.find(joined, 0, length);
  };
}

function fromPairs(pairs: Uint32Array, join: (left: number, right: number) => number): MergeTable {
  const nMerges = pairs.length / 2;
  const products = new Int32Array(nMerges);
  const slots = new Int32Array(tableSize(nMerges)).fill(-1);
  const mask = slots.length - 1;

  /** The slot that holds this pair, or the empty one where it belongs. */
  function slotOf(left: number, right: number): number {
    let slot = hashPair(left, right) & mask;
    for (let rank = slots[slot]!; rank >= 0; rank = slots[slot]!) {
      if (pairs[2 * rank] === left && pairs[2 * rank + 1] === right) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  for (let rank = 0; rank < nMerges; rank++) {
    const left = pairs[2 * rank]!;
    const right = pairs[2 * rank + 1]!;
    const product = join(left, right);
    if (product < 0) {
      throw badTokenizer(`merge ${rank} joins tokens ${left} and ${right}, and no token has the bytes of both`);
    }
    products[rank] = product;
    slots[slotOf(left, right)] = rank;
  }

  return {
    rank: (left, right) => slots[slotOf(left, right)]!,
    product: (rank) => products[rank]!,
  };
}

function hashPair(left: number, right: number): number {
  const value = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
  return value ^ (value >>> 15);
}
