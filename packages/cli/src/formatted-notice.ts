// Notices a prompt that is formatted for chat already, whose special tokens would be read as text.

import type { Model } from '@llama-ts/runtime';
import { visible } from './terminal-safe.js';

/** null for a prompt without names of special tokens. Names that are plain words do not count. */
export function formattedNotice({ tokenizer }: Pick<Model, 'tokenizer'>, prompt: string): string | null {
  const name = formattedName(tokenizer, prompt);
  if (name === null) return null;
  return visible(
    `the prompt holds ${name}, which is read as text: add --special to make names of special tokens the tokens`,
  );
}

/** The first special name in a prompt. */
export function formattedName(tokenizer: Model['tokenizer'], prompt: string): string | null {
  const names = (tokenizer?.specialTokens ?? []).map(({ name }) => name).filter((name) => !/^\w*$/.test(name));
  const found = names.map((name) => ({ name, at: prompt.indexOf(name) })).filter(({ at }) => at >= 0);
  return found.sort((a, b) => a.at - b.at)[0]?.name ?? null;
}
