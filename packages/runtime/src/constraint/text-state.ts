// A text under a constraint: the automaton's state after it, and the object key in which it may end.

import type { Pushdown, PushdownState } from './grammar/pushdown.js';

/** A text so far. Never changed: each byte gives another one. */
export interface TextState {
  readonly state: PushdownState;
  /** Inside a key that no property names: its bytes after the quote, a character each; else null. */
  readonly key: string | null;
}

const QUOTE = 0x22;

/** The empty text. */
export function startText(pushdown: Pushdown): TextState {
  return { state: pushdown.start(), key: null };
}

/** The text and more bytes, or null where they may not follow. */
export function extendText(pushdown: Pushdown, text: TextState, bytes: Uint8Array): TextState | null {
  let { state, key }: TextState = text;
  for (const byte of bytes) {
    const mayEndKey: boolean = byte === QUOTE && key !== null;
    const next: PushdownState | null = mayEndKey
      ? pushdown.stepBehindKey(state, byte, key!)
      : pushdown.step(state, byte);
    if (next === null) return null;
    if (!next.isInOpenKey) key = null;
    else if (key !== null) key += String.fromCharCode(byte);
    else if (byte === QUOTE) key = '';
    state = next;
  }
  return { state, key };
}
