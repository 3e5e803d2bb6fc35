// One sequence on its way through the model: which tokens a pass computes next, and what their logits bring.
//
// Whoever runs passes, for one sequence or for many together, asks each for its tokens and gives each its logits.

import type { KeyValueCache } from '@llama-ts/kernels';
import type { Answer, EndEvent, TokenEvent } from './answer.js';
import type { SequenceTokens } from './forward.js';
import type { Speculation, SpeculationReport } from './speculation/speculation.js';

/** The whole prompt is computed. */
export interface PromptEndEvent {
  readonly type: 'prompt-end';
  readonly nTokens: number;
  /** Of them, those that the cache held already. */
  readonly nCached: number;
  readonly milliseconds: number;
}

/** The answer is whole. */
export interface GenerateEndEvent extends EndEvent {
  /** How speculation went, if it was asked for. */
  readonly speculation?: SpeculationReport;
}

/** What happens during generation. */
export type GenerateEvent = PromptEndEvent | TokenEvent | GenerateEndEvent;

/** What a sequence is made of. */
export interface SequenceParts {
  readonly promptTokens: readonly number[];
  readonly answer: Answer;
  readonly cache: KeyValueCache;
  /** Positions that the cache holds already: fewer than the prompt has tokens. */
  readonly nCached: number;
  readonly vocabSize: number;
  /** Drafts tokens; null computes one after another. */
  readonly speculation: Speculation | null;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What a sequence may take of a pass. */
export interface Share {
  /** Of a prompt. */
  readonly maxPromptTokens: number;
  /** Sequences that answer in the pass. */
  readonly nAnswering: number;
}

/** A sequence between two passes. */
export interface Sequence {
  /** Prompt tokens that are not computed yet; 0 once it answers. */
  readonly nPromptLeft: number;
  readonly isOver: boolean;
  /** Tokens for the next pass. */
  next(share: Share): SequenceTokens;
  /**
   * Takes what the pass made of them.
   *
   * @param logits (rows asked for, vocabSize)
   */
  accept(logits: Float32Array): Promise<readonly GenerateEvent[]>;
}

/** Begins a sequence; its time starts now. */
export function createSequence(parts: SequenceParts): Sequence {
  const { promptTokens, answer, cache, nCached, vocabSize, speculation, now } = parts;
  const start = now();
  let nComputed = nCached;
  let lastToken: number | null = null; // said but not computed
  let planned = { nTokens: 0, drafted: [] as readonly number[], nAnswering: 1 };
  let isOver = false;

  return {
    get nPromptLeft() {
      return promptTokens.length - Math.min(nComputed, promptTokens.length);
    },
    get isOver() {
      return isOver;
    },
    next({ maxPromptTokens, nAnswering }) {
      const position = nComputed;
      if (lastToken === null) {
        const tokens = promptTokens.slice(position, position + maxPromptTokens);
        const isLast = position + tokens.length === promptTokens.length;
        planned = { nTokens: tokens.length, drafted: [], nAnswering };
        return { cache, position, tokens, logits: isLast ? 'last' : 'none' };
      }
      const room = Math.max(0, answer.endPosition - 2 - position);
      const drafted = speculation?.draft(room, nAnswering) ?? [];
      planned = { nTokens: 1, drafted, nAnswering };
      return { cache, position, tokens: [lastToken, ...drafted], logits: 'all' };
    },
    async accept(logits) {
      nComputed += planned.nTokens;
      if (nComputed < promptTokens.length) return [];
      if (lastToken !== null) return answerRows(logits);
      const milliseconds = now() - start;
      const events = await answerRows(logits);
      return [{ type: 'prompt-end', nTokens: promptTokens.length, nCached, milliseconds }, ...events];
    },
  };

  /** Row after row, for as long as a row chooses the token that the next one was computed for. */
  async function answerRows(logits: Float32Array): Promise<readonly GenerateEvent[]> {
    const { drafted, nAnswering } = planned;
    const events: GenerateEvent[] = [];
    const said: number[] = [];
    for (let row = 0; ; row++) {
      const { token, end } = await answer.next(logits.subarray(row * vocabSize, (row + 1) * vocabSize));
      if (token !== null) {
        events.push(token);
        said.push(token.id);
        lastToken = token.id;
      }
      if (end === null && drafted[row] === lastToken) {
        nComputed++;
        continue;
      }
      speculation?.record(said, { nDrafted: drafted.length, nAccepted: row }, nAnswering);
      isOver = end !== null;
      if (end !== null) events.push(speculation === null ? end : { ...end, speculation: speculation.report });
      return events;
    }
  }
}
