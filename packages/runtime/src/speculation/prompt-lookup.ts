// Drafts by prompt lookup: what followed an earlier occurrence of the last few tokens often follows again.
//
// @see Apoorv Saxena, "Prompt Lookup Decoding", 2023

/** All tokens of a sequence, and drafts from them. */
export interface PromptLookup {
  push(token: number): void;
  /** Length of the match: how many of the last tokens also precede the source of the draft; 0 without a draft. */
  readonly matchLength: number;
  /** A draft of up to `maxTokens` tokens; empty when the last tokens never occurred before. */
  draft(maxTokens: number): number[];
}

/** Lengths of n-grams to look for, the longer ones first: they are more often right. */
const NGRAM_LENGTHS = [3, 2, 1] as const;
/** Above the vocabulary of any Llama 3, so that three ids make one exact number; larger ids may collide and are compared. */
const ID_RANGE = 2 ** 17;

/** A lookup in `tokens` and those that are pushed later. */
export function createPromptLookup(tokens: readonly number[]): PromptLookup {
  const history: number[] = [];
  /** For each length of n-grams, a map from a hash of an n-gram to the position after its last occurrence. */
  const positions = NGRAM_LENGTHS.map(() => new Map<number, number>());
  let follower: number | null = null; // position of the draft's source
  let matchLength = 0;

  for (const token of tokens) push(token);
  return {
    push,
    draft,
    get matchLength() {
      return matchLength;
    },
  };

  function push(token: number): void {
    // A match that continues keeps its place, even if its n-grams occurred again later.
    const continued = follower !== null && history[follower] === token ? follower + 1 : null;
    const continuedLength = matchLength + 1;
    history.push(token);
    follower = null;
    matchLength = 0;
    NGRAM_LENGTHS.forEach((length, i) => {
      if (history.length < length) return;
      const key = keyOf(history.length - length, length);
      const position = positions[i]!.get(key);
      if (position !== undefined && follower === null && isRepeated(position, length)) {
        follower = position;
        matchLength = length;
      }
      positions[i]!.set(key, history.length);
    });
    if (continued === null) return;
    follower = continued;
    matchLength = continuedLength;
  }

  function draft(maxTokens: number): number[] {
    if (follower === null) return [];
    const drafted: number[] = [];
    for (let i = follower; drafted.length < maxTokens; i++) {
      // After the last known token the draft repeats itself.
      drafted.push(i < history.length ? history[i]! : drafted[i - history.length]!);
    }
    return drafted;
  }

  function keyOf(start: number, length: number): number {
    let key = 0;
    for (let i = start; i < start + length; i++) key = key * ID_RANGE + history[i]!;
    return key;
  }

  /** Whether the n-gram before `position` is the last one. */
  function isRepeated(position: number, length: number): boolean {
    for (let i = 1; i <= length; i++) if (history[position - i] !== history[history.length - i]) return false;
    return true;
  }
}
