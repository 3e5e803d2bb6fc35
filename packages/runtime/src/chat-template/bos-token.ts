// Finds the name of the token that begins a text.

import type { BoundaryTokens } from '@llama-ts/format';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** A model that may have a begin-of-text token. */
export interface BosTokenHolder {
  readonly tokenizer: Tokenizer | null;
  readonly settings: BoundaryTokens;
}

/** Name of the token that begins a text, as the template's `bos_token`. */
export function bosTokenOf({ tokenizer, settings }: BosTokenHolder): string | undefined {
  return tokenizer?.specialTokens.find(({ id }) => id === settings.bosId)?.name;
}
