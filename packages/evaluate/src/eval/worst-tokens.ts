// The tokens a model does worst on, shown with the text before them.

import type { Scores } from './scores.js';
import type { EvalTokens } from './tokens.js';

/** A prediction in its context. Without a tokenizer, texts are `⟨id⟩`. */
export interface TokenInContext {
  /** Place in the text, in tokens. */
  readonly index: number;
  readonly before: string;
  readonly token: string;
  /** −ln of its probability, in nats. */
  readonly nll: number;
  /** The model's most probable token. */
  readonly top: string;
  /** The same values of the baseline; null without a baseline. */
  readonly baseline: { readonly nll: number; readonly kl: number; readonly top: string } | null;
}

/** Tokens of text shown before each. */
const TOKENS_BEFORE = 12;

/** The `n` predictions of the largest divergence, or without a baseline of the least probability, worst first. */
export function worstTokens(scores: Scores, { ids, tokenizer }: EvalTokens, n: number): TokenInContext[] {
  const hasBaseline = !Number.isNaN(scores.kl[0]!);
  const badness = hasBaseline ? scores.kl : scores.nll;
  const order = Array.from(badness.keys()).sort((a, b) => badness[b]! - badness[a]! || a - b);
  const textOf = (tokens: readonly number[]): string =>
    tokenizer === null ? tokens.map((id) => `⟨${id}⟩`).join('') : tokenizer.decode(tokens);
  return order.slice(0, n).map((i) => {
    const index = scores.firstToken + i;
    return {
      index,
      before: textOf(ids.slice(Math.max(0, index - TOKENS_BEFORE), index)),
      token: textOf([ids[index]!]),
      nll: scores.nll[i]!,
      top: textOf([scores.top[i]!]),
      baseline: hasBaseline
        ? { nll: scores.baselineNll[i]!, kl: scores.kl[i]!, top: textOf([scores.baselineTop[i]!]) }
        : null,
    };
  });
}
