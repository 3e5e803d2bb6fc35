// How many prompt tokens a pass may take, so that those who wait for their next token wait no longer than allowed.
//
// Chunks never change a bit of any result (docs/arithmetic.md), so measured time may decide about them.

/** Prompt tokens of the first pass: 160 ms at 100 tokens/s. */
const FIRST_TOKENS = 16;
/** A chunk grows by this much at most, because small ones tell little about large ones. */
const MAX_GROWTH = 2;
/** Share of the allowed delay that is aimed at: the same chunk takes longer further into a prompt, and no two take the same. */
const AIM = 0.75;

/** What a pass took. */
export interface PassTime {
  readonly nPromptTokens: number;
  readonly nAnswering: number;
  readonly milliseconds: number;
}

/** Learns from passes. */
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
      // The short end of a prompt would make tokens look dear; only too long a pass teaches at any length.
      if (2 * nPromptTokens < nTokens && delay <= maxDelay) return;
      const affordable = Math.floor((nPromptTokens * AIM * maxDelay) / delay);
      nTokens = Math.max(1, Math.min(affordable, MAX_GROWTH * nPromptTokens, maxTokens));
    },
  };
}
