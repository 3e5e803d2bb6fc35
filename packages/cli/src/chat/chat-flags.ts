// The flags of chat, and which of them /set can change.

import { ToolkitError } from '@llama-ts/format';
import { type FullContextPolicy, fullContextPolicies, type TurnOptions } from '@llama-ts/runtime';
import { Flags, type Interfaces } from '@oclif/core';
import { lookupFlag } from '../lookup-flag.js';
import { modelFlags } from '../model-flags.js';
import { nearest } from '../nearest.js';
import { integer } from '../number-flags.js';
import { samplingFlags, samplingOptions } from '../sampling-flags.js';

const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

export const chatFlags = {
  ...modelFlags,
  ...samplingFlags,
  ...lookupFlag,
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

const settingFlags = {
  temperature: chatFlags.temperature,
  'top-p': chatFlags['top-p'],
  seed: chatFlags.seed,
  'max-tokens': chatFlags['max-tokens'],
  'when-full': chatFlags['when-full'],
} as const;

/** What /set can change. */
export type SettingName = keyof typeof settingFlags;

/** Names of the settings. */
export const settingNames = Object.keys(settingFlags) as SettingName[];

/** Values of settings; undefined leaves the model's or the toolkit's default. */
export type Settings = { -readonly [Name in SettingName]: ChatFlags[Name] };

/**
 * Changes one setting as its flag would; `default` takes it back.
 *
 * @throws ToolkitError `USAGE`
 */
export async function changeSetting(settings: Settings, name: string, text: string): Promise<void> {
  if (!isSettingName(name)) {
    const meant = nearest(name, settingNames);
    throw new ToolkitError('USAGE', `/set ${JSON.stringify(name)}: expected one of ${settingNames.join(', ')}`, {
      suggestions: [`/set ${meant ?? settingNames[0]} ${text}`],
    });
  }
  const parse = settingFlags[name].parse as (text: string, context: unknown, flag: { name: string }) => Promise<never>;
  settings[name] = text === 'default' ? undefined : await parse(text, {}, { name });
}

/** How an answer is generated with such settings. */
export function turnOptions(settings: Settings, flags: ChatFlags): TurnOptions {
  const { temperature, 'top-p': topP, seed, 'max-tokens': maxTokens, 'when-full': whenFull } = settings;
  const set = { temperature, topP, seed, maxTokens, whenFull, speculate: flags.lookup };
  return { ...samplingOptions(flags), referenceSampler: flags['reference-sampler'], ...set };
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingFlags, name);
}

async function parsePolicy(text: string): Promise<FullContextPolicy> {
  const policy = fullContextPolicies.find((known) => known === text);
  if (policy !== undefined) return policy;
  throw new ToolkitError('USAGE', `--when-full ${JSON.stringify(text)}: expected ${fullContextPolicies.join(' or ')}`);
}
