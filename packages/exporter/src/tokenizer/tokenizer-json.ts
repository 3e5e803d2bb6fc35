// Reads a tokenizer.json of the `tokenizers` library: byte-level BPE with the split pattern of Llama 3.

import type { SpecialToken, TokenizerData } from '@llama-ts/format';
import { isObject, type JsonObject, show } from '../json-fields.js';
import { decodeByteSymbols } from './byte-alphabet.js';
import { type ModelCollections, splitTokenizerJson } from './model-collections.js';
import { addToken, badTokenizer, packTokens, type TokenTable } from './token-table.js';

const LONE_SURROGATE = /\p{Surrogate}/u;
/** Recognised letter by letter and never compiled. */
export const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/**
 * Reads the object in a tokenizer.json. Every added token counts as special.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function parseTokenizerJson(json: JsonObject, name: string): TokenizerData {
  return parseWith(json, {}, name);
}

/**
 * Reads the bytes of a tokenizer.json, and never holds all of it parsed.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function readTokenizerJson(bytes: Uint8Array, name: string): TokenizerData {
  const { json, collections } = splitTokenizerJson(bytes, name);
  return parseWith(json, collections, name);
}

function parseWith(json: JsonObject, collections: ModelCollections, name: string): TokenizerData {
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

  const { vocab } = model;
  if (!isObject(vocab)) throw badTokenizer(name, `model.vocab ${show(vocab)}, expected an object`);
  const table: TokenTable = new Map();
  const idOf = new Map<string, number>();
  const specialTokens = addSpecials(json.added_tokens, table, name);
  const specialNames = new Map(specialTokens.map((special) => [special.name, special.id]));
  for (const [token, id] of collections.vocab ?? Object.entries(vocab)) {
    // Some files list special tokens in the vocabulary as well.
    if (specialNames.get(token) === id) continue;
    const bytes = decodeByteSymbols(token);
    if (bytes === null) throw badTokenizer(name, `token ${show(token)} holds a character that stands for no byte`);
    if (idOf.has(token)) throw badTokenizer(name, `token ${show(token)} is in model.vocab twice, expected once`);
    idOf.set(token, addToken(table, id, bytes, name));
  }
  if (!Array.isArray(model.merges)) throw badTokenizer(name, `model.merges ${show(model.merges)}, expected a list`);
  const merges = parseMerges(collections.merges ?? (model.merges as unknown[]), idOf, name);
  return packTokens(table, specialTokens, { ignoreMerges: model.ignore_merges === true, merges }, name);
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

function addSpecials(added: unknown, table: TokenTable, name: string): SpecialToken[] {
  if (added != null && !Array.isArray(added)) throw badTokenizer(name, 'added_tokens is not a list');
  const encoder = new TextEncoder();
  return ((added as unknown[] | null | undefined) ?? []).map((token, i) => {
    if (!isObject(token) || typeof token.content !== 'string' || LONE_SURROGATE.test(token.content)) {
      throw badTokenizer(name, `added_tokens[${i}] ${show(token)}, expected an object with id and content`);
    }
    return { id: addToken(table, token.id, encoder.encode(token.content), name), name: token.content };
  });
}

/** (nMerges, 2) from `"a b"` strings or `["a", "b"]` pairs. */
function parseMerges(merges: Iterable<unknown>, idOf: ReadonlyMap<string, number>, name: string): Uint32Array {
  const ids: number[] = [];
  for (const merge of merges) {
    const i = ids.length / 2;
    const parts: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== 'string' || typeof right !== 'string') {
      throw badTokenizer(name, `model.merges[${i}] ${show(merge)}, expected two tokens`);
    }
    for (const token of [left, right, left + right]) {
      if (!idOf.has(token)) throw badTokenizer(name, `model.merges[${i}] names ${show(token)}, which is no token`);
    }
    ids.push(idOf.get(left)!, idOf.get(right)!);
  }
  return Uint32Array.from(ids);
}
