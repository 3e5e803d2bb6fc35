// One sequence between passes: which tokens the next pass computes, and which events their logits give.
//
// The code that runs passes, for one sequence or for many together, takes tokens from each and gives each its logits.

import type { KeyValueCache } from '@llama-ts/kernels';
import type { SequenceTokens } from '../pass/forward.js';
import type { Speculation, SpeculationReport } from '../speculation/speculation.js';
import type { Answer } from './answer.js';
import type { EndEvent, TokenEvent } from './answer-events.js';

/** The prompt is computed. */
export interface PromptEndEvent {
  readonly type: 'prompt-end';
  /** Tokens of the prompt, cached ones included. */
  readonly nTokens: number;
  /** How many of them the cache held already. */
  readonly nCached: number;
  /** Milliseconds that pass until the prompt is computed, counted from the creation of the sequence. */
  readonly milliseconds: number;
}

/** The answer is whole. */
export interface GenerateEndEvent extends EndEvent {
  /** How well speculation worked, where it was asked for. */
  readonly speculation?: SpeculationReport;
}

/** An event of a generation. */
export type GenerateEvent = PromptEndEvent | TokenEvent | GenerateEndEvent;

/** Parts of a sequence. */
export interface SequenceParts {
  readonly promptTokens: readonly number[];
  readonly answer: Answer;
  readonly cache: KeyValueCache;
  /** Positions of the prompt that the cache holds already: fewer than the prompt has tokens. */
  readonly nCached: number;
  readonly vocabSize: number;
  /** Drafts tokens; null computes one after another. */
  readonly speculation: Speculation | null;
  /** Milliseconds. */
  readonly now: () => number;
}

/** The share of a pass that a sequence may use. */
export interface Share {
  /** Prompt tokens at most. */
  readonly maxPromptTokens: number;
  /** Sequences that decode in the pass. */
  readonly nAnswering: number;
}

/** A sequence between two passes. */
export interface Sequence {
  /** Prompt and answer so far. */
  readonly tokens: readonly number[];
  /** How many of them the cache holds. */
  readonly nComputed: number;
  /** How many of them the cache may hold before the next pass: the logits of a prompt's last token are still to be computed. */
  readonly nReusable: number;
  /** Tokens to compute before the sequence answers, or before it resumes after {@link recompute}. */
  readonly nPromptLeft: number;
  readonly isOver: boolean;
  /** Tokens for the next pass. */
  next(share: Share): SequenceTokens;
  /**
   * Takes the logits of those tokens.
   *
   * @param logits (rows asked for, vocabSize)
   */
  accept(logits: Float32Array): Promise<readonly GenerateEvent[]>;
  /** Resumes with an empty cache: prompt and answer are computed again, to the same bits. */
  recompute(cache: KeyValueCache): void;
  /** Goes on after the first `n` tokens, at most `nReusable`, whose keys and values were copied into the cache. */
  reuse(n: number): void;
}

/** Begins a sequence. Its prompt's time is measured from this call on. */
export function createSequence(parts: SequenceParts): Sequence {
  const { promptTokens, answer, vocabSize, speculation, now } = parts;
  const start = now();
  /** Prompt and answer so far. */
  const tokens = [...promptTokens];
  let { cache, nCached } = parts;
  let nComputed = nCached;
  let lastToken: number | null = null; // chosen but not computed
  let planned = { nTokens: 0, drafted: [] as readonly number[], nAnswering: 1, hasLogits: false };
  let isOver = false;

  return {
    tokens,
    get nComputed() {
      return nComputed;
    },
    get nReusable() {
      return lastToken === null ? nBefore() - 1 : nBefore();
    },
    get nPromptLeft() {
      return Math.max(0, nBefore() - nComputed);
    },
    get isOver() {
      return isOver;
    },
    next({ maxPromptTokens, nAnswering }) {
      const position = nComputed;
      if (position < nBefore()) {
        const piece = tokens.slice(position, Math.min(position + maxPromptTokens, nBefore()));
        const hasLogits = lastToken === null && position + piece.length === nBefore();
        planned = { nTokens: piece.length, drafted: [], nAnswering, hasLogits };
        return { cache, position, tokens: piece, logits: hasLogits ? 'last' : 'none' };
      }
      const room = Math.max(0, answer.endPosition - 2 - position);
      const drafted = speculation?.draft(room, nAnswering) ?? [];
      planned = { nTokens: 1, drafted, nAnswering, hasLogits: true };
      return { cache, position, tokens: [lastToken!, ...drafted], logits: 'all' };
    },
    async accept(logits) {
      nComputed += planned.nTokens;
      if (!planned.hasLogits) return [];
      if (lastToken !== null) return answerRows(logits);
      const milliseconds = now() - start;
      const events = await answerRows(logits);
      return [{ type: 'prompt-end', nTokens: promptTokens.length, nCached, milliseconds }, ...events];
    },
    recompute(another) {
      cache = another;
      nComputed = 0;
    },
    reuse(n) {
      nComputed = n;
      if (lastToken === null) nCached = n;
    },
  };

  /** Tokens to be computed before the one whose logits choose the next: all of a prompt, all but the last of an answer. */
  function nBefore(): number {
    return tokens.length - (lastToken === null ? 0 : 1);
  }

  /** Goes on to the next row while a row chooses the token for which the next row was computed. */
  async function answerRows(logits: Float32Array): Promise<readonly GenerateEvent[]> {
    const { drafted, nAnswering } = planned;
    const events: GenerateEvent[] = [];
    const chosen: number[] = [];
    for (let row = 0; ; row++) {
      const { token, end } = await answer.next(logits.subarray(row * vocabSize, (row + 1) * vocabSize));
      if (token !== null) {
        events.push(token);
        chosen.push(token.id);
        tokens.push(token.id);
        lastToken = token.id;
      }
      if (end === null && drafted[row] === lastToken) {
        nComputed++;
        continue;
      }
      speculation?.record(chosen, { nDrafted: drafted.length, nAccepted: row }, nAnswering);
      isOver = end !== null;
      if (end !== null) events.push(speculation === null ? end : { ...end, speculation: speculation.report });
      return events;
    }
  }
}
