// The flags of chat.

import { ToolkitError } from '@llama-ts/base';
import { type FullContextPolicy, fullContextPolicies } from '@llama-ts/runtime';
import { Flags, type Interfaces } from '@oclif/core';
import { templateNameFlag } from '../flags/chat-template-flag.js';
import { constraintFlags } from '../flags/constraint-flags.js';
import { lookupFlag } from '../flags/lookup-flag.js';
import { modelFlags } from '../flags/model-flags.js';
import { integer } from '../flags/number-flags.js';
import { samplingFlags } from '../flags/sampling-flags.js';

const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

export const chatFlags = {
  ...modelFlags,
  ...templateNameFlag,
  ...samplingFlags,
  ...constraintFlags,
  ...lookupFlag,
  prompt: Flags.string({ char: 'i', description: 'give QUESTION as a flag, for use without MODEL' }),
  system: Flags.string({ char: 'y', description: 'set the system prompt' }),
  'max-tokens': Flags.custom<number>({
    description: 'end each answer after N tokens; default at the end of the context',
    parse: integer(positive),
  })(),
  steps: Flags.custom<number>({
    char: 'n',
    description: 'limit the whole conversation to N positions; 0 for the whole context',
    parse: integer({ ...positive, min: 0 }),
  })(),
  'when-full': Flags.custom<FullContextPolicy>({
    description: 'stop when the context is full, or shift: drop the oldest turns and say so; default stop',
    helpValue: 'stop|shift',
    parse: parsePolicy,
  })(),
  session: Flags.string({
    description: 'continue the conversation in this file, if it exists, and save to it at the end',
  }),
  transcript: Flags.string({
    description:
      'record the conversation in this file as it happens; default at a terminal: a file in the state folder',
  }),
  'no-transcript': Flags.boolean({ description: 'record nothing, whatever --transcript says' }),
  'no-history': Flags.boolean({ description: 'keep no history of what was typed' }),
  stats: Flags.boolean({ description: 'print the speed after each answer' }),
};

export type ChatFlags = Interfaces.InferredFlags<typeof chatFlags>;

async function parsePolicy(text: string): Promise<FullContextPolicy> {
  const policy = fullContextPolicies.find((known) => known === text);
  if (policy !== undefined) return policy;
  throw new ToolkitError('USAGE', `--when-full ${JSON.stringify(text)}: expected ${fullContextPolicies.join(' or ')}`);
}
