// Opens a tokenizer alone, from wherever there is one: a model file, a folder, tokenizer.json, or the C programs' file.

import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { commandLine, openFile, ToolkitError } from '@llama-ts/base';
import { parseTiktoken, readTokenizerJson } from '@llama-ts/exporter';
import { readBinFile, type TokenizerData } from '@llama-ts/format';
import { createTokenizer, type Tokenizer } from '@llama-ts/runtime';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { nearSuggestions } from './near-files.js';
import { readWholeTokenizerBin } from './read-tokenizer-bin.js';

/** A tokenizer and the token that it puts before every text. */
export interface OpenTokenizer {
  /** Name of the file or model it was read from. */
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly bosId: number | null;
}

const BEGIN = '<|begin_of_text|>';
/** Files of a folder that hold a tokenizer, the first that is there. */
const fileNames = ['tokenizer.json', join('original', 'tokenizer.model'), 'tokenizer.model'];
/** Llama 3's takes 17 MB. */
const MAX_BYTES = 128 * 1024 * 1024;

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
  if (tokenizerBin !== undefined) return opened(tokenizerBin, await readWholeTokenizerBin(tokenizerBin));
  if (source === undefined) return { ...(await ofFolder(sampleModelPath)), name: sampleModelName };
  const found = await stat(source).catch(() => null);
  if (found === null) {
    throw new ToolkitError('FILE_NOT_FOUND', `${source}: no such model, folder or tokenizer`, {
      suggestions: await nearSuggestions(source, [
        ...others,
        'make it from the bundled sample model: llama export sample-model.bin',
      ]),
    });
  }
  if (found.isDirectory()) return ofFolder(source);
  if (/\.json$/i.test(source)) return opened(source, readTokenizerJson(await readSmall(source), source));
  if (/\.model$/i.test(source)) return opened(source, parseTiktoken(await readSmall(source), source));
  return ofModel(source);
}

async function ofModel(path: string): Promise<OpenTokenizer> {
  const file = await openFile(path);
  try {
    const { trailer } = await readBinFile(file);
    if (trailer?.tokenizer) return { ...opened(path, trailer.tokenizer), bosId: trailer.description.bosId };
  } finally {
    await file.close();
  }
  throw new ToolkitError('NO_TOKENIZER', `${path}: holds no tokenizer`, {
    suggestions: ['give the tokenizer.bin of this model: --tokenizer TOKENIZER.bin'],
  });
}

async function ofFolder(folder: string): Promise<OpenTokenizer> {
  for (const name of fileNames) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => null)) === null) continue;
    const bytes = await readSmall(path);
    const read = basename(path) === 'tokenizer.json' ? readTokenizerJson(bytes, path) : parseTiktoken(bytes, path);
    const found = opened(folder, read);
    return { ...found, bosId: (await configuredBegin(folder)) ?? found.bosId };
  }
  throw new ToolkitError('NO_TOKENIZER', `${folder}: holds none of ${fileNames.join(', ')}`, {
    suggestions: [commandLine(['ls', folder])],
  });
}

function opened(name: string, data: TokenizerData): OpenTokenizer {
  const tokenizer = createTokenizer(data);
  return { name, tokenizer, bosId: tokenizer.specialId(BEGIN) ?? null };
}

/** The begin-of-text token of config.json; null if it has none. */
async function configuredBegin(folder: string): Promise<number | null> {
  try {
    const { bos_token_id: id } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    return Number.isSafeInteger(id) ? id : null;
  } catch {
    return null;
  }
}

async function readSmall(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size <= MAX_BYTES) return readFile(path);
  throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${size} bytes, expected a tokenizer of at most ${MAX_BYTES}`);
}
