// How long an answer may be: the requested limits, within the context.

import type { TableOf } from '../options/check-options.js';
import { count } from '../options/option-kinds.js';

/** How long an answer may be. */
export interface LimitOptions {
  /** New tokens at most; by default the context is the only limit. */
  readonly maxTokens?: number | undefined;
  /** New tokens at least: until then no end token is chosen and no stop string is searched for; default 0. */
  readonly minTokens?: number | undefined;
  /** Positions at most, prompt included, as the reference's -n counts. */
  readonly steps?: number | undefined;
}

/** Kinds of {@link LimitOptions}. */
export const limitOptions: TableOf<LimitOptions> = { maxTokens: count, minTokens: count, steps: count };

/** The same limits as positions. */
export interface AnswerLimits {
  /** Position of the first token that may be an end token. */
  readonly minEnd: number;
  /** Position of the first token that is not generated. */
  readonly end: number;
  /** Why that token is not generated. */
  readonly reason: 'length' | 'context';
}

/**
 * @param room positions in all
 * @param nPrompt positions of the prompt
 */
export function resolveLimits(room: number, nPrompt: number, options: LimitOptions): AnswerLimits {
  const { maxTokens, minTokens, steps } = options;
  const minEnd = nPrompt + (minTokens ?? 0);
  // As in the reference: 0 steps means no limit, and n computed positions give n + 1 tokens.
  const bySteps = steps === undefined || steps === 0 ? Number.POSITIVE_INFINITY : steps + 1;
  const asked = Math.min(bySteps, maxTokens === undefined ? Number.POSITIVE_INFINITY : nPrompt + maxTokens);
  return asked <= room + 1 ? { minEnd, end: asked, reason: 'length' } : { minEnd, end: room + 1, reason: 'context' };
}
