// Lists the merges of a tiktoken vocabulary, which holds ranks of tokens and no merges.
//
// Any two tokens that join to a third merge into it, at its rank. That is what tiktoken does while it encodes, and the
// list that transformers writes for such a vocabulary: by rank of the joined token, then of its left and right part.

import { latin1 } from '@llama-ts/base';
import { countUsedTokens, type TokenizerData } from '@llama-ts/format';

/** (nMerges, 2) pairs of ids, best rank first. @see transformers, convert_slow_tokenizer.py, TikTokenConverter */
export function mergesOfRanks(tokenizer: TokenizerData): Uint32Array {
  const { tokenBytes, tokenOffsets, specialTokens, addedTokens = [] } = tokenizer;
  const nTokens = countUsedTokens(tokenizer);
  const apart = [...specialTokens, ...addedTokens.filter(({ inVocabulary }) => !inVocabulary)];
  const apartIds = new Set(apart.map(({ id }) => id));
  // A character a byte, so that a token can be cut anywhere and looked up.
  const all = latin1(tokenBytes);
  const textOf = (id: number): string => all.slice(tokenOffsets[id]!, tokenOffsets[id + 1]!);
  const ids = new Map<string, number>();
  for (let id = 0; id < nTokens; id++) if (!apartIds.has(id)) ids.set(textOf(id), id);
  const merges: number[] = [];
  for (const text of ids.keys()) {
    const pairs: [number, number][] = [];
    for (let at = 1; at < text.length; at++) {
      const left = ids.get(text.slice(0, at));
      const right = ids.get(text.slice(at));
      if (left !== undefined && right !== undefined) pairs.push([left, right]);
    }
    pairs.sort(([left, right], [otherLeft, otherRight]) => left - otherLeft || right - otherRight);
    for (const pair of pairs) merges.push(...pair);
  }
  return Uint32Array.from(merges);
}
