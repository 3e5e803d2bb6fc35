// How many tokens the answers of a request took, in OpenAI's words.

import type { GenerateEvent } from '@llama-ts/runtime';

/** The `usage` of a response. */
export interface UsageBody {
  /** Tokens of all prompts, cached ones included; a prompt with several answers counts once. */
  readonly prompt_tokens: number;
  /** Tokens of all answers to the request. */
  readonly completion_tokens: number;
  /** Sum of the two. */
  readonly total_tokens: number;
  /** `cached_tokens`: tokens of the prompts that a cache held already. */
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

/** Counts tokens from events. */
export interface Tally {
  readonly usage: UsageBody;
  add(index: number, event: GenerateEvent): void;
}

/** @param perPrompt answers to each prompt: a prompt counts once, however many answers it gets */
export function createTally(perPrompt: number): Tally {
  let nPrompt = 0;
  let nCached = 0;
  let nAnswer = 0;
  return {
    get usage() {
      return {
        prompt_tokens: nPrompt,
        completion_tokens: nAnswer,
        total_tokens: nPrompt + nAnswer,
        prompt_tokens_details: { cached_tokens: nCached },
      };
    },
    add(index, event) {
      if (event.type === 'token') nAnswer++;
      if (event.type !== 'prompt-end' || index % perPrompt !== 0) return;
      nPrompt += event.nTokens;
      nCached += event.nCached;
    },
  };
}
