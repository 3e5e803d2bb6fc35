// Tokens and merges as text, the way tokenizer.json and GGUF both write them.

import type { TokenizerData } from '@llama-ts/format';
import { encodeByteSymbols } from '../tokenizer/byte-alphabet.js';
import { mergesOfRanks } from './merges-of-ranks.js';

/** Every token in id order: byte symbols, or a special token's name. (nTokens) */
export function tokenSymbols({ nTokens, tokenBytes, tokenOffsets, specialTokens }: TokenizerData): string[] {
  const names = new Map(specialTokens.map(({ id, name }) => [id, name]));
  return Array.from({ length: nTokens }, (_, id) => {
    return names.get(id) ?? encodeByteSymbols(tokenBytes.subarray(tokenOffsets[id]!, tokenOffsets[id + 1]!));
  });
}

/** Merges as pairs of symbols, best rank first; made from the ranks where the tokenizer lists none. (nMerges) */
export function mergeSymbols(tokenizer: TokenizerData, symbols: readonly string[]): [left: string, right: string][] {
  const merges = tokenizer.merges ?? mergesOfRanks(tokenizer);
  return Array.from({ length: merges.length / 2 }, (_, i) => [symbols[merges[2 * i]!]!, symbols[merges[2 * i + 1]!]!]);
}
