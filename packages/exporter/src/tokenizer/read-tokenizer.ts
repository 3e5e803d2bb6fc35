// Finds the tokenizer and the chat template of a checkpoint folder.

import { join } from 'node:path';
import { type TokenizerData, ToolkitError } from '@llama-ts/format';
import { isObject, readJsonFile, readSmallFile } from '../json-fields.js';
import { parseTiktoken } from './tiktoken.js';
import { badTokenizer } from './token-table.js';
import { readTokenizerJson } from './tokenizer-json.js';

/** Llama 3's tokenizer.json takes 17 MB. */
const MAX_TOKENIZER_FILE_BYTES = 128 * 1024 * 1024;
/** Real templates take under 20 kB. */
const MAX_TEMPLATE_BYTES = 1024 * 1024;

/** What a folder says about text. */
export interface FolderTokenizer {
  readonly tokenizer: TokenizerData | null;
  readonly chatTemplate: string | null;
  /** Files that were read, relative to the folder. */
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads tokenizer.json, else original/tokenizer.model; chat_template.jinja, else tokenizer_config.json.
 *
 * @throws ToolkitError `BAD_TOKENIZER`, `FILE_UNREADABLE`
 */
export async function readTokenizer(
  folder: string,
  vocabSize: number,
  signal: AbortSignal | undefined,
): Promise<FolderTokenizer> {
  const files: string[] = [];
  const warnings: string[] = [];
  const tokenizer = await findTokenizer(folder, files, signal);
  if (tokenizer === null) {
    warnings.push(`${folder}: no tokenizer.json or original/tokenizer.model; the file will hold no tokenizer`);
  } else if (tokenizer.nTokens !== vocabSize) {
    const file = join(folder, files[0]!);
    throw badTokenizer(file, `${tokenizer.nTokens} tokens, expected ${vocabSize} as config.json and the embedding say`);
  }
  const chatTemplate = await findChatTemplate(folder, files, warnings, signal);
  return { tokenizer, chatTemplate, files, warnings };
}

async function findTokenizer(folder: string, files: string[], signal?: AbortSignal): Promise<TokenizerData | null> {
  const options = { code: 'BAD_TOKENIZER', maxBytes: MAX_TOKENIZER_FILE_BYTES, signal };
  const jsonPath = join(folder, 'tokenizer.json');
  const json = await readSmallFile(jsonPath, options);
  if (json !== null) {
    files.push('tokenizer.json');
    return readTokenizerJson(json, jsonPath);
  }
  const modelPath = join(folder, 'original', 'tokenizer.model');
  const bytes = await readSmallFile(modelPath, options);
  if (bytes === null) return null;
  files.push('original/tokenizer.model');
  return parseTiktoken(bytes, modelPath);
}

async function findChatTemplate(
  folder: string,
  files: string[],
  warnings: string[],
  signal?: AbortSignal,
): Promise<string | null> {
  const jinjaPath = join(folder, 'chat_template.jinja');
  const jinja = await readSmallFile(jinjaPath, { code: 'BAD_CHAT_TEMPLATE', maxBytes: MAX_TEMPLATE_BYTES, signal });
  if (jinja !== null) {
    files.push('chat_template.jinja');
    return decodeTemplate(jinja, jinjaPath);
  }
  const configPath = join(folder, 'tokenizer_config.json');
  const config = await readJsonFile(configPath, { code: 'BAD_TOKENIZER', maxBytes: MAX_TOKENIZER_FILE_BYTES, signal });
  if (config === null || config.chat_template == null) return null;
  files.push('tokenizer_config.json');
  const { chat_template: template } = config;
  if (typeof template === 'string') return template;
  const named = Array.isArray(template) ? (template as unknown[]).filter(isObject) : [];
  const byDefault = named.find((entry) => entry.name === 'default')?.template;
  if (typeof byDefault === 'string') return byDefault;
  warnings.push(`${configPath}: chat_template has no template named "default"; the file will hold none`);
  return null;
}

function decodeTemplate(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ToolkitError('BAD_CHAT_TEMPLATE', `${path}: is not UTF-8`, {
      suggestions: ['download the file again from the model’s page'],
      cause,
    });
  }
}
