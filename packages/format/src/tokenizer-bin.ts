// tokenizer.bin, the C programs' tokenizer file: the longest token's length, then score, length and bytes per token.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import { MAX_TOKEN_BYTES } from './limits.js';
import { countUsedTokens, type TokenizerData, unusedTokenName } from './tokenizer-data.js';

/** The tokens of a tokenizer.bin: bytes and scores. The file has neither merges nor specials. */
export interface TokenizerBin {
  /** (nTokens) */
  readonly tokens: readonly Uint8Array[];
  /** (nTokens); the reference writes the merge rank, equal to the id */
  readonly scores: Float32Array;
}

/** The file the reference exporter writes for this tokenizer. Unused ids get a name: the C programs read no empty token. */
export function encodeTokenizerBin(data: TokenizerData): Uint8Array {
  const nUsed = countUsedTokens(data);
  const names = Array.from({ length: data.nTokens - nUsed }, (_, i) =>
    new TextEncoder().encode(unusedTokenName(nUsed + i)),
  );
  const nNameBytes = names.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(4 + 8 * data.nTokens + data.tokenBytes.byteLength + nNameBytes);
  const view = new DataView(bytes.buffer);
  let longest = 0;
  let offset = 4;
  for (let id = 0; id < data.nTokens; id++) {
    const token = names[id - nUsed] ?? data.tokenBytes.subarray(data.tokenOffsets[id]!, data.tokenOffsets[id + 1]!);
    longest = Math.max(longest, token.byteLength);
    view.setFloat32(offset, id, true);
    view.setUint32(offset + 4, token.byteLength, true);
    bytes.set(token, offset + 8);
    offset += 8 + token.byteLength;
  }
  view.setUint32(0, longest, true);
  return bytes;
}

/**
 * Reads a tokenizer.bin; `nTokens` is the model's vocabulary size, which the file does not hold.
 *
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function decodeTokenizerBin(bytes: Uint8Array, nTokens: number, name: string): TokenizerBin {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (byteOffset: number, length: number, what: string): void => {
    if (byteOffset + length > bytes.byteLength) {
      throw badTokenizer(name, `ends at byte ${bytes.byteLength} inside ${what}, expected ${nTokens} tokens`);
    }
  };
  need(0, 4, 'the first field');
  const longest = view.getUint32(0, true);
  if (longest < 1 || longest > MAX_TOKEN_BYTES) {
    throw badTokenizer(name, `longest token of ${longest} bytes at byte 0, expected 1 to ${MAX_TOKEN_BYTES}`);
  }
  const tokens: Uint8Array[] = [];
  const scores: number[] = [];
  let offset = 4;
  for (let id = 0; id < nTokens; id++) {
    need(offset, 8, `token ${id}`);
    const score = view.getFloat32(offset, true);
    const length = view.getInt32(offset + 4, true);
    if (!Number.isFinite(score)) throw badTokenizer(name, `score ${score} at byte ${offset}, expected a finite number`);
    if (length < 0 || length > longest) {
      throw badTokenizer(name, `token length ${length} at byte ${offset + 4}, expected 0 to ${longest}`);
    }
    need(offset + 8, length, `token ${id}`);
    tokens.push(bytes.slice(offset + 8, offset + 8 + length));
    scores.push(score);
    offset += 8 + length;
  }
  if (offset !== bytes.byteLength) {
    throw badTokenizer(
      name,
      `${bytes.byteLength - offset} bytes after token ${nTokens - 1}, expected none: the file is of another vocabulary`,
    );
  }
  return { tokens, scores: Float32Array.from(scores) };
}

function badTokenizer(name: string, problem: string): ToolkitError {
  return new ToolkitError('BAD_TOKENIZER', `${name}: ${problem}`, {
    suggestions: [
      `write it again, with the model: llama export model.bin --hf REPO_OR_DIR --tokenizer-bin ${shellQuote(name)} --force`,
    ],
  });
}
