// The flags of run, and the options of an answer that they give.

import type { AnswerOptions } from '@llama-ts/runtime';
import { Flags, type Interfaces } from '@oclif/core';
import { batchFlags } from '../batch/batch-flags.js';
import { fieldHelp, numberFlag } from './answer-field-flag.js';
import { templateNameFlag } from './chat-template-flag.js';
import { constraintFlags } from './constraint-flags.js';
import { lookupFlag } from './lookup-flag.js';
import { modelFlags } from './model-flags.js';
import { integer } from './number-flags.js';
import { logprobsFlag, samplingFlags, samplingOptions } from './sampling-flags.js';

/** New tokens when neither --steps nor --max-tokens is given. */
const DEFAULT_MAX_TOKENS = 256;
/** Far above what is useful. */
const MAX_ANSWERS = 10_000;

export const runFlags = {
  ...modelFlags,
  ...templateNameFlag,
  ...samplingFlags,
  ...constraintFlags,
  ...logprobsFlag,
  ...lookupFlag,
  prompt: Flags.string({ char: 'i', description: 'continue this text' }),
  steps: numberFlag('steps', { char: 'n' }),
  'max-tokens': numberFlag('maxTokens', { note: `default ${DEFAULT_MAX_TOKENS} without --steps` }),
  answers: Flags.custom<number>({
    description: 'give N answers, each with its own seed; the prompt is computed once; default 1',
    parse: integer({ min: 1, max: MAX_ANSWERS }),
  })(),
  special: Flags.boolean({
    description:
      'read names of special tokens in the prompt as the tokens, for a prompt that is formatted for chat already',
  }),
  'no-echo': Flags.boolean({ description: 'leave the prompt out of the output' }),
  mode: Flags.string({
    char: 'm',
    description: 'run this command, or chat, which is the same as llama chat',
    options: ['generate', 'chat'],
    default: 'generate',
  }),
  system: Flags.string({ char: 'y', description: 'set the system prompt, with --mode chat' }),
  digest: Flags.boolean({ description: fieldHelp('digest') }),
  ...batchFlags,
};

export type RunFlags = Interfaces.InferredFlags<typeof runFlags>;

/** How an answer is generated. */
export function answerOptions(flags: RunFlags): AnswerOptions {
  const { steps, temperature, logprobs, digest, 'top-p': topP, 'reference-sampler': referenceSampler } = flags;
  const maxTokens = flags['max-tokens'] ?? (steps === undefined ? DEFAULT_MAX_TOKENS : undefined);
  return { ...samplingOptions(flags), steps, maxTokens, temperature, topP, referenceSampler, logprobs, digest };
}

/** How to read special names in a prompt. */
export function specialsOf({ special }: Pick<RunFlags, 'special'>): 'text' | 'tokens' {
  return special ? 'tokens' : 'text';
}
