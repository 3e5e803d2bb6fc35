// Reads the C programs' tokenizer.bin as a tokenizer, for model files that hold none.

import { readFile } from 'node:fs/promises';
import { inspectPath, llama32Specials } from '@llama-ts/exporter';
import { decodeTokenizerBin, type TokenizerData, ToolkitError, unusedTokenName } from '@llama-ts/format';

/**
 * The tokenizer of a file, with as many tokens as the model says. Merges follow from the ids, and the last 256 tokens
 * in use are Llama 3's special ones: the file cannot say either. Unused ids at the end have the names that
 * encodeTokenizerBin gives them.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `BAD_TOKENIZER`, and what opening the model throws
 */
export async function readTokenizerBin(path: string, modelPath: string): Promise<TokenizerData> {
  const model = await inspectPath(modelPath);
  if (model.kind !== 'bin') throw new ToolkitError('NOT_A_MODEL', `${modelPath}: expected a .bin file`);
  return decode(await readBytes(path), model.dimensions.vocabSize, path);
}

/**
 * The same without a model: with as many tokens as the file has.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `BAD_TOKENIZER`
 */
export async function readWholeTokenizerBin(path: string): Promise<TokenizerData> {
  const bytes = await readBytes(path);
  return decode(bytes, countTokens(bytes), path);
}

/** Tokens up to the end of the file: each is a score, a length and as many bytes. */
function countTokens(bytes: Buffer): number {
  let nTokens = 0;
  for (let offset = 4; offset + 8 <= bytes.length; nTokens++) {
    const length = bytes.readInt32LE(offset + 4);
    if (length < 0) break;
    offset += 8 + length;
  }
  return nTokens;
}

function readBytes(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such tokenizer.bin`, { cause });
  });
}

function decode(bytes: Uint8Array, vocabSize: number, path: string): TokenizerData {
  const { tokens, scores } = decodeTokenizerBin(bytes, vocabSize, path);
  if (scores.some((score, id) => score !== id)) {
    throw new ToolkitError(
      'BAD_TOKENIZER',
      `${path}: scores that are not ranks, expected the tokenizer of a Llama 3 model`,
    );
  }
  return packTokens(withoutUnusedNames(tokens));
}

function withoutUnusedNames(tokens: readonly Uint8Array[]): readonly Uint8Array[] {
  let nUsed = tokens.length;
  while (nUsed > 0 && Buffer.from(tokens[nUsed - 1]!).equals(Buffer.from(unusedTokenName(nUsed - 1)))) nUsed--;
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
    tokenBytes: Buffer.concat(tokens),
    tokenOffsets,
    merges: null,
    specialTokens: llama32Specials
      .map((name, i) => ({ id: firstSpecial + i, name }))
      .filter(({ id, name }) => tokens[id] !== undefined && Buffer.from(tokens[id]).equals(Buffer.from(name))),
  };
}
