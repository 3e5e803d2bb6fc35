// Finds a token by its bytes: a hash table with open addressing over the tokenizer's own byte array.

import type { TokenizerData } from '@llama-ts/format';
import { badTokenizer } from './bad-tokenizer.js';

/** Token ids by their bytes; special tokens are not in it. */
export interface TokenIndex {
  /** Id of the token with the bytes `bytes[start..end)`, or −1. */
  find(bytes: Uint8Array, start: number, end: number): number;
  /** Length of the longest token. */
  readonly maxTokenBytes: number;
}

/** @throws ToolkitError BAD_TOKENIZER when two tokens have the same bytes */
export function createTokenIndex(data: TokenizerData, isSpecial: Uint8Array): TokenIndex {
  const { tokenBytes, tokenOffsets, nTokens } = data;
  const slots = new Int32Array(tableSize(nTokens)).fill(-1);
  const mask = slots.length - 1;
  let maxTokenBytes = 0;

  /** The slot that holds these bytes, or the empty one where they belong. */
  function slotOf(bytes: Uint8Array, start: number, end: number): number {
    let slot = hash(bytes, start, end) & mask;
    for (let id = slots[slot]!; id >= 0 && !hasBytes(id, bytes, start, end); id = slots[slot]!)
      slot = (slot + 1) & mask;
    return slot;
  }

  function hasBytes(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const offset = tokenOffsets[id]!;
    if (tokenOffsets[id + 1]! - offset !== end - start) return false;
    for (let i = start, j = offset; i < end; i++, j++) if (bytes[i] !== tokenBytes[j]) return false;
    return true;
  }

  for (let id = 0; id < nTokens; id++) {
    if (isSpecial[id] === 1) continue;
    const start = tokenOffsets[id]!;
    const end = tokenOffsets[id + 1]!;
    const slot = slotOf(tokenBytes, start, end);
    if (slots[slot] !== -1) {
      throw badTokenizer(`tokens ${slots[slot]} and ${id} have the same bytes, expected each once`);
    }
    slots[slot] = id;
    maxTokenBytes = Math.max(maxTokenBytes, end - start);
  }

  return {
    maxTokenBytes,
    find(bytes, start, end) {
      return end - start > maxTokenBytes ? -1 : slots[slotOf(bytes, start, end)]!;
    },
  };
}

/** A power of two at most half full. */
export function tableSize(entries: number): number {
  return 2 ** Math.ceil(Math.log2(2 * entries + 2));
}

/** FNV-1a, with its high bits folded down: the table keeps the low ones. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return value ^ (value >>> 15);
}
