// Checks a tokenizer's data once, so that the encoder can trust it.

import { type TokenizerData, ToolkitError } from '@llama-ts/format';
import { badTokenizer } from './bad-tokenizer.js';
import { MAX_RANKS } from './merge-bytes.js';

/**
 * @returns (nTokens) 1 where the token is special
 * @throws ToolkitError BAD_TOKENIZER, UNKNOWN_SPLIT_PATTERN
 */
export function checkTokenizerData(data: TokenizerData): Uint8Array {
  const { nTokens, splitPattern, merges } = data;
  if (splitPattern !== 'llama3') {
    throw new ToolkitError('UNKNOWN_SPLIT_PATTERN', `tokenizer: split pattern ${splitPattern}, expected llama3`);
  }
  if (!Number.isSafeInteger(nTokens) || nTokens < 1 || nTokens > MAX_RANKS) {
    throw badTokenizer(`${nTokens} tokens, expected 1 to ${MAX_RANKS}`);
  }
  checkOffsets(data);
  if (merges !== null) checkMerges(merges, nTokens);
  return checkSpecials(data);
}

function checkOffsets({ tokenOffsets, tokenBytes, nTokens }: TokenizerData): void {
  if (tokenOffsets.length !== nTokens + 1) {
    throw badTokenizer(`${tokenOffsets.length} offsets for ${nTokens} tokens, expected ${nTokens + 1}`);
  }
  if (tokenOffsets[0] !== 0 || tokenOffsets[nTokens] !== tokenBytes.length) {
    throw badTokenizer(
      `offsets run from ${tokenOffsets[0]} to ${tokenOffsets[nTokens]}, expected 0 to ${tokenBytes.length}`,
    );
  }
  for (let id = 0; id < nTokens; id++) {
    if (tokenOffsets[id]! >= tokenOffsets[id + 1]!)
      throw badTokenizer(`token ${id} is empty, expected one byte or more`);
  }
}

function checkMerges(merges: Uint32Array, nTokens: number): void {
  if (merges.length % 2 !== 0 || merges.length > 2 * MAX_RANKS) {
    throw badTokenizer(`${merges.length} ids in merges, expected pairs, ${MAX_RANKS} at most`);
  }
  for (let i = 0; i < merges.length; i++) {
    if (merges[i]! >= nTokens)
      throw badTokenizer(`merge ${i >> 1} names token ${merges[i]}, expected one below ${nTokens}`);
  }
}

function checkSpecials({ specialTokens, nTokens, tokenBytes, tokenOffsets }: TokenizerData): Uint8Array {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const isSpecial = new Uint8Array(nTokens);
  const names = new Set<string>();
  for (const { id, name } of specialTokens) {
    if (!Number.isSafeInteger(id) || id < 0 || id >= nTokens) {
      throw badTokenizer(`special token ${JSON.stringify(name)} has id ${id}, expected one below ${nTokens}`);
    }
    if (isSpecial[id] === 1 || names.has(name))
      throw badTokenizer(`special token ${JSON.stringify(name)} (${id}) appears twice`);
    if (name === '') throw badTokenizer(`special token ${id} has an empty name`);
    const spelled = utf8.decode(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]));
    if (spelled !== name)
      throw badTokenizer(
        `special token ${id} is named ${JSON.stringify(name)}, and its bytes are ${JSON.stringify(spelled)}`,
      );
    isSpecial[id] = 1;
    names.add(name);
  }
  return isSpecial;
}
