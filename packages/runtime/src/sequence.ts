// One sequence on its way through the model: which tokens a pass computes next, and what their logits bring.
//
// Whoever runs passes, for one sequence or for many together, asks each for its tokens and gives each its logits.

import type { KeyValueCache } from '@llama-ts/kernels';
import type { Answer, EndEvent, TokenEvent } from './answer.js';
import type { SequenceTokens } from './forward.js';

/** The whole prompt is computed. */
export interface PromptEndEvent {
  readonly type: 'prompt-end';
  readonly nTokens: number;
  /** Of them, those that the cache held already. */
  readonly nCached: number;
  readonly milliseconds: number;
}

/** What happens during generation. */
export type GenerateEvent = PromptEndEvent | TokenEvent | EndEvent;

/** What a sequence is made of. */
export interface SequenceParts {
  readonly promptTokens: readonly number[];
  readonly answer: Answer;
  readonly cache: KeyValueCache;
  /** Positions that the cache holds already: fewer than the prompt has tokens. */
  readonly nCached: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A sequence between two passes. */
export interface Sequence {
  /** Prompt tokens that are not computed yet; 0 once it answers. */
  readonly nPromptLeft: number;
  readonly isOver: boolean;
  /** Tokens for the next pass: of a prompt at most `maxPromptTokens`. Asking again gives the same. */
  next(maxPromptTokens: number): SequenceTokens;
  /**
   * Takes the pass's result.
   *
   * @param logits (rows asked for by `tokens`, vocabSize)
   */
  accept(tokens: SequenceTokens, logits: Float32Array): Promise<readonly GenerateEvent[]>;
}

/** Begins a sequence; its time starts now. */
export function createSequence({ promptTokens, answer, cache, nCached, now }: SequenceParts): Sequence {
  const start = now();
  let nComputed = nCached;
  let lastToken: number | null = null; // said but not computed
  let isOver = false;

  return {
    get nPromptLeft() {
      return Math.max(0, promptTokens.length - nComputed);
    },
    get isOver() {
      return isOver;
    },
    next(maxPromptTokens) {
      if (lastToken !== null) return { cache, position: nComputed, tokens: [lastToken], logits: 'last' };
      const tokens = promptTokens.slice(nComputed, nComputed + maxPromptTokens);
      const isLast = nComputed + tokens.length === promptTokens.length;
      return { cache, position: nComputed, tokens, logits: isLast ? 'last' : 'none' };
    },
    async accept({ position, tokens }, logits) {
      nComputed = position + tokens.length;
      if (nComputed < promptTokens.length) return [];
      const events: GenerateEvent[] = [];
      if (lastToken === null) {
        events.push({ type: 'prompt-end', nTokens: promptTokens.length, nCached, milliseconds: now() - start });
      }
      const { token, end } = await answer.next(logits);
      if (token !== null) {
        events.push(token);
        lastToken = token.id;
      }
      if (end !== null) {
        events.push(end);
        isOver = true;
      }
      return events;
    },
  };
}
