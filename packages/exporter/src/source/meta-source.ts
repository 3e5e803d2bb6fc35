// Opens a folder of Meta's files as a source: params.json, consolidated.00.pth and so on, tokenizer.model.

import { basename, dirname, joinPath, listFolder, resolvePath, shellQuote, ToolkitError } from '@llama-ts/base';
import { openPytorch } from '@llama-ts/pytorch';
import { weightFilesOf } from '../checkpoint/weight-files.js';
import { readJsonFile } from '../json-fields.js';
import type { MetaShard } from '../meta/join-shards.js';
import { readMetaSettings, type StatedSizes } from '../meta/known-sizes.js';
import { openMetaModel } from '../meta/open-meta-model.js';
import { readTokenizer } from '../tokenizer/read-tokenizer.js';
import type { CompleteSource } from './model-source.js';

/** One of Meta's weight files: its number. */
export const CONSOLIDATED = /^consolidated\.(\d{2})\.pth$/;
const PARAMS = 'params.json';
const TOKENIZER = 'tokenizer.model';
/** Real ones take 200 bytes. */
const MAX_PARAMS_BYTES = 64 * 1024;

/** Whether a folder's weights are Meta's; a checkpoint of Hugging Face beside them comes first. */
export async function isMetaFolder(folder: string): Promise<boolean> {
  const names = (await listFolder(folder).catch(() => [])).map(({ name }) => name);
  const isCheckpoint = names.includes('config.json') && weightFilesOf(names) !== null;
  return !isCheckpoint && names.includes(PARAMS) && names.some((name) => CONSOLIDATED.test(name));
}

/**
 * Opens a folder with params.json and consolidated.*.pth.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT` where files are missing, `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `SETTINGS_UNKNOWN`,
 *   `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE`, `BAD_WEIGHTS`, `BAD_TOKENIZER`, and what
 *   openPytorch throws
 */
export async function openMetaFolder(
  folder: string,
  { stated = {}, signal }: { readonly stated?: StatedSizes | undefined; readonly signal?: AbortSignal | undefined },
): Promise<CompleteSource> {
  const settingsPath = joinPath(folder, PARAMS);
  const json = await readJsonFile(settingsPath, { code: 'BAD_CONFIG', maxBytes: MAX_PARAMS_BYTES, signal });
  const params = readMetaSettings(json ?? {}, stated, settingsPath);
  const shards: MetaShard[] = [];
  try {
    for (const path of await shardNames(folder)) {
      const file = await openPytorch(joinPath(folder, path), { signal });
      shards.push({ path, file, tensors: file.tensors });
    }
    return await openMetaModel({
      folder,
      name: modelName(folder),
      params,
      shards,
      files: [PARAMS],
      readText: (vocabSize) => readTokenizer(folder, vocabSize, signal, TOKENIZER),
      signal,
    });
  } catch (error) {
    await Promise.all(shards.map(({ file }) => file.close()));
    throw error;
  }
}

/** `Llama-3.2-1B` for `Llama-3.2-1B/original` too. */
export function modelName(folder: string): string {
  const path = resolvePath(folder);
  return basename(basename(path) === 'original' ? dirname(path) : path);
}

/** The weight files, which are numbered from 0. */
async function shardNames(folder: string): Promise<readonly string[]> {
  const names = (await listFolder(folder)).map(({ name }) => name).filter((name) => CONSOLIDATED.test(name));
  names.sort();
  const missing = names.findIndex((name, i) => Number(CONSOLIDATED.exec(name)![1]) !== i);
  if (missing === -1) return names;
  const lacks = `consolidated.${String(missing).padStart(2, '0')}.pth`;
  throw new ToolkitError('NOT_A_CHECKPOINT', `${folder}: holds ${names.join(', ')}; expected ${lacks} as well`, {
    suggestions: [`download ${lacks} into ${shellQuote(folder)}, then run the same command again`],
  });
}
