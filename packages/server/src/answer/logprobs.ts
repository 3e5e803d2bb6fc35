// Log-probabilities of tokens in the two forms of OpenAI's API.

import type { NamedLogProbability, Tokenizer, TokenLogProbabilities } from '@llama-ts/runtime';

/** OpenAI's value for the logarithm of 0, which JSON cannot express. */
const LOWEST = -9999;
/** Stands for bytes that are no whole character. */
const REPLACEMENT = '\ufffd';
const encoder = new TextEncoder();

interface TokenBody {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

/** An item of `logprobs.content`. */
export interface ChatLogprob extends TokenBody {
  readonly top_logprobs: readonly TokenBody[];
}

/** The `logprobs` of a text completion. A token that is a part of a character is named by its bytes. */
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

/**
 * Puts the next token's after those of the tokens so far.
 *
 * @param offset where its text begins
 * @param tokenizer gives the bytes of tokens that are a part of a character; null without one
 */
export function addCompletionLogprob(
  all: CompletionLogprobs,
  found: TokenLogProbabilities,
  offset: number,
  tokenizer: Tokenizer | null,
): void {
  const name = ({ id, text }: NamedLogProbability): string => nameOf(text, tokenizer?.tokenBytes(id));
  const top = new Map<string, number>();
  // The most probable come first, and keep their names.
  for (const one of found.top) if (!top.has(name(one))) top.set(name(one), logprobOf(one.logProbability));
  all.tokens.push(name(found));
  all.token_logprobs.push(logprobOf(found.logProbability));
  all.top_logprobs.push(Object.fromEntries(top));
  all.text_offset.push(offset);
}

/** A token's text; OpenAI's name for a part of a character, as many tokens have the same text then: `bytes:\xe2\x96`. */
function nameOf(text: string, bytes: Uint8Array | undefined): string {
  if (bytes === undefined || !text.includes(REPLACEMENT)) return text;
  if (isSame(encoder.encode(text), bytes)) return text;
  return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function logprobOf(value: number): number {
  return Math.max(LOWEST, value);
}
