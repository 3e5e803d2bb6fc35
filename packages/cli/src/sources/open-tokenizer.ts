// Opens the tokenizer that a command names: of a model file, a folder, a tokenizer's file, or the bundled sample model.

import { pathStatus, ToolkitError } from '@llama-ts/base';
import { readAnyTokenizer } from '@llama-ts/exporter';
import type { TokenizerData } from '@llama-ts/format';
import { createTokenizer, type Tokenizer } from '@llama-ts/runtime';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { nearSuggestions } from './near-files.js';
import { readWholeTokenizerBin } from './read-tokenizer-bin.js';

/** A tokenizer and the tokens that it puts before every text. */
export interface OpenTokenizer {
  /** Name of the file or model it was read from. */
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly prefixIds: readonly number[];
}

const BEGIN = '<|begin_of_text|>';

/**
 * @param source undefined for the sample model's
 * @param tokenizerBin file of the C programs, which wins
 * @param others suggestions of the command's own for a source that is not there
 * @throws ToolkitError `FILE_NOT_FOUND`, `NO_TOKENIZER`, and what reading the file throws
 */
export async function openTokenizer(
  source: string | undefined,
  tokenizerBin: string | undefined,
  others: readonly string[] = [],
): Promise<OpenTokenizer> {
  if (tokenizerBin !== undefined) return opened(tokenizerBin, await readWholeTokenizerBin(tokenizerBin), undefined);
  if (source !== undefined && (await pathStatus(source).catch(() => null)) === null) {
    throw new ToolkitError('FILE_NOT_FOUND', `${source}: no such model, folder or tokenizer`, {
      suggestions: await nearSuggestions(source, [
        ...others,
        'make it from the bundled sample model: llama export sample-model.bin',
      ]),
    });
  }
  const { data, prefixIds } = await readAnyTokenizer(source ?? sampleModelPath);
  return opened(source ?? sampleModelName, data, prefixIds);
}

function opened(name: string, data: TokenizerData, prefixIds: readonly number[] | undefined): OpenTokenizer {
  const tokenizer = createTokenizer(data);
  const begin = tokenizer.specialId(BEGIN);
  return { name, tokenizer, prefixIds: prefixIds ?? (begin === undefined ? [] : [begin]) };
}
