// Checks a tokenizer's data once, so that the encoder can trust it.

import { type TokenizerData, ToolkitError } from '@llama-ts/format';
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
    throw bad(`${nTokens} tokens, expected 1 to ${MAX_RANKS}`);
  }
  checkOffsets(data);
  if (merges !== null) checkMerges(merges, nTokens);
  return checkSpecials(data);
}

function checkOffsets({ tokenOffsets, tokenBytes, nTokens }: TokenizerData): void {
  if (tokenOffsets.length !== nTokens + 1) {
    throw bad(`${tokenOffsets.length} offsets for ${nTokens} tokens, expected ${nTokens + 1}`);
  }
  if (tokenOffsets[0] !== 0 || tokenOffsets[nTokens] !== tokenBytes.length) {
    throw bad(`offsets run from ${tokenOffsets[0]} to ${tokenOffsets[nTokens]}, expected 0 to ${tokenBytes.length}`);
  }
  for (let id = 0; id < nTokens; id++) {
    if (tokenOffsets[id]! >= tokenOffsets[id + 1]!) throw bad(`token ${id} is empty, expected one byte or more`);
  }
}

function checkMerges(merges: Uint32Array, nTokens: number): void {
  if (merges.length % 2 !== 0 || merges.length > 2 * MAX_RANKS) {
    throw bad(`${merges.length} ids in merges, expected pairs, ${MAX_RANKS} at most`);
  }
  for (let i = 0; i < merges.length; i++) {
    if (merges[i]! >= nTokens) throw bad(`merge ${i >> 1} names token ${merges[i]}, expected one below ${nTokens}`);
  }
}

function checkSpecials({ specialTokens, nTokens }: TokenizerData): Uint8Array {
  const isSpecial = new Uint8Array(nTokens);
  const names = new Set<string>();
  for (const { id, name } of specialTokens) {
    if (!Number.isSafeInteger(id) || id < 0 || id >= nTokens) {
      throw bad(`special token ${JSON.stringify(name)} has id ${id}, expected one below ${nTokens}`);
    }
    if (isSpecial[id] === 1 || names.has(name))
      throw bad(`special token ${JSON.stringify(name)} (${id}) appears twice`);
    if (name === '') throw bad(`special token ${id} has an empty name`);
    isSpecial[id] = 1;
    names.add(name);
  }
  return isSpecial;
}

function bad(problem: string): ToolkitError {
  return new ToolkitError('BAD_TOKENIZER', `tokenizer: ${problem}`, {
    suggestions: ['Export the model again: llama export --hf REPO_OR_DIR'],
  });
}
