// Finds a token by its bytes: a hash table with open addressing over the tokenizer's own byte array.

import type { TokenizerData } from '@llama-ts/format';
import { badTokenizer } from './bad-tokenizer.js';

/** Token ids by their bytes; tokens that byte-pair encoding never makes are not in it. */
export interface TokenIndex {
  /** Id of the token with the bytes `bytes[start..end)`, or −1. */
  find(bytes: Uint8Array, start: number, end: number): number;
  /** Id of the token with the bytes of one token and then another, or −1. */
  findJoined(left: number, right: number): number;
}

/** FNV-1a continues from its state: the hash of a longer token continues from that of its prefix. */
const HASH_START = 0x811c9dc5 | 0;

/**
 * @param isApart (nTokens) 1 where byte-pair encoding never makes the token
 * @throws ToolkitError BAD_TOKENIZER when two tokens have the same bytes
 */
export function createTokenIndex(data: TokenizerData, isApart: Uint8Array): TokenIndex {
  const { tokenBytes, tokenOffsets, nTokens } = data;
  const slots = new Int32Array(tableSize(nTokens)).fill(-1);
  const mask = slots.length - 1;
  // (nTokens) hash of each token's bytes
  const hashes = new Int32Array(nTokens);

  /** Whether a token's bytes from `offset` on begin with `bytes[start..end)`. */
  function hasBytes(offset: number, bytes: Uint8Array, start: number, end: number): boolean {
    for (let i = start, j = offset; i < end; i++, j++) if (bytes[i] !== tokenBytes[j]) return false;
    return true;
  }

  function find(bytes: Uint8Array, start: number, end: number): number {
    const hash = extendHash(HASH_START, bytes, start, end);
    let slot = firstSlot(hash) & mask;
    for (let id = slots[slot]!; id >= 0; id = slots[slot]!) {
      const offset = tokenOffsets[id]!;
      const isSame = hashes[id] === hash && tokenOffsets[id + 1]! - offset === end - start;
      if (isSame && hasBytes(offset, bytes, start, end)) return id;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  function findJoined(left: number, right: number): number {
    const leftStart = tokenOffsets[left]!;
    const leftEnd = tokenOffsets[left + 1]!;
    const rightStart = tokenOffsets[right]!;
    const rightEnd = tokenOffsets[right + 1]!;
    const length = leftEnd - leftStart + rightEnd - rightStart;
    const hash = extendHash(hashes[left]!, tokenBytes, rightStart, rightEnd);
    let slot = firstSlot(hash) & mask;
    for (let id = slots[slot]!; id >= 0; id = slots[slot]!) {
      const offset = tokenOffsets[id]!;
      const isSame = hashes[id] === hash && tokenOffsets[id + 1]! - offset === length;
      if (
        isSame &&
        hasBytes(offset, tokenBytes, leftStart, leftEnd) &&
        hasBytes(offset + leftEnd - leftStart, tokenBytes, rightStart, rightEnd)
      ) {
        return id;
      }
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  for (let id = 0; id < nTokens; id++) {
    const start = tokenOffsets[id]!;
    const end = tokenOffsets[id + 1]!;
    hashes[id] = extendHash(HASH_START, tokenBytes, start, end);
    if (isApart[id] === 1) continue;
    let slot = firstSlot(hashes[id]!) & mask;
    for (let other = slots[slot]!; other >= 0; other = slots[slot]!) {
      const offset = tokenOffsets[other]!;
      const isSame = hashes[other] === hashes[id] && tokenOffsets[other + 1]! - offset === end - start;
      if (isSame && hasBytes(offset, tokenBytes, start, end)) {
        throw badTokenizer(`tokens ${other} and ${id} have the same bytes, expected each once`);
      }
      slot = (slot + 1) & mask;
    }
    slots[slot] = id;
  }
  return { find, findJoined };
}

/** A power of two at most half full. */
export function tableSize(entries: number): number {
  return 2 ** Math.ceil(Math.log2(2 * entries + 2));
}

function extendHash(state: number, bytes: Uint8Array, start: number, end: number): number {
  let value = state;
  for (let i = start; i < end; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return value;
}

/** The table keeps the low bits, so the high ones are folded into them. */
function firstSlot(hash: number): number {
  return hash ^ (hash >>> 15);
}
