// The events of an answer: its tokens, and its end.

import type { LogProbability } from '../sampler/log-probabilities.js';

/**
 * Why an answer ended: an end token of the model, a stop string or id, a constraint after which nothing may follow, a
 * requested limit, or a full context.
 */
export type EndReason = 'eos' | 'stop' | 'complete' | 'length' | 'context';

/** A token was chosen. */
export interface TokenEvent {
  readonly type: 'token';
  /** Id of the token, from 0. */
  readonly id: number;
  /** Position of the token in its sequence, prompt included, counted from 0. */
  readonly position: number;
  /** Text to show. Bytes of an unfinished character and a possible stop string are held back. */
  readonly text: string;
  /** Present with the option `logprobs`. */
  readonly logprobs?: TokenLogProbabilities;
}

/** Log-probabilities in the model's own distribution, before constraint, biases, penalties, bans and temperature. */
export interface TokenLogProbabilities extends NamedLogProbability {
  /** The most probable tokens, most probable first. */
  readonly top: readonly NamedLogProbability[];
}

/** A token, and the natural logarithm of its probability. */
export interface NamedLogProbability extends LogProbability {
  /** Text of the token alone: a replacement character for a part of a character; empty without a tokenizer. */
  readonly text: string;
}

/** The answer is whole. */
export interface EndEvent {
  readonly type: 'end';
  readonly reason: EndReason;
  /** The token that ended it; null unless `reason` is `eos`. */
  readonly eosId: number | null;
  /** The stop string or id that ended it; null unless `reason` is `stop`. */
  readonly stop: string | number | null;
  /** Text that was held back: a part of a character, or text that did not become a stop string. */
  readonly text: string;
  /** Tokens of the answer, without the one that ended it. */
  readonly nTokens: number;
  /** Whether the answer meets its constraint, if it has one. An answer that a limit or a full context ended may not. */
  readonly meetsConstraint?: boolean;
  /**
   * With the option `digest`: sha256, as 64 hexadecimal digits, over 8 bytes for each token of the answer: its id as a
   * 32-bit integer, and the model's logit of it as a 32-bit float, both little-endian.
   */
  readonly digest?: string;
  /** Time since the first step. */
  readonly milliseconds: number;
}

/** The events of one step: a token, the end, or both in this order. */
export type AnswerStep =
  | { readonly token: TokenEvent; readonly end: null }
  | { readonly token: TokenEvent; readonly end: EndEvent }
  | { readonly token: null; readonly end: EndEvent };
