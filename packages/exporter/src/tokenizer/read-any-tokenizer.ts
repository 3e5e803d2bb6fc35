// Reads a tokenizer alone, without its model: from a .bin file, a checkpoint's folder, tokenizer.json or tokenizer.model.

import { basename, commandLine, joinPath, openFile, pathStatus, readWholeFile, ToolkitError } from '@llama-ts/base';
import { readBinFile, type TokenizerData } from '@llama-ts/format';
import { parseTiktoken } from './tiktoken.js';
import { readTokenizerJson } from './tokenizer-json.js';

/** A tokenizer, and what its source says of the token that begins a text. */
export interface AnyTokenizer {
  readonly data: TokenizerData;
  /** Id of the begin-of-text token that the source names; null for none; undefined if only the token's name can tell. */
  readonly bosId: number | null | undefined;
}

/** Files of a folder that hold a tokenizer, the first that is there. */
const fileNames = ['tokenizer.json', joinPath('original', 'tokenizer.model'), 'tokenizer.model'];
/** Llama 3's takes 17 MB. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * Reads the tokenizer of what is at a path. Tokens that tokenizer_config.json adds are not read.
 *
 * @param path an existing .bin file, folder, .json file or .model file
 * @throws ToolkitError `NO_TOKENIZER`, `BAD_TOKENIZER`, `LIMIT_EXCEEDED`, and what opening a .bin file throws
 * @example const { data } = await readAnyTokenizer('Llama-3.2-1B');
 */
export async function readAnyTokenizer(path: string): Promise<AnyTokenizer> {
  const { isFolder } = await pathStatus(path);
  if (isFolder) return ofFolder(path);
  if (/\.json$/i.test(path)) return { data: readTokenizerJson(await readSmall(path), path), bosId: undefined };
  if (/\.model$/i.test(path)) return { data: parseTiktoken(await readSmall(path), path), bosId: undefined };
  return ofModel(path);
}

async function ofModel(path: string): Promise<AnyTokenizer> {
  const file = await openFile(path);
  try {
    const { trailer } = await readBinFile(file);
    if (trailer?.tokenizer) return { data: trailer.tokenizer, bosId: trailer.description.bosId };
  } finally {
    await file.close();
  }
  throw new ToolkitError('NO_TOKENIZER', `${path}: holds no tokenizer`, {
    suggestions: ['give the tokenizer.bin of this model: --tokenizer TOKENIZER.bin'],
  });
}

async function ofFolder(folder: string): Promise<AnyTokenizer> {
  for (const name of fileNames) {
    const path = joinPath(folder, name);
    if ((await pathStatus(path).catch(() => null)) === null) continue;
    const bytes = await readSmall(path);
    const data = basename(path) === 'tokenizer.json' ? readTokenizerJson(bytes, path) : parseTiktoken(bytes, path);
    return { data, bosId: await configuredBegin(folder) };
  }
  throw new ToolkitError('NO_TOKENIZER', `${folder}: holds none of ${fileNames.join(', ')}`, {
    suggestions: [commandLine(['ls', folder])],
  });
}

/** The begin-of-text token of config.json; undefined if it has none. */
async function configuredBegin(folder: string): Promise<number | undefined> {
  try {
    const bytes = await readWholeFile(joinPath(folder, 'config.json'));
    const { bos_token_id: id } = JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    return Number.isSafeInteger(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

async function readSmall(path: string): Promise<Uint8Array> {
  const { size } = await pathStatus(path);
  if (size <= MAX_BYTES) return readWholeFile(path);
  throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${size} bytes, expected a tokenizer of at most ${MAX_BYTES}`);
}
