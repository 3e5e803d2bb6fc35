// The flags of chat.

import { ToolkitError } from '@llama-ts/format';
import { type FullContextPolicy, fullContextPolicies } from '@llama-ts/runtime';
import { Flags, type Interfaces } from '@oclif/core';
import { constraintFlags } from '../constraint-flags.js';
import { lookupFlag } from '../lookup-flag.js';
import { modelFlags } from '../model-flags.js';
import { integer } from '../number-flags.js';
import { samplingFlags } from '../sampling-flags.js';

const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

export const chatFlags = {
  ...modelFlags,
  ...samplingFlags,
  ...constraintFlags,
  ...lookupFlag,
  prompt: Flags.string({ char: 'i', description: 'QUESTION as a flag, for use without MODEL' }),
  system: Flags.string({ char: 'y', description: 'system prompt' }),
  'max-tokens': Flags.custom<number>({
    description: 'tokens of an answer at most; default what the context has room for',
    parse: integer(positive),
  })(),
  steps: Flags.custom<number>({
    char: 'n',
    description: 'positions of the whole conversation at most; 0 for all there is room for',
    parse: integer({ ...positive, min: 0 }),
  })(),
  'when-full': Flags.custom<FullContextPolicy>({
    description: 'when the context is full: stop, or shift, which drops the oldest turns and says so; default stop',
    helpValue: 'stop|shift',
    parse: parsePolicy,
  })(),
  session: Flags.string({ description: 'file to go on with, if it is there, and to save to at the end' }),
  transcript: Flags.string({
    description: 'file to record the conversation in as it happens; at a terminal default one in the folder for state',
    exclusive: ['no-transcript'],
  }),
  'no-transcript': Flags.boolean({ description: 'record nothing' }),
  'no-history': Flags.boolean({ description: 'keep no history of what was typed' }),
  stats: Flags.boolean({ description: 'say after each answer how fast it came' }),
};

export type ChatFlags = Interfaces.InferredFlags<typeof chatFlags>;

async function parsePolicy(text: string): Promise<FullContextPolicy> {
  const policy = fullContextPolicies.find((known) => known === text);
  if (policy !== undefined) return policy;
  throw new ToolkitError('USAGE', `--when-full ${JSON.stringify(text)}: expected ${fullContextPolicies.join(' or ')}`);
}
