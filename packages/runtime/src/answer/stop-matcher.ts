// Finds stop strings in text that arrives in pieces, and holds back what may become one.
//
// The stop string that ends first wins, for any division into pieces: text is searched as if it came character by character. Of
// several that end at the same character, the longest wins.

/** Result of one piece of text. */
export interface StopMatch {
  /** Text that is not part of a stop string. */
  readonly text: string;
  /** The stop string that is complete, or null. */
  readonly stop: string | null;
}

/** A search through one text. */
export interface StopMatcher {
  push(piece: string): StopMatch;
  /** The text that was held back. */
  flush(): string;
}

/** @param stops none empty */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  let held = '';
  return {
    push(piece) {
      const text = held + piece;
      const found = findFirst(text, stops, held.length);
      if (found !== null) {
        held = '';
        return { text: text.slice(0, found.start), stop: found.stop };
      }
      const kept = Math.max(0, ...stops.map((stop) => overlap(text, stop)));
      held = text.slice(text.length - kept);
      return { text: text.slice(0, text.length - kept), stop: null };
    },
    flush() {
      const text = held;
      held = '';
      return text;
    },
  };
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly stop: string;
}

/** The stop string that ends first after `from`. */
function findFirst(text: string, stops: readonly string[], from: number): Found | null {
  let first: Found | null = null;
  for (const stop of stops) {
    const start = text.indexOf(stop, Math.max(0, from - stop.length + 1));
    if (start < 0) continue;
    const end = start + stop.length;
    if (first === null || end < first.end || (end === first.end && start < first.start)) first = { start, end, stop };
  }
  return first;
}

/** How many characters at the end of the text are the beginning of the stop string, but not all of it. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
