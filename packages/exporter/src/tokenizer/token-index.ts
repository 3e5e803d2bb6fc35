// Finds tokens of a table by their bytes: a hash table with open addressing.

import type { TokenTable } from './token-table.js';

/** Ids of tokens by their bytes. */
export interface TokenIndex {
  /** Id of the token with the bytes `bytes[start..end)`, or −1. */
  find(bytes: Uint8Array, start: number, end: number): number;
}

/** @returns an index of all tokens, or null when two of them have the same bytes */
export function indexTokens({ nTokens, bytes: tokenBytes, starts, lengths }: TokenTable): TokenIndex | null {
  // A power of two, at most half full. Holds id plus one, 0 where a slot is empty.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * nTokens + 2)));
  const mask = slots.length - 1;

  function isToken(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (lengths[id] !== end - start) return false;
    for (let i = start, j = starts[id]!; i < end; i++, j++) if (bytes[i] !== tokenBytes[j]) return false;
    return true;
  }

  /** The slot that holds the token with these bytes, or the empty one where it belongs. */
  function slotOf(bytes: Uint8Array, start: number, end: number): number {
    let slot = hash(bytes, start, end) & mask;
    while (slots[slot] !== 0 && !isToken(slots[slot]! - 1, bytes, start, end)) slot = (slot + 1) & mask;
    return slot;
  }

  for (let id = 0; id < lengths.length; id++) {
    if (lengths[id] === 0) continue;
    const slot = slotOf(tokenBytes, starts[id]!, starts[id]! + lengths[id]!);
    if (slots[slot] !== 0) return null;
    slots[slot] = id + 1;
  }
  return { find: (bytes, start, end) => slots[slotOf(bytes, start, end)]! - 1 };
}

/** FNV-1a, with its high bits folded into the low ones that a slot is chosen by. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return value ^ (value >>> 15);
}
