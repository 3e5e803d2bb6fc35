// How long an answer may be: what was asked for, within what there is room for.

import type { TableOf } from './check-options.js';
import { count } from './option-kinds.js';

/** How long an answer may be. */
export interface LimitOptions {
  /** New tokens at most; default what there is room for. */
  readonly maxTokens?: number | undefined;
  /** Until there are so many new tokens, no end token is chosen and no stop string looked for; default 0. */
  readonly minTokens?: number | undefined;
  /** Positions at most, prompt included, as the reference's -n counts. */
  readonly steps?: number | undefined;
}

/** Kinds of {@link LimitOptions}. */
export const limitOptions: TableOf<LimitOptions> = { maxTokens: count, minTokens: count, steps: count };

/** The same as positions. */
export interface AnswerLimits {
  /** Of the first token that may be an end token. */
  readonly minEnd: number;
  /** Of the first token that is not generated. */
  readonly end: number;
  /** Why none is. */
  readonly reason: 'length' | 'context';
}

/**
 * @param room positions in all
 * @param nPrompt positions of the prompt
 */
export function resolveLimits(room: number, nPrompt: number, options: LimitOptions): AnswerLimits {
  const { maxTokens, minTokens, steps } = options;
  const minEnd = nPrompt + (minTokens ?? 0);
  // As in the reference: 0 steps means as many as there is room for, and n positions computed show n + 1 tokens.
  const bySteps = steps === undefined || steps === 0 ? Number.POSITIVE_INFINITY : steps + 1;
  const asked = Math.min(bySteps, maxTokens === undefined ? Number.POSITIVE_INFINITY : nPrompt + maxTokens);
  return asked <= room + 1 ? { minEnd, end: asked, reason: 'length' } : { minEnd, end: room + 1, reason: 'context' };
}
