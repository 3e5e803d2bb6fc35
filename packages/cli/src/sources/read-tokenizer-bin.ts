// Reads the C programs' tokenizer.bin, for model files that hold no tokenizer.

import { readFile } from 'node:fs/promises';
import { ToolkitError } from '@llama-ts/base';
import { inspectPath, parseTokenizerBin } from '@llama-ts/exporter';
import type { TokenizerData } from '@llama-ts/format';
import { nearSuggestions } from './near-files.js';

/**
 * The tokenizer of a file, with as many tokens as the model has.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `BAD_TOKENIZER`, and what opening the model throws
 */
export async function readTokenizerBin(path: string, modelPath: string): Promise<TokenizerData> {
  const model = await inspectPath(modelPath);
  if (model.kind !== 'bin') throw new ToolkitError('NOT_A_MODEL', `${modelPath}: expected a .bin file`);
  return parseTokenizerBin(await readBytes(path), model.dimensions.vocabSize, path);
}

/**
 * The same without a model: with as many tokens as the file has.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `BAD_TOKENIZER`
 */
export async function readWholeTokenizerBin(path: string): Promise<TokenizerData> {
  return parseTokenizerBin(await readBytes(path), null, path);
}

function readBytes(path: string): Promise<Buffer> {
  return readFile(path).catch(async (cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such tokenizer.bin`, {
      suggestions: await nearSuggestions(path),
      cause,
    });
  });
}
