// Drafts by prompt lookup: what followed the last few tokens when they were there before will often follow again.
//
// @see Apoorv Saxena, "Prompt Lookup Decoding", 2023

/** All tokens of a sequence, and what they suggest. */
export interface PromptLookup {
  push(token: number): void;
  /** Tokens before what may come next that stand where it is taken from, too; 0 when nothing may. */
  readonly matchLength: number;
  /** Up to `maxTokens` tokens that may come next; none when the last tokens are new. */
  draft(maxTokens: number): number[];
}

/** Lengths of n-grams to look for, the longer ones first: they are more often right. */
const NGRAM_LENGTHS = [3, 2, 1] as const;
/** Above the vocabulary of any Llama 3, so that three ids make one exact number; others are told apart by comparing. */
const ID_RANGE = 2 ** 17;

/** A lookup in `tokens` and what is pushed behind them. */
export function createPromptLookup(tokens: readonly number[]): PromptLookup {
  const history: number[] = [];
  /** By n-gram: the position behind its last occurrence. */
  const positions = NGRAM_LENGTHS.map(() => new Map<number, number>());
  let follower: number | null = null; // position of what may come next
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
    // A run of tokens that repeats is followed where it began, whatever newer places its n-grams have.
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
      // Past the end of what is known, a repetition repeats itself.
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
