// Reads a tokenizer alone, without its model: from a .bin or GGUF file, a checkpoint's folder, tokenizer.json or tokenizer.model.

import {
  basename,
  commandLine,
  dirname,
  joinPath,
  openFile,
  pathStatus,
  readWholeFile,
  ToolkitError,
} from '@llama-ts/base';
import { promptPrefix, readBinFile, type TokenizerData } from '@llama-ts/format';
import { openGgufFiles } from '@llama-ts/gguf';
import { findBoundaries } from '../checkpoint/boundary-tokens.js';
import { ggufFields } from '../gguf/gguf-fields.js';
import { GGUF_EMBEDDING } from '../gguf/gguf-names.js';
import { ggufText } from '../gguf/gguf-tokenizer.js';
import { isGguf } from '../source/gguf-source.js';
import { CONSOLIDATED } from '../source/meta-source.js';
import { snapshotOfFolder } from '../source/snapshot-folder.js';
import { readFolderTokens } from './read-tokenizer.js';
import { parseTiktoken } from './tiktoken.js';
import { readTokenizerJson } from './tokenizer-json.js';

/** A tokenizer, and what its source says of the tokens that begin a text. */
export interface AnyTokenizer {
  readonly data: TokenizerData;
  /** Ids that the source puts before a text; undefined if only the tokens' names can tell. */
  readonly prefixIds: readonly number[] | undefined;
}

/** Meta's file in a checkpoint, and in a folder of Meta's. */
const modelFiles = [joinPath('original', 'tokenizer.model'), 'tokenizer.model'];
/** Llama 3's takes 17 MB. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * Reads the tokenizer of what is at a path, with the tokens that an export of it has.
 *
 * @param path an existing .bin or GGUF file, folder, .json file or .model file, or one of Meta's weight files, for its folder
 * @throws ToolkitError `NO_TOKENIZER`, `BAD_TOKENIZER`, `LIMIT_EXCEEDED`, and what opening a .bin or a GGUF file throws
 * @example const { data } = await readAnyTokenizer('Llama-3.2-1B');
 */
export async function readAnyTokenizer(path: string): Promise<AnyTokenizer> {
  const { isFolder } = await pathStatus(path);
  if (isFolder) return ofFolder((await snapshotOfFolder(path))?.folder ?? path);
  if (/\.json$/i.test(path)) return { data: readTokenizerJson(await readSmall(path), path), prefixIds: undefined };
  if (/\.model$/i.test(path)) return { data: parseTiktoken(await readSmall(path), path), prefixIds: undefined };
  if (CONSOLIDATED.test(basename(path))) return ofFolder(dirname(path));
  return (await isGguf(path)) ? ofGguf(path) : ofModel(path);
}

async function ofModel(path: string): Promise<AnyTokenizer> {
  const file = await openFile(path);
  try {
    const { trailer } = await readBinFile(file);
    if (trailer?.tokenizer) return { data: trailer.tokenizer, prefixIds: promptPrefix(trailer.description) };
  } finally {
    await file.close();
  }
  throw new ToolkitError('NO_TOKENIZER', `${path}: holds no tokenizer`, {
    suggestions: ['give the tokenizer.bin of this model: --tokenizer TOKENIZER.bin'],
  });
}

async function ofGguf(path: string): Promise<AnyTokenizer> {
  const { metadata, tensors, close } = await openGgufFiles(path);
  try {
    const nRows = tensors.get(GGUF_EMBEDDING)?.shape[0];
    const tokens = metadata.get('tokenizer.ggml.tokens');
    const vocabSize = nRows ?? (tokens?.kind === 'array' ? tokens.values.length : 0);
    const { tokenizer: data, boundaries } = ggufText(ggufFields(metadata, path), vocabSize);
    if (data !== null) return { data, prefixIds: promptPrefix(boundaries) };
  } finally {
    await close();
  }
  throw new ToolkitError('NO_TOKENIZER', `${path}: holds no tokenizer`, {
    suggestions: ['give the tokenizer.bin of this model: --tokenizer TOKENIZER.bin'],
  });
}

async function ofFolder(folder: string): Promise<AnyTokenizer> {
  const places = await Promise.all(modelFiles.map((file) => isThere(joinPath(folder, file))));
  const modelFile = modelFiles[places.indexOf(true)] ?? modelFiles[0]!;
  const text = await readFolderTokens(folder, undefined, modelFile);
  const data = text.tokenizer;
  if (data === null) {
    throw new ToolkitError('NO_TOKENIZER', `${folder}: holds none of tokenizer.json, ${modelFiles.join(', ')}`, {
      suggestions: [commandLine(['ls', folder])],
    });
  }
  const bosId = await configuredBegin(folder, data);
  const { boundaries } = findBoundaries({
    config: { bosId: bosId ?? null, eosIds: [] },
    generationEosIds: [],
    text,
    tokenizerPath: joinPath(folder, 'tokenizer.json'),
  });
  const isSilent = bosId === undefined && boundaries.bosId === null && boundaries.prefixIds === undefined;
  return { data, prefixIds: isSilent ? undefined : promptPrefix(boundaries) };
}

/** The begin-of-text token of config.json; null if it has none, undefined without the file. */
async function configuredBegin(folder: string, { nTokens }: TokenizerData): Promise<number | null | undefined> {
  try {
    const bytes = await readWholeFile(joinPath(folder, 'config.json'));
    const { bos_token_id: id } = JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    return Number.isSafeInteger(id) && id >= 0 && id < nTokens ? id : null;
  } catch {
    return undefined;
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await pathStatus(path).catch(() => null)) !== null;
}

async function readSmall(path: string): Promise<Uint8Array> {
  const { size } = await pathStatus(path);
  if (size <= MAX_BYTES) return readWholeFile(path);
  throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${size} bytes, expected a tokenizer of at most ${MAX_BYTES}`);
}
