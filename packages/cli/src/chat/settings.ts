// Settings that /set shows and changes: all options of an answer, under the names of their flags.

import { isToolkitError, nearest, ToolkitError } from '@llama-ts/base';
import { type Chat, type Model, resolveSampling, type TurnOptions } from '@llama-ts/runtime';
import type { GivenConstraint } from '../flags/constraint-flags.js';
import { parseBias, samplingFlags, samplingOptions } from '../flags/sampling-flags.js';
import { chooseSeed } from '../flags/seed-flag.js';
import { type ChatFlags, chatFlags } from './chat-flags.js';
import { type FormName, formNames, formValue, isFormName } from './form-setting.js';

const settingFlags = {
  temperature: chatFlags.temperature,
  'top-p': chatFlags['top-p'],
  ...samplingFlags,
  seed: chatFlags.seed,
  'max-tokens': chatFlags['max-tokens'],
  'when-full': chatFlags['when-full'],
} as const;

/** Names that /set can change. */
export type SettingName = keyof typeof settingFlags;

const settingNames = Object.keys(settingFlags) as SettingName[];
/** Names that /set shows: settings, and forms of answers. */
export const shownNames = [...settingNames, ...formNames];
const NAME_WIDTH = Math.max(...shownNames.map((name) => name.length));

/** Values of settings; undefined leaves the model's or the toolkit's default. */
export type Settings = { -readonly [Name in SettingName]: ChatFlags[Name] };

/** The parts of a dialogue that settings need. */
interface Setup {
  readonly model: Model;
  readonly chat: Chat;
  readonly flags: ChatFlags;
  readonly settings: Settings;
  readonly form: GivenConstraint | null;
}

/** How an answer is generated with such settings. */
export function turnOptions(settings: Settings, flags: ChatFlags): TurnOptions {
  const { temperature, 'top-p': topP, seed, 'max-tokens': maxTokens, 'when-full': whenFull } = settings;
  const given = { referenceSampler: flags['reference-sampler'], speculate: flags.lookup };
  return { ...samplingOptions(settings), temperature, topP, seed, maxTokens, whenFull, ...given };
}

/**
 * Changes one setting as its flag would; `default` takes it back.
 *
 * @throws ToolkitError `USAGE`
 */
export async function changeSetting(
  { settings, form, model }: Pick<Setup, 'settings' | 'form' | 'model'>,
  name: string,
  text: string,
): Promise<void> {
  const known = settingNamed(name, text) as SettingName;
  const value = text === 'default' ? undefined : await parseSetting(known, text);
  if (known === 'stop' && value !== undefined && form !== null) {
    throw new ToolkitError('USAGE', `/set stop together with ${form.flag} ${form.text}, expected one of them`, {
      suggestions: [`/set ${form.flag} off`],
    });
  }
  if (known === 'stop-id' || known === 'logit-bias') checkIds(known, text, model.header.dimensions.vocabSize);
  // A name and the type of its value belong together, which the compiler cannot see through the variable.
  settings[known] = value as never;
}

/**
 * Settings and their values, one line each.
 *
 * @param name of the one to show; the empty text for all
 * @throws ToolkitError `USAGE`
 */
export function settingLines(
  settings: Settings,
  name: string,
  { model, chat, flags, form }: Pick<Setup, 'model' | 'chat' | 'flags' | 'form'>,
): string[] {
  const shown = name === '' ? shownNames : [settingNamed(name, '')];
  const inForce = valuesInForce(model, chat, turnOptions(settings, flags));
  return shown.map((known) => `${known.padEnd(name === '' ? NAME_WIDTH : 0)} ${shownValue(known)}`);

  function shownValue(known: SettingName | FormName): string {
    if (isFormName(known)) return formValue(form, known);
    const value = settings[known];
    return value === undefined ? `${inForce[known]} (default)` : showValue(known, value);
  }
}

function valuesInForce(model: Model, chat: Chat, options: TurnOptions): Record<SettingName, number | bigint | string> {
  const { stop, stopIds, minTokens, maxTokens, whenFull, speculate, ...asked } = options;
  const sampling = resolveSampling(model, asked);
  return {
    temperature: sampling.temperature,
    'top-p': sampling.topP,
    'top-k': sampling.topK ?? 0,
    'min-p': sampling.minP ?? 0,
    'typical-p': sampling.typicalP ?? 1,
    'repeat-penalty': sampling.repetitionPenalty ?? 1,
    'presence-penalty': sampling.presencePenalty ?? 0,
    'frequency-penalty': sampling.frequencyPenalty ?? 0,
    'repeat-last-n': sampling.penaltyWindow ?? -1,
    'logit-bias': 'none',
    stop: 'none',
    'stop-id': 'none',
    'min-tokens': 0,
    seed: chat.session.seed,
    'max-tokens': 'what there is room for',
    'when-full': 'stop',
  };
}

function showValue(name: SettingName, value: NonNullable<Settings[SettingName]>): string {
  if (name === 'stop') return JSON.stringify(value);
  return Array.isArray(value) ? value.join(' ') : String(value);
}

function settingNamed(name: string, text: string): SettingName | FormName {
  const known = shownNames.find((setting) => setting === name);
  if (known !== undefined) return known;
  const meant = nearest(name, shownNames);
  throw new ToolkitError('USAGE', `/set ${JSON.stringify(name)}: no such setting, expected one that /set alone lists`, {
    suggestions: [meant === null ? '/set' : `/set ${meant} ${text}`.trimEnd()],
  });
}

/** The values begin with token ids: refused at once, not by the answer after. */
function checkIds(name: SettingName, text: string, vocabSize: number): void {
  const stray =
    text === 'default' ? undefined : text.split(/\s+/).find((word) => Number.parseInt(word, 10) >= vocabSize);
  if (stray === undefined) return;
  throw new ToolkitError('USAGE', `/set ${name} ${stray}: expected token ids below ${vocabSize}, the vocabulary`);
}

async function parseSetting(name: SettingName, text: string): Promise<unknown> {
  if (name === 'stop') return parseStop(text);
  const words = text.split(/\s+/);
  try {
    if (name === 'logit-bias') for (const word of words) parseBias(word);
    const flag = settingFlags[name];
    const parse = flag.parse as (text: string, context: unknown, flag: { name: string }) => Promise<unknown>;
    const parseWord = (word: string): Promise<unknown> => parse(word, {}, { name });
    if (flag.multiple) return await Promise.all(words.map(parseWord));
    const value = await parseWord(text);
    return name === 'seed' ? chooseSeed(value as bigint, Date.now()) : value;
  } catch (error) {
    throw isToolkitError(error) ? inChat(error) : error;
  }
}

/** One text verbatim, or several as JSON: `/set stop ["\n", "User:"]`. */
function parseStop(text: string): string[] {
  if (!/^["[]/.test(text)) return [text];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const texts = Array.isArray(value) ? value : [value];
  if (texts.length > 0 && texts.every((item) => typeof item === 'string' && item !== '')) return texts;
  throw new ToolkitError('USAGE', `/set stop ${text}: expected a text, or texts as JSON`, {
    suggestions: ['/set stop ["\\n", "User:"]'],
  });
}

/** An error of a flag's parser, with `/set` in place of the flag. */
function inChat({ message, suggestions }: ToolkitError): ToolkitError {
  const say = (text: string): string => text.replace(/--(?=[a-z])/g, '/set ');
  return new ToolkitError('USAGE', say(message), { suggestions: suggestions.map(say) });
}
