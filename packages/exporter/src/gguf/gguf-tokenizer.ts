// Reads tokenizer, boundary tokens and chat templates from the metadata of a GGUF file.

import {
  type BoundaryTokens,
  type EndTokenSource,
  type TemplateFacts,
  type TokenizerData,
  templateFacts,
} from '@llama-ts/format';
import type { GgufStrings } from '@llama-ts/gguf';
import { show } from '../json-fields.js';
import { type AddedEntry, splitEntries } from '../tokenizer/added-tokens.js';
import { decodeByteSymbols } from '../tokenizer/byte-alphabet.js';
import { MAX_TEMPLATE_BYTES, MAX_TEMPLATES, unusualTokens } from '../tokenizer/chat-templates.js';
import { parseMerges } from '../tokenizer/parsed-collections.js';
import { addToken, badTokenizer, createTokenTable, packTokens, padTokenizer } from '../tokenizer/token-table.js';
import { unsupported } from './gguf-config.js';
import type { GgufFields } from './gguf-fields.js';

const TOKENS = 'tokenizer.ggml.tokens';
const TYPES = 'tokenizer.ggml.token_type';
const MERGES = 'tokenizer.ggml.merges';
const TEMPLATE = 'tokenizer.chat_template';
const TEMPLATES = 'tokenizer.chat_templates';
/** `enum llama_token_type` of llama.cpp. */
const NORMAL = 1;
const USER_DEFINED = 4;
const UNUSED = 5;
const BYTE = 6;
/**
 * llama.cpp's names for Llama 3's split pattern, and whether a piece that is a token is taken whole.
 *
 * @see llama.cpp, src/llama-vocab.cpp, LLAMA_VOCAB_PRE_TYPE_LLAMA3, LLAMA_VOCAB_PRE_TYPE_DBRX, LLAMA_VOCAB_PRE_TYPE_SMAUG
 */
const ignoresMerges: ReadonlyMap<string, boolean> = new Map([
  ['llama-bpe', true],
  ['llama3', true],
  ['llama-v3', true],
  ['dbrx', false],
  ['smaug-bpe', false],
]);
/** Special tokens that end an answer by their name, as in llama.cpp. @see llama.cpp, src/llama-vocab.cpp, special_eog_ids */
const END_NAMES = new Set(['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|im_end|>', '<|end|>', '<|endoftext|>']);
const END_KEYS = ['eos', 'eot', 'eom'].map((token) => `tokenizer.ggml.${token}_token_id`);

/** What a file says of texts. */
export interface GgufText extends TemplateFacts {
  readonly tokenizer: TokenizerData | null;
  readonly boundaries: BoundaryTokens;
  readonly eosSources: readonly EndTokenSource[];
  readonly chatTemplate: string | null;
  readonly warnings: readonly string[];
}

/** @throws ToolkitError `BAD_TOKENIZER`, `UNSUPPORTED_MODEL`, `BAD_CONFIG` */
export function ggufText(fields: GgufFields, vocabSize: number): GgufText {
  const { name } = fields;
  const warnings: string[] = [];
  const tokenizer = readTokenizer(fields, vocabSize, warnings);
  if (tokenizer === null) warnings.push(`${name}: holds no tokenizer; the file will hold none`);
  const idAt = (key: string): number | null => {
    const id = fields.number(key) ?? null;
    if (id === null || (Number.isInteger(id) && id >= 0 && id < vocabSize)) return id;
    throw badTokenizer(name, `${key} is ${id}, expected an id below ${vocabSize}`);
  };
  const bosId = idAt('tokenizer.ggml.bos_token_id');
  const eosSources = endTokens(tokenizer, idAt);
  if (eosSources.length === 0) {
    warnings.push(`${name}: names no end-of-sequence token; generation will not stop by itself`);
  }
  const eosId = idAt(END_KEYS[0]!);
  const addsEos = fields.flag('tokenizer.ggml.add_eos_token') === true && eosId !== null;
  const boundaries = {
    bosId,
    eosIds: eosSources.map(({ id }) => id),
    ...(fields.flag('tokenizer.ggml.add_bos_token') === false ? { prefixIds: [] } : {}),
    ...(addsEos ? { suffixIds: [eosId] } : {}),
  };
  return { tokenizer, boundaries, eosSources, ...readTemplates(fields, tokenizer, { bosId, eosId }), warnings };
}

