// Tokens and merges as text, the way tokenizer.json and GGUF both write them.

import { countUsedTokens, type TokenizerData, unusedTokenName } from '@llama-ts/format';
import { encodeByteSymbols } from '../tokenizer/byte-alphabet.js';
import { mergesOfRanks } from './merges-of-ranks.js';

/** Every token in id order: byte symbols, an added token's name, or llama.cpp's name for an unused id. (nTokens) */
export function tokenSymbols(tokenizer: TokenizerData): string[] {
  const { nTokens, tokenBytes, tokenOffsets, specialTokens, addedTokens = [] } = tokenizer;
  const names = new Map([...specialTokens, ...addedTokens].map(({ id, name }) => [id, name]));
  const nUsed = countUsedTokens(tokenizer);
  return Array.from({ length: nTokens }, (_, id) => {
    if (id >= nUsed) return unusedTokenName(id);
    return names.get(id) ?? encodeByteSymbols(tokenBytes.subarray(tokenOffsets[id]!, tokenOffsets[id + 1]!));
  });
}

/** Merges as pairs of symbols, best rank first; made from the ranks where the tokenizer lists none. (nMerges) */
export function mergeSymbols(tokenizer: TokenizerData, symbols: readonly string[]): [left: string, right: string][] {
  const merges = tokenizer.merges ?? mergesOfRanks(tokenizer);
  return Array.from({ length: merges.length / 2 }, (_, i) => [symbols[merges[2 * i]!]!, symbols[merges[2 * i + 1]!]!]);
}
