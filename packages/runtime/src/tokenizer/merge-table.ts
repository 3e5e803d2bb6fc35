// Says which neighbouring tokens merge, in what order, and into what.

import type { TokenizerData } from '@llama-ts/format';
import { badTokenizer } from './bad-tokenizer.js';
import { type TokenIndex, tableSize } from './token-index.js';

/** Merges by rank; the lowest rank merges first. */
export interface MergeTable {
  /** Rank of the merge of two tokens, or −1 when they do not merge. */
  rank(left: number, right: number): number;
  /**
   * The token that the merge of this rank makes.
   *
   * @throws ToolkitError BAD_TOKENIZER when no token has the bytes of both
   */
  product(rank: number): number;
}

export function createMergeTable(data: TokenizerData, index: TokenIndex): MergeTable {
  if (data.merges !== null) return fromPairs(data.merges, index);
  // In tiktoken any two tokens merge whose bytes together are a token, and its id is the rank.
  return { rank: index.findJoined, product: (rank) => rank };
}

/** The table is made when a piece first needs a merge: most words of a short prompt are tokens without merging. */
function fromPairs(pairs: Uint32Array, index: TokenIndex): MergeTable {
  let ranks: RankTable | undefined;
  // (nMerges) Looked up when first needed, for most merges are never used.
  let products: Int32Array | undefined;
  return {
    rank(left, right) {
      ranks ??= createRankTable(pairs);
      return ranks(left, right);
    },
    product(rank) {
      products ??= new Int32Array(pairs.length / 2).fill(-1);
      if (products[rank]! < 0) products[rank] = join(rank, pairs[2 * rank]!, pairs[2 * rank + 1]!, index);
      return products[rank]!;
    },
  };
}

/** Rank of a pair of tokens, or −1. */
type RankTable = (left: number, right: number) => number;

/** @param pairs (nMerges, 2) best rank first */
function createRankTable(pairs: Uint32Array): RankTable {
  const nMerges = pairs.length / 2;
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

  for (let rank = 0; rank < nMerges; rank++) slots[slotOf(pairs[2 * rank]!, pairs[2 * rank + 1]!)] = rank;
  return (left, right) => slots[slotOf(left, right)]!;
}

function join(rank: number, left: number, right: number, index: TokenIndex): number {
  const id = index.findJoined(left, right);
  if (id < 0) throw badTokenizer(`merge ${rank} joins tokens ${left} and ${right}, and no token has the bytes of both`);
  return id;
}

function hashPair(left: number, right: number): number {
  const value = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
  return value ^ (value >>> 15);
}