function readTokenizer(fields: GgufFields, vocabSize: number, warnings: string[]): TokenizerData | null {
  const { name } = fields;
  const model = fields.text('tokenizer.ggml.model') ?? 'no_vocab';
  if (model === 'no_vocab' || model === 'none') return null;
  if (model !== 'gpt2') {
    throw unsupported(name, `tokenizer.ggml.model is ${show(model)} (not one of Llama 3), expected "gpt2"`);
  }
  const pre = fields.text('tokenizer.ggml.pre');
  const ignoreMerges = ignoresMerges.get(pre ?? '');
  if (ignoreMerges === undefined) {
    const found = pre === undefined ? 'no tokenizer.ggml.pre' : `tokenizer.ggml.pre is ${show(pre)}`;
    throw unsupported(name, `${found}, expected one with the split pattern of Llama 3, such as "llama-bpe"`);
  }
  const tokens = stringsAt(fields, TOKENS);
  const merges = stringsAt(fields, MERGES);
  const types = typesAt(fields, tokens.length);
  if (tokens.length > vocabSize) {
    throw badTokenizer(name, `${tokens.length} tokens, expected at most ${vocabSize}, the rows of the embedding`);
  }
  let nUsed = tokens.length;
  while (nUsed > 0 && types[nUsed - 1] === UNUSED) nUsed--;
  const table = createTokenTable();
  const idOf = new Map<string, number>();
  const names = new Map<string, number>();
  const added: AddedEntry[] = [];
  const encoder = new TextEncoder();
  for (let id = 0; id < nUsed; id++) {
    const token = tokens.at(id);
    const type = types[id]!;
    if (type < NORMAL || type >= BYTE) throw badTokenizer(name, `token ${id} of type ${type}, expected 1 to 5`);
    const isAdded = type !== NORMAL;
    const known = isAdded ? names : idOf;
    if (known.has(token)) throw badTokenizer(name, `token ${show(token)} is there twice, expected once`);
    known.set(token, id);
    if (isAdded) added.push({ id, name: token, isSpecial: type !== USER_DEFINED });
    const bytes = isAdded ? encoder.encode(token) : decodeByteSymbols(token);
    if (bytes === null) throw badTokenizer(name, `token ${show(token)} holds a character that stands for no byte`);
    addToken(table, id, bytes, name);
  }
  const rest = { ignoreMerges, merges: parseMerges(eachOf(merges), idOf, name, MERGES) };
  const tokenizer = packTokens(table, splitEntries(added), rest, name);
  if (nUsed === vocabSize) return tokenizer;
  // Writers fill a padded vocabulary with unused tokens: only a file that does not is unusual.
  if (tokens.length < vocabSize) {
    warnings.push(`${name}: ${tokens.length} tokens for a vocabulary of ${vocabSize}; the ids after them are unused`);
  }
  return padTokenizer(tokenizer, vocabSize);
}

function* eachOf(strings: GgufStrings): Generator<string> {
  for (let i = 0; i < strings.length; i++) yield strings.at(i);
}

function stringsAt({ name, value }: GgufFields, key: string): GgufStrings {
  const found = value(key);
  if (found?.kind === 'array' && found.of === 'string') return found.values;
  throw badTokenizer(name, `${found === undefined ? `no ${key}` : `${key} of another kind`}, expected texts`);
}

/** (nTokens) */
function typesAt({ name, value }: GgufFields, nTokens: number): ArrayLike<number> {
  const found = value(TYPES);
  if (found?.kind === 'array' && (found.of === 'i32' || found.of === 'u32') && found.values.length === nTokens) {
    return found.values as ArrayLike<number>;
  }
  throw badTokenizer(name, `${TYPES} is not there or of another length, expected ${nTokens} numbers, one a token`);
}

/** Each id once, in ascending order, with the keys that name it. */
function endTokens(tokenizer: TokenizerData | null, idAt: (key: string) => number | null): EndTokenSource[] {
  const sources = new Map<number, string[]>();
  const add = (id: number, source: string) => sources.set(id, [...(sources.get(id) ?? []), source]);
  for (const key of END_KEYS) {
    const id = idAt(key);
    if (id !== null) add(id, key);
  }
  for (const { id, name } of tokenizer?.specialTokens ?? []) if (END_NAMES.has(name)) add(id, 'its name');
  return [...sources].map(([id, named]) => ({ id, sources: named })).sort((a, b) => a.id - b.id);
}

function readTemplates(
  fields: GgufFields,
  tokenizer: TokenizerData | null,
  { bosId, eosId }: { readonly bosId: number | null; readonly eosId: number | null },
): TemplateFacts & { readonly chatTemplate: string | null } {
  const templateAt = (key: string): string | undefined => {
    const text = fields.text(key);
    if (text === undefined || text.length <= MAX_TEMPLATE_BYTES) return text;
    throw badTokenizer(fields.name, `${key} has ${text.length} characters, expected at most ${MAX_TEMPLATE_BYTES}`);
  };
  const chatTemplate = templateAt(TEMPLATE) ?? null;
  const names = fields.has(TEMPLATES) ? stringsAt(fields, TEMPLATES) : null;
  if (names !== null && names.length > MAX_TEMPLATES) {
    throw badTokenizer(fields.name, `${TEMPLATES} names ${names.length}, expected at most ${MAX_TEMPLATES}`);
  }
  const namedTemplates = Object.fromEntries(
    [...(names === null ? [] : eachOf(names))].flatMap((template) => {
      const text = templateAt(`${TEMPLATE}.${template}`);
      return text === undefined ? [] : [[template, text]];
    }),
  );
  const nameOf = (id: number | null) => tokenizer?.specialTokens.find((token) => token.id === id)?.name;
  const all = { bos_token: nameOf(bosId), eos_token: nameOf(eosId) };
  const templateTokens = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const isNone = chatTemplate === null && Object.keys(namedTemplates).length === 0;
  const unusual = isNone ? {} : unusualTokens({ templateTokens, tokenizer }, bosId);
  return { chatTemplate, ...templateFacts({ namedTemplates, templateTokens: unusual }) };
}
