// The C programs' tokenizer.bin as the tokenizer of a Llama 3 model.

import { concatBytes, equalBytes, ToolkitError } from '@llama-ts/base';
import { decodeTokenizerBin, type TokenizerData, unusedTokenName } from '@llama-ts/format';
import { llama32Specials } from './tiktoken.js';

/**
 * Reads a tokenizer.bin. Merges follow from the ids, and the last 256 tokens in use are Llama 3's special ones: the file says
 * neither. Unused ids at the end have the names that encodeTokenizerBin gives them.
 *
 * @param nTokens tokens to read; null for as many as the file has
 * @param name names the file in errors
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function parseTokenizerBin(bytes: Uint8Array, nTokens: number | null, name: string): TokenizerData {
  const { tokens, scores } = decodeTokenizerBin(bytes, nTokens ?? countTokens(bytes), name);
  if (scores.some((score, id) => score !== id)) {
    throw new ToolkitError(
      'BAD_TOKENIZER',
      `${name}: scores that are not ranks, expected the tokenizer of a Llama 3 model`,
    );
  }
  return packTokens(withoutUnusedNames(tokens));
}

/** Tokens up to the end of the file: each is a score, a length and as many bytes. */
function countTokens(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let nTokens = 0;
  for (let offset = 4; offset + 8 <= bytes.byteLength; nTokens++) {
    const length = view.getInt32(offset + 4, true);
    if (length < 0) break;
    offset += 8 + length;
  }
  return nTokens;
}

function withoutUnusedNames(tokens: readonly Uint8Array[]): readonly Uint8Array[] {
  let nUsed = tokens.length;
  while (nUsed > 0 && spells(tokens[nUsed - 1]!, unusedTokenName(nUsed - 1))) nUsed--;
  return tokens.map((token, id) => (id < nUsed ? token : new Uint8Array(0)));
}

function packTokens(tokens: readonly Uint8Array[]): TokenizerData {
  const tokenOffsets = new Uint32Array(tokens.length + 1);
  for (const [id, token] of tokens.entries()) tokenOffsets[id + 1] = tokenOffsets[id]! + token.byteLength;
  const nUsed = tokens.findLastIndex((token) => token.byteLength > 0) + 1;
  const firstSpecial = nUsed - llama32Specials.length;
  return {
    splitPattern: 'llama3',
    ignoreMerges: true,
    nTokens: tokens.length,
    tokenBytes: concatBytes(tokens),
    tokenOffsets,
    merges: null,
    specialTokens: llama32Specials
      .map((name, i) => ({ id: firstSpecial + i, name }))
      .filter(({ id, name }) => tokens[id] !== undefined && spells(tokens[id], name)),
  };
}

function spells(token: Uint8Array, name: string): boolean {
  return equalBytes(token, new TextEncoder().encode(name));
}
