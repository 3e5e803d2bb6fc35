// Checks a tokenizer's data once, so that the encoder can trust it.

import { ToolkitError } from '@llama-ts/base';
import { countUsedTokens, type TokenizerData } from '@llama-ts/format';
import { badTokenizer } from './bad-tokenizer.js';
import { MAX_RANKS } from './merge-bytes.js';

/** Facts about ids that {@link checkTokenizerData} found on its way. */
export interface TokenKinds {
  /** (nTokens) 1 where the token is special. */
  readonly isSpecial: Uint8Array;
  /** (nTokens) 1 where byte-pair encoding never makes the token: special, added to the vocabulary, or unused. */
  readonly isApart: Uint8Array;
  /** Ids from here on are unused. */
  readonly nUsed: number;
}

/** @throws ToolkitError BAD_TOKENIZER, UNKNOWN_SPLIT_PATTERN */
export function checkTokenizerData(data: TokenizerData): TokenKinds {
  const { nTokens, splitPattern, merges } = data;
  if (splitPattern !== 'llama3') {
    throw new ToolkitError('UNKNOWN_SPLIT_PATTERN', `tokenizer: split pattern ${splitPattern}, expected llama3`);
  }
  if (!Number.isSafeInteger(nTokens) || nTokens < 1 || nTokens > MAX_RANKS) {
    throw badTokenizer(`${nTokens} tokens, expected 1 to ${MAX_RANKS}`);
  }
  const nUsed = checkOffsets(data);
  if (merges !== null) checkMerges(merges, nTokens);
  checkAdded(data);
  const isSpecial = new Uint8Array(nTokens);
  const isApart = new Uint8Array(nTokens).fill(1, nUsed);
  for (const { id } of data.specialTokens) isSpecial[id] = isApart[id] = 1;
  for (const { id, inVocabulary = false } of data.addedTokens ?? []) isApart[id] = inVocabulary ? 0 : 1;
  return { isSpecial, isApart, nUsed };
}

/** @returns how many ids are used */
function checkOffsets(data: TokenizerData): number {
  const { tokenOffsets, tokenBytes, nTokens } = data;
  if (tokenOffsets.length !== nTokens + 1) {
    throw badTokenizer(`${tokenOffsets.length} offsets for ${nTokens} tokens, expected ${nTokens + 1}`);
  }
  if (tokenOffsets[0] !== 0 || tokenOffsets[nTokens] !== tokenBytes.length) {
    throw badTokenizer(
      `offsets run from ${tokenOffsets[0]} to ${tokenOffsets[nTokens]}, expected 0 to ${tokenBytes.length}`,
    );
  }
  const nUsed = countUsedTokens(data);
  for (let id = 0; id < nUsed; id++) {
    if (tokenOffsets[id]! >= tokenOffsets[id + 1]!)
      throw badTokenizer(`token ${id} is empty, expected one byte or more`);
  }
  return nUsed;
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

function checkAdded(data: TokenizerData): void {
  const { specialTokens, addedTokens = [], nTokens, tokenBytes, tokenOffsets } = data;
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const [ids, names] = [new Set<number>(), new Set<string>()];
  for (const { id, name } of [...specialTokens, ...addedTokens]) {
    const kind = ids.size < specialTokens.length ? 'special token' : 'added token';
    if (!Number.isSafeInteger(id) || id < 0 || id >= nTokens) {
      throw badTokenizer(`${kind} ${JSON.stringify(name)} has id ${id}, expected one below ${nTokens}`);
    }
    if (ids.has(id) || names.has(name)) throw badTokenizer(`${kind} ${JSON.stringify(name)} (${id}) appears twice`);
    if (name === '') throw badTokenizer(`${kind} ${id} has an empty name`);
    const spelled = utf8.decode(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]));
    if (spelled !== name)
      throw badTokenizer(
        `${kind} ${id} is named ${JSON.stringify(name)}, and its bytes are ${JSON.stringify(spelled)}`,
      );
    ids.add(id);
    names.add(name);
  }
}
