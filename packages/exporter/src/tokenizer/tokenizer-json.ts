// Reads a tokenizer.json of the `tokenizers` library: byte-level BPE with the split pattern of Llama 3.

import { isObject, type JsonObject } from '@llama-ts/base';
import type { TokenizerData } from '@llama-ts/format';
import { show } from '../json-fields.js';
import { type AddedEntry, parseAddedTokens, splitEntries } from './added-tokens.js';
import type { ModelCollections } from './find-collections.js';
import { splitTokenizerJson, walkMerges, walkVocab } from './model-collections.js';
import { addVocab, parseMerges } from './parsed-collections.js';
import { addToken, badTokenizer, createTokenTable, hasToken, packTokens, type TokenTable } from './token-table.js';

/** Recognised letter by letter and never compiled. */
export const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** The members that are read before the collections. */
interface Beginning {
  readonly model: JsonObject;
  readonly added: readonly AddedEntry[];
  /** Table of the added tokens. */
  readonly table: TokenTable;
}

/** The content of a tokenizer.json. */
export interface TokenizerFile {
  readonly tokenizer: TokenizerData;
  /** The post-processor, which adds tokens around a text, as the file has it. */
  readonly postProcessor: unknown;
}

/**
 * Reads the object in a tokenizer.json.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function parseTokenizerJson(json: JsonObject, name: string): TokenizerData {
  const beginning = readBeginning(json, name);
  const { vocab, merges } = beginning.model;
  return readParsed(beginning, Object.entries(vocab as JsonObject), merges as unknown[], name);
}

/**
 * Reads the bytes of a tokenizer.json, and never holds all of it parsed.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function readTokenizerJson(bytes: Uint8Array, name: string): TokenizerData {
  return readTokenizerFile(bytes, name).tokenizer;
}

/** Reads the tokenizer and everything else that the file says. @throws ToolkitError `BAD_TOKENIZER` */
export function readTokenizerFile(bytes: Uint8Array, name: string): TokenizerFile {
  const { json, collections } = splitTokenizerJson(bytes, name);
  const { post_processor: postProcessor } = json;
  if (collections === null) return { tokenizer: parseTokenizerJson(json, name), postProcessor };
  const beginning = readBeginning(json, name);
  const { vocab, merges } = collections;
  const tokenizer =
    finishPlain(beginning, collections, name) ??
    readParsed(beginning, walkVocab(bytes, vocab, name), walkMerges(bytes, merges, name), name);
  return { tokenizer, postProcessor };
}

function readBeginning(json: JsonObject, name: string): Beginning {
  const { model } = json;
  if (!isObject(model) || model.type !== 'BPE') {
    const type = isObject(model) ? model.type : model;
    throw badTokenizer(name, `model of type ${show(type)}, expected "BPE"`);
  }
  for (const field of ['unk_token', 'dropout', 'continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model[field] != null && model[field] !== '') {
      throw badTokenizer(name, `model.${field} ${show(model[field])}, expected null`);
    }
  }
  if (model.byte_fallback === true) throw badTokenizer(name, 'model.byte_fallback true, expected byte-level BPE');
  if (json.normalizer != null) throw badTokenizer(name, `normalizer ${show(json.normalizer)}, expected null`);
  checkPreTokenizer(json.pre_tokenizer, name);
  if (!isObject(model.vocab)) throw badTokenizer(name, `model.vocab ${show(model.vocab)}, expected an object`);
  const table = createTokenTable();
  const encoder = new TextEncoder();
  const added = parseAddedTokens(json.added_tokens, name);
  for (const token of added) addToken(table, token.id, encoder.encode(token.name), name);
  return { model, added, table };
}

/** The tokenizer of plain collections; null where they are not, or go together in an unusual way. */
function finishPlain(
  { model, added }: Beginning,
  { vocab, merges }: ModelCollections,
  name: string,
): TokenizerData | null {
  if (vocab.content === null || merges.content === null || !Array.isArray(model.merges)) return null;
  const { table } = vocab.content;
  const encoder = new TextEncoder();
  const names = added.map((token) => encoder.encode(token.name));
  // An added token that the vocabulary lists too is unusual.
  const isListed = names.some((bytes) => vocab.content!.index.find(bytes, 0, bytes.byteLength) >= 0);
  if (isListed || added.some(({ id }) => hasToken(table, id))) return null;
  for (const [i, { id }] of added.entries()) addToken(table, id, names[i]!, name);
  const ignoreMerges = model.ignore_merges === true;
  return packTokens(table, splitEntries(added), { ignoreMerges, merges: merges.content }, name);
}

function readParsed(
  { model, added, table }: Beginning,
  vocab: Iterable<readonly [string, unknown]>,
  mergeEntries: Iterable<unknown>,
  name: string,
): TokenizerData {
  const { idOf, listed } = addVocab(vocab, table, new Map(added.map((token) => [token.name, token])), name);
  if (!Array.isArray(model.merges)) throw badTokenizer(name, `model.merges ${show(model.merges)}, expected a list`);
  const merges = parseMerges(mergeEntries, idOf, name);
  const entries = added.map((token) => (listed.has(token.id) ? { ...token, inVocabulary: true } : token));
  return packTokens(table, splitEntries(entries), { ignoreMerges: model.ignore_merges === true, merges }, name);
}

function checkPreTokenizer(preTokenizer: unknown, name: string): void {
  const steps = isObject(preTokenizer) && preTokenizer.type === 'Sequence' ? preTokenizer.pretokenizers : undefined;
  const [split, byteLevel] = Array.isArray(steps) && steps.length === 2 ? (steps as unknown[]) : [];
  if (!isObject(split) || split.type !== 'Split' || !isObject(byteLevel) || byteLevel.type !== 'ByteLevel') {
    throw badTokenizer(name, `pre_tokenizer ${show(preTokenizer)}, expected a Sequence of Split and ByteLevel`);
  }
  const pattern = isObject(split.pattern) ? split.pattern.Regex : undefined;
  if (pattern !== LLAMA3_PATTERN || split.behavior !== 'Isolated' || split.invert === true) {
    throw badTokenizer(name, `split pattern ${show(split.pattern)}, expected Llama 3's, isolated`);
  }
  if (byteLevel.add_prefix_space === true || byteLevel.use_regex !== false) {
    throw badTokenizer(name, `ByteLevel ${show(byteLevel)}, expected add_prefix_space and use_regex false`);
  }
}
