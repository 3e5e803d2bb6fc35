// Greedy decoding with two models, up to the first token in which they differ.

import type { Model } from '@llama-ts/runtime';
import { topToken } from './divergence.js';

type Cache = ReturnType<Model['createCache']>;

/** Where two models first differ when both continue a prompt with the most probable token. */
export interface GreedyDeparture {
  /** Tokens of the prompt, the begin-of-text token included. */
  readonly nPromptTokens: number;
  /** Tokens that both chose. */
  readonly nSameTokens: number;
  /** The first choice that differs; null when all were the same. */
  readonly departure: { readonly token: number; readonly baselineToken: number } | null;
}

/** A model and the KV cache of one sequence. */
export interface Decoder {
  readonly model: Model;
  readonly cache: Cache;
}

/**
 * Continues a prompt of at least one token with both models, by at most `maxTokens`, until one ends the text or chooses
 * another token than the other.
 */
export async function greedyDeparture(
  decoder: Decoder,
  baseline: Decoder,
  prompt: readonly number[],
  maxTokens: number,
  signal: AbortSignal | undefined,
): Promise<GreedyDeparture> {
  const { eosIds } = baseline.model.settings;
  let tokens = prompt;
  let position = 0;
  let nSameTokens = 0;
  while (nSameTokens < maxTokens) {
    const [token, baselineToken] = [
      await nextToken(decoder, position, tokens, signal),
      await nextToken(baseline, position, tokens, signal),
    ];
    if (token !== baselineToken) {
      return { nPromptTokens: prompt.length, nSameTokens, departure: { token, baselineToken } };
    }
    nSameTokens++;
    if (eosIds.includes(token)) break;
    position += tokens.length;
    tokens = [token];
  }
  return { nPromptTokens: prompt.length, nSameTokens, departure: null };
}

async function nextToken(
  { model, cache }: Decoder,
  position: number,
  tokens: readonly number[],
  signal: AbortSignal | undefined,
): Promise<number> {
  return topToken(await model.forward([{ cache, position, tokens }], { logits: 'last', signal }));
}
