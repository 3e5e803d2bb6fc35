// Log-probabilities of tokens in the two forms of OpenAI's API.

import type { NamedLogProbability, Tokenizer, TokenLogProbabilities } from '@llama-ts/runtime';

/** OpenAI's value for the logarithm of 0, which JSON cannot express. */
const LOWEST = -9999;

interface TokenBody {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

/** An item of `logprobs.content`. */
export interface ChatLogprob extends TokenBody {
  readonly top_logprobs: readonly TokenBody[];
}

/** The `logprobs` of a text completion. */
export interface CompletionLogprobs {
  readonly tokens: string[];
  readonly token_logprobs: number[];
  readonly top_logprobs: Record<string, number>[];
  /** Where each token begins in the texts of the tokens, in UTF-16 units. */
  readonly text_offset: number[];
}

/** @param tokenizer gives the bytes of tokens that are a part of a character; null without one */
export function chatLogprob(found: TokenLogProbabilities, tokenizer: Tokenizer | null): ChatLogprob {
  const body = ({ id, text, logProbability }: NamedLogProbability): TokenBody => ({
    token: text,
    logprob: logprobOf(logProbability),
    bytes: tokenizer === null ? null : [...tokenizer.tokenBytes(id)],
  });
  return { ...body(found), top_logprobs: found.top.map(body) };
}

/** Puts the next token's after those of the tokens so far. */
export function addCompletionLogprob(all: CompletionLogprobs, found: TokenLogProbabilities): void {
  const offset = (all.text_offset.at(-1) ?? 0) + (all.tokens.at(-1) ?? '').length;
  all.tokens.push(found.text);
  all.token_logprobs.push(logprobOf(found.logProbability));
  all.top_logprobs.push(Object.fromEntries(found.top.map((one) => [one.text, logprobOf(one.logProbability)])));
  all.text_offset.push(offset);
}

function logprobOf(value: number): number {
  return Math.max(LOWEST, value);
}
