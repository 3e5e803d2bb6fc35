// How many prompt tokens a pass may take, so that sequences that decode wait no longer than allowed for their next token.
//
// The size of chunks changes no bit of any result (docs/arithmetic.md), so it may depend on measured time.

/** Prompt tokens of the first pass: 160 ms at 100 tokens/s. */
const FIRST_TOKENS = 16;
/** A chunk grows by this much at most, because small ones tell little about large ones. */
const MAX_GROWTH = 2;
/** Share of the allowed delay that is aimed at: the same chunk takes longer later in a prompt, and times vary. */
const AIM = 0.75;

/** The tokens of a pass, and its time. */
export interface PassTime {
  readonly nPromptTokens: number;
  readonly nAnswering: number;
  readonly milliseconds: number;
}

/** Adapts the number of prompt tokens to the times of passes. */
export interface PrefillPace {
  /** Prompt tokens of the next pass, 1 or more. */
  readonly nTokens: number;
  record(pass: PassTime): void;
}

/** A pace that keeps what prompts add to a pass below `maxDelay` milliseconds and `maxTokens` tokens. */
export function createPrefillPace(maxTokens: number, maxDelay: number): PrefillPace {
  let nTokens = Math.min(FIRST_TOKENS, maxTokens);
  let answeringMilliseconds = 0; // of the last pass without a prompt

  return {
    get nTokens() {
      return nTokens;
    },
    record({ nPromptTokens, nAnswering, milliseconds }) {
      if (nPromptTokens === 0) {
        answeringMilliseconds = milliseconds;
        return;
      }
      const delay = Math.max(1e-3, milliseconds - (nAnswering > 0 ? answeringMilliseconds : 0));
      // The short rest of a prompt makes tokens look slow: such a pass counts only if it took too long.
      if (2 * nPromptTokens < nTokens && delay <= maxDelay) return;
      const affordable = Math.floor((nPromptTokens * AIM * maxDelay) / delay);
      nTokens = Math.max(1, Math.min(affordable, MAX_GROWTH * nPromptTokens, maxTokens));
    },
  };
}
