// Notices a prompt that is formatted for chat already, whose special tokens would be read as text.

import type { Model } from '@llama-ts/runtime';
import { completed } from '../failure/typed-command.js';

/** null for a prompt without names of special tokens. Names that are plain words do not count. */
export function formattedNotice({ tokenizer }: Pick<Model, 'tokenizer'>, prompt: string): string | null {
  const name = formattedName(tokenizer, prompt);
  if (name === null) return null;
  return `the prompt holds ${name}, which is read as text\n  ${completed('to read it as the special token: --special')}`;
}

/** The first special name in a prompt. */
export function formattedName(tokenizer: Model['tokenizer'], prompt: string): string | null {
  const names = (tokenizer?.specialTokens ?? []).map(({ name }) => name).filter((name) => !/^\w*$/.test(name));
  const found = names.map((name) => ({ name, at: prompt.indexOf(name) })).filter(({ at }) => at >= 0);
  return found.sort((a, b) => a.at - b.at)[0]?.name ?? null;
}
