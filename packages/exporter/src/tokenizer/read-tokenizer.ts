// Finds the tokenizer and the chat template of a checkpoint folder.

import { isObject, type JsonObject, joinPath, shellQuote, shellWord, ToolkitError } from '@llama-ts/base';
import type { TemplateFacts, TokenizerData } from '@llama-ts/format';
import { readJsonFile, readSmallFile, show } from '../json-fields.js';
import { withConfiguredTokens } from './added-tokens.js';
import { readChatTemplates } from './chat-templates.js';
import { parseTiktoken } from './tiktoken.js';
import { padTokenizer } from './token-table.js';
import { readTokenizerFile, type TokenizerFile } from './tokenizer-json.js';

/** Llama 3's tokenizer.json takes 17 MB. */
const MAX_TOKENIZER_FILE_BYTES = 128 * 1024 * 1024;

/** Where a checkpoint of Hugging Face has Meta's file. */
const DEFAULT_MODEL_FILE = 'original/tokenizer.model';
/** Tokens that an error names. */
const MAX_NAMED = 5;

/** The tokenizer of a folder. */
export interface FolderTokenizer extends TemplateFacts {
  readonly tokenizer: TokenizerData | null;
  /** The post-processor of tokenizer.json, as the file has it; undefined without the file. */
  readonly postProcessor: unknown;
  readonly chatTemplate: string | null;
  /** tokenizer_config.json; null without one. */
  readonly config: JsonObject | null;
  /** special_tokens_map.json, where tokenizer_config.json names no end token; null without one. */
  readonly specialTokensMap: JsonObject | null;
  /** Files that were read, relative to the folder. */
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/** The tokens of a folder, without what a model adds: its vocabulary and its chat templates. */
export type FolderTokens = Pick<
  FolderTokenizer,
  'tokenizer' | 'postProcessor' | 'config' | 'specialTokensMap' | 'files' | 'warnings'
>;

/**
 * Reads tokenizer.json, else Meta's tokenizer.model, with what tokenizer_config.json says of added tokens; and the chat
 * templates.
 *
 * @param modelFile where Meta's file is, relative to the folder
 * @throws ToolkitError `BAD_TOKENIZER`, `BAD_CHAT_TEMPLATE`, `FILE_UNREADABLE`
 */
export async function readTokenizer(
  folder: string,
  vocabSize: number,
  signal: AbortSignal | undefined,
  modelFile = DEFAULT_MODEL_FILE,
): Promise<FolderTokenizer> {
  const tokens = await readFolderTokens(folder, signal, modelFile);
  const warnings = [...tokens.warnings];
  const { tokenizer: found, files } = tokens;
  const tokenizer = found && fitVocabulary(found, vocabSize, folder, files[0]!, warnings);
  if (found === null) warnings.push(`${folder}: no tokenizer.json or ${modelFile}; the file will hold no tokenizer`);
  const templates = await readChatTemplates(folder, tokens.config, signal);
  return {
    ...templates,
    ...tokens,
    tokenizer,
    files: [...files, ...templates.files],
    warnings: [...warnings, ...templates.warnings],
  };
}

/**
 * Reads the tokenizer of a folder alone, of whatever vocabulary.
 *
 * @param modelFile where Meta's file is, relative to the folder
 * @throws ToolkitError `BAD_TOKENIZER`, `FILE_UNREADABLE`
 */
export async function readFolderTokens(
  folder: string,
  signal: AbortSignal | undefined,
  modelFile: string,
): Promise<FolderTokens> {
  const files: string[] = [];
  const config = await readJson(folder, 'tokenizer_config.json', signal);
  const found = await findTokenizer({ folder, modelFile, config, files }, signal);
  const { tokenizer, warnings } =
    found === null
      ? { tokenizer: null, warnings: [] }
      : withConfiguredTokens(found.tokenizer, config?.added_tokens_decoder, joinPath(folder, 'tokenizer_config.json'));
  if (config !== null) files.push('tokenizer_config.json');
  const specialTokensMap = config?.eos_token == null ? await readJson(folder, 'special_tokens_map.json', signal) : null;
  if (specialTokensMap !== null) files.push('special_tokens_map.json');
  return { tokenizer, postProcessor: found?.postProcessor, config, specialTokensMap, files, warnings };
}

function readJson(folder: string, file: string, signal: AbortSignal | undefined): Promise<JsonObject | null> {
  return readJsonFile(joinPath(folder, file), {
    code: 'BAD_TOKENIZER' as const,
    maxBytes: MAX_TOKENIZER_FILE_BYTES,
    signal,
  });
}

/** A vocabulary may be larger than the tokenizer: rows of the embedding that no token uses. */
function fitVocabulary(
  tokenizer: TokenizerData,
  vocabSize: number,
  folder: string,
  file: string,
  warnings: string[],
): TokenizerData {
  const { nTokens } = tokenizer;
  if (nTokens > vocabSize) throw tooManyTokens(tokenizer, vocabSize, folder, file);
  if (nTokens === vocabSize) return tokenizer;
  const unused = nTokens === vocabSize - 1 ? `id ${nTokens} is` : `ids ${nTokens} to ${vocabSize - 1} are`;
  warnings.push(`${joinPath(folder, file)}: ${nTokens} tokens for a vocabulary of ${vocabSize}; ${unused} unused`);
  return padTokenizer(tokenizer, vocabSize);
}

function tooManyTokens(tokenizer: TokenizerData, vocabSize: number, folder: string, file: string): ToolkitError {
  const { nTokens, specialTokens, addedTokens = [] } = tokenizer;
  const stray = [...specialTokens, ...addedTokens].filter(({ id }) => id >= vocabSize).map(({ name }) => name);
  const more = stray.length > MAX_NAMED ? ` and ${stray.length - MAX_NAMED} more` : '';
  const listed = stray.slice(0, MAX_NAMED).map(show).join(', ') + more;
  const named = stray.length === 0 ? '' : `; the embedding has no row for ${listed}`;
  const resize =
    'from transformers import AutoModelForCausalLM as M; import sys; m = M.from_pretrained(sys.argv[1]); ' +
    `m.resize_token_embeddings(${nTokens}); m.save_pretrained(sys.argv[1])`;
  return new ToolkitError(
    'BAD_TOKENIZER',
    `${joinPath(folder, file)}: ${nTokens} tokens, expected at most ${vocabSize}, the vocab_size of config.json${named}`,
    {
      suggestions: [
        ...(stray.length === 0 ? [] : [`remove tokens that the model was not trained with from ${file}: ${listed}`]),
        `give them rows of the embedding: python3 -c ${shellWord(resize)} ${shellQuote(folder)}`,
      ],
    },
  );
}

/** Where a tokenizer may be; its name is added to `files`. */
interface TokenizerPlaces {
  readonly folder: string;
  readonly modelFile: string;
  readonly config: JsonObject | null;
  readonly files: string[];
}

async function findTokenizer(
  { folder, modelFile, config, files }: TokenizerPlaces,
  signal: AbortSignal | undefined,
): Promise<TokenizerFile | null> {
  const options = { code: 'BAD_TOKENIZER' as const, maxBytes: MAX_TOKENIZER_FILE_BYTES, signal };
  const jsonPath = joinPath(folder, 'tokenizer.json');
  const json = await readSmallFile(jsonPath, options);
  if (json !== null) {
    files.push('tokenizer.json');
    return readTokenizerFile(json, jsonPath);
  }
  const modelPath = joinPath(folder, modelFile);
  const bytes = await readSmallFile(modelPath, options);
  if (bytes === null) return null;
  files.push(modelFile);
  return {
    tokenizer: parseTiktoken(bytes, modelPath, namesOf(config?.added_tokens_decoder)),
    postProcessor: undefined,
  };
}

/** Names of special tokens by id, as tokenizer_config.json lists them. */
function namesOf(decoder: unknown): ReadonlyMap<number, string> {
  const entries = isObject(decoder) ? Object.entries(decoder) : [];
  return new Map(
    entries.flatMap(([id, token]): [number, string][] =>
      isObject(token) && typeof token.content === 'string' ? [[Number(id), token.content]] : [],
    ),
  );
}
