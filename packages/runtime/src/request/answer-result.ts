// The result of an answer, put together from its events.

import type { EndReason, TokenLogProbabilities } from '../answer/answer-events.js';
import type { GenerateEvent } from '../answer/sequence.js';
import type { SpeculationReport } from '../speculation/speculation.js';

/** How many tokens an answer took. */
export interface Usage {
  /** Tokens of the prompt. */
  readonly nPromptTokens: number;
  /** Prompt tokens whose keys and values were cached. */
  readonly nCachedTokens: number;
  /** Tokens generated, the end token left out. */
  readonly nTokens: number;
}

/** An answer as a whole. */
export interface AnswerResult extends Usage {
  readonly text: string;
  /** Tokens generated, the end token left out. */
  readonly ids: readonly number[];
  /** null while the answer has not ended. */
  readonly endReason: EndReason | null;
  /** The stop string or id that ended it; null unless `endReason` is `stop`. */
  readonly stop: string | number | null;
  /** Whether the answer meets its constraint, if it has one. */
  readonly meetsConstraint?: boolean | undefined;
  /** sha256 over the tokens and their logits, with the option `digest`: see `EndEvent`. */
  readonly digest?: string | undefined;
  /** One entry per token, with the option `logprobs`. */
  readonly logprobs?: readonly TokenLogProbabilities[] | undefined;
  /** How many drafted tokens were right, with the option `speculate`. */
  readonly speculation?: SpeculationReport | undefined;
  /** Time to compute the prompt. */
  readonly promptMilliseconds: number;
  /** Time from the end of the prompt to the end of the answer. */
  readonly milliseconds: number;
}

/** Puts a result together. */
export interface AnswerCollector {
  /** The result of the events so far; null before the prompt was computed. */
  readonly result: AnswerResult | null;
  add(event: GenerateEvent): void;
}

/** A collector for the events of one answer. */
export function createAnswerCollector(): AnswerCollector {
  const ids: number[] = [];
  const logprobs: TokenLogProbabilities[] = [];
  let text = '';
  let prompt: Pick<AnswerResult, 'nPromptTokens' | 'nCachedTokens' | 'promptMilliseconds'> | null = null;
  let end: Pick<AnswerResult, 'endReason' | 'stop' | 'milliseconds' | 'meetsConstraint' | 'digest' | 'speculation'> = {
    endReason: null,
    stop: null,
    milliseconds: 0,
  };

  return {
    get result() {
      if (prompt === null) return null;
      return { text, ids, ...end, ...(logprobs.length === 0 ? {} : { logprobs }), ...prompt, nTokens: ids.length };
    },
    add(event) {
      if (event.type === 'prompt-end') {
        const { nTokens: nPromptTokens, nCached: nCachedTokens, milliseconds: promptMilliseconds } = event;
        prompt = { nPromptTokens, nCachedTokens, promptMilliseconds };
        return;
      }
      text += event.text;
      if (event.type === 'token') {
        ids.push(event.id);
        if (event.logprobs !== undefined) logprobs.push(event.logprobs);
        return;
      }
      const { reason: endReason, stop, milliseconds, meetsConstraint, digest, speculation } = event;
      end = {
        endReason,
        stop,
        milliseconds,
        ...(meetsConstraint === undefined ? {} : { meetsConstraint }),
        ...(digest === undefined ? {} : { digest }),
        ...(speculation === undefined ? {} : { speculation }),
      };
    },
  };
}
