// Flags that say how tokens are chosen and where an answer ends, under the names that users of llama.cpp know.

import { ToolkitError } from '@llama-ts/format';
import type { AnswerOptions } from '@llama-ts/runtime';
import { Flags, type Interfaces } from '@oclif/core';
import { decimal, integer, numberOf } from './number-flags.js';

const probability = { min: 0, max: 1 };
const count = { min: 0, max: Number.MAX_SAFE_INTEGER };
/** @see SamplingOptions of the runtime */
const penalty = { min: -100, max: 100 };
/** @see AnswerOptions of the runtime */
const MAX_LOGPROBS = 20;
const BIAS = /^(\d{1,9})([+-].+)$/;

/** Flags beside temperature, top-p and seed. */
export const samplingFlags = {
  'top-k': Flags.custom<number>({
    description: "most probable tokens to sample from; 0 for all; default the model's, else 0",
    parse: integer(count),
  })(),
  'min-p': Flags.custom<number>({
    description: 'smallest share of the largest probability to sample from; default 0',
    parse: decimal(probability),
  })(),
  'typical-p': Flags.custom<number>({
    description: 'mass of the most typical tokens to sample from; default 1, all',
    parse: decimal(probability),
  })(),
  'repeat-penalty': Flags.custom<number>({
    description: "divides the logits of tokens said before; default the model's, else 1",
    parse: decimal({ min: 0.01, max: 100 }),
  })(),
  'presence-penalty': Flags.custom<number>({
    description: 'is taken off the logits of tokens said before; default 0',
    parse: decimal(penalty),
  })(),
  'frequency-penalty': Flags.custom<number>({
    description: 'is taken off as often as a token was said; default 0',
    parse: decimal(penalty),
  })(),
  'repeat-last-n': Flags.custom<number>({
    description: "tokens that penalties look back on, the prompt's included; default -1, all",
    parse: integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
  })(),
  'logit-bias': Flags.custom<string>({
    description: 'ID+X or ID-X adds to the logit of a token, ID-inf bans it; more than once for more tokens',
    multiple: true,
    multipleNonGreedy: true,
    async parse(text) {
      parseBias(text);
      return text;
    },
  })(),
  stop: Flags.string({
    description: 'text that ends the answer and is not shown; more than once for more texts',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'stop-id': Flags.custom<number>({
    description: 'token that ends the answer; more than once for more tokens',
    multiple: true,
    multipleNonGreedy: true,
    parse: integer(count),
  })(),
  'min-tokens': Flags.custom<number>({
    description: 'new tokens before the answer may end; default 0',
    parse: integer(count),
  })(),
};

/** How many of the most probable tokens to report; for commands with `--json`. */
export const logprobsFlag = {
  logprobs: Flags.custom<number>({
    description: 'most probable tokens to report with each token, 0 to 20; with --json',
    dependsOn: ['json'],
    parse: integer({ min: 0, max: MAX_LOGPROBS }),
  })(),
};

/** What was given, as options of an answer. */
export function samplingOptions(flags: Omit<Interfaces.InferredFlags<typeof samplingFlags>, 'json'>): AnswerOptions {
  return {
    topK: flags['top-k'],
    minP: flags['min-p'],
    typicalP: flags['typical-p'],
    repetitionPenalty: flags['repeat-penalty'],
    presencePenalty: flags['presence-penalty'],
    frequencyPenalty: flags['frequency-penalty'],
    penaltyWindow: flags['repeat-last-n'],
    logitBias: flags['logit-bias'] && Object.fromEntries(flags['logit-bias'].map(parseBias)),
    stop: flags.stop,
    stopIds: flags['stop-id'],
    minTokens: flags['min-tokens'],
  };
}

/** @throws ToolkitError `USAGE` */
export function parseBias(text: string): [number, number] {
  const [, id, bias] = BIAS.exec(text) ?? [];
  const isBan = bias === '-inf';
  const value = isBan ? Number.NEGATIVE_INFINITY : numberOf(bias ?? '');
  if (id !== undefined && !Number.isNaN(value)) return [Number(id), value];
  throw new ToolkitError('USAGE', `--logit-bias ${JSON.stringify(text)}: expected a token id and what to add to it`, {
    suggestions: ['--logit-bias 100+2', '--logit-bias 100-inf'],
  });
}
