// Options of one answer, and the values that each accepts.

import type { Constraint } from '../constraint/constraint.js';
import type { OptionKind, TableOf } from '../options/check-options.js';
import { aBoolean, aFunction, aString, count, either, ids, strings, wholeNumber } from '../options/option-kinds.js';
import { type SamplingOptions, samplingOptions } from '../sampler/sampling-options.js';
import { type LimitOptions, limitOptions } from './answer-limits.js';

/** Options of one answer. */
export interface AnswerOptions extends SamplingOptions, LimitOptions {
  /**
   * Stop strings: texts that end the answer and are not part of it, found across token boundaries too. The name of a
   * special token also means the token itself, even if it is an end token of the model.
   */
  readonly stop?: string | readonly string[] | undefined;
  /** Tokens that end the answer like the model's end tokens. */
  readonly stopIds?: readonly number[] | undefined;
  /**
   * Constrains the answer: `jsonSchema`, `jsonMode` or `regex`. Only special tokens may be stops then, and they are
   * banned until the constraint is met.
   */
  readonly constraint?: Constraint | undefined;
  /**
   * How many of the most probable tokens each token event lists, 0 to 20. The chosen token's log-probability comes with
   * any number, 0 too.
   */
  readonly logprobs?: number | undefined;
  /** Whether the end event has the digest of the answer's tokens and logits. Default false. */
  readonly digest?: boolean | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
}

/** Options of `createAnswer`. */
export interface CreateAnswerOptions extends AnswerOptions {
  /** Positions of the cache with which the logits are computed; default the model's context. */
  readonly room?: number | undefined;
}

/** The limit of OpenAI's API; more would be a dump of the vocabulary. */
export const MAX_LOGPROBS = 20;

const aConstraint: OptionKind = {
  expected: 'what jsonSchema, jsonMode or regex returns',
  accepts: (value) => typeof (value as Partial<Constraint> | null)?.begin === 'function',
  suggestion: 'jsonSchema(schema)',
};

/** Kinds of {@link AnswerOptions}. */
export const answerOptions: TableOf<AnswerOptions> = {
  ...samplingOptions,
  ...limitOptions,
  stop: either(aString, strings),
  stopIds: ids,
  constraint: aConstraint,
  logprobs: wholeNumber(0, MAX_LOGPROBS),
  digest: aBoolean,
  now: aFunction,
};

/** Kinds of {@link CreateAnswerOptions}. */
export const createAnswerOptions: TableOf<CreateAnswerOptions> = { ...answerOptions, room: count };
