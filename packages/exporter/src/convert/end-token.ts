// Chooses the end token for formats that hold only one.

import type { BoundaryTokens, TokenizerData } from '@llama-ts/format';

/** Ends a turn of a conversation in every Llama 3 chat model. */
export const END_OF_TURN = '<|eot_id|>';
/** Ends a message that awaits a tool's answer. */
export const END_OF_MESSAGE = '<|eom_id|>';

/** Id of a special token by its name; null if there is no such token, or if it does not end generation. */
export function endTokenNamed(name: string, { eosIds }: BoundaryTokens, tokenizer: TokenizerData): number | null {
  const id = tokenizer.specialTokens.find((special) => special.name === name)?.id;
  return id !== undefined && eosIds.includes(id) ? id : null;
}

/** The end of a turn where that ends generation, as tokenizer_config.json of Llama 3.2's chat models has it; else the first. */
export function mainEndToken(settings: BoundaryTokens, tokenizer: TokenizerData): number | null {
  return endTokenNamed(END_OF_TURN, settings, tokenizer) ?? settings.eosIds[0] ?? null;
}
