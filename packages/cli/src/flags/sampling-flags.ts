// Flags that say how tokens are chosen and where an answer ends, under the names that users of llama.cpp know.

import { ToolkitError } from '@llama-ts/base';
import type { AnswerOptions } from '@llama-ts/runtime';
import { Flags, type Interfaces } from '@oclif/core';
import { fieldHelp, numberFlag } from './answer-field-flag.js';
import { integer, numberOf } from './number-flags.js';

const BIAS = /^(\d{1,9})([+-].+)$/;
const several = { multiple: true, multipleNonGreedy: true } as const;

/** Flags beside temperature, top-p and seed. */
export const samplingFlags = {
  'top-k': numberFlag('topK'),
  'min-p': numberFlag('minP'),
  'typical-p': numberFlag('typicalP'),
  'repeat-penalty': numberFlag('repetitionPenalty'),
  'presence-penalty': numberFlag('presencePenalty'),
  'frequency-penalty': numberFlag('frequencyPenalty'),
  'repeat-last-n': numberFlag('penaltyWindow'),
  'logit-bias': Flags.custom<string>({
    description: `${fieldHelp('logitBias')}: ID+X or ID-X adds X, ID-inf bans the token; repeat for more tokens`,
    ...several,
    async parse(text) {
      parseBias(text);
      return text;
    },
  })(),
  stop: Flags.string({ description: `${fieldHelp('stop')}; repeat for more texts`, ...several }),
  'stop-id': Flags.custom<number>({
    description: `${fieldHelp('stopIds')}; repeat for more tokens`,
    ...several,
    parse: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  })(),
  'min-tokens': numberFlag('minTokens'),
};

/** How many of the most probable tokens to report; for commands with `--json`. */
export const logprobsFlag = { logprobs: numberFlag('logprobs', { dependsOn: ['json'], note: 'with --json' }) };

/** The flags that were given, as options of an answer. */
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
