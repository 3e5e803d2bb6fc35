// Writes a tokenizer.json of the `tokenizers` library, as Llama 3.2's own is made.

import type { JsonObject } from '@llama-ts/base';
import {
  type AddedToken,
  type BoundaryTokens,
  countUsedTokens,
  promptPrefix,
  type TokenizerData,
} from '@llama-ts/format';
import { LLAMA3_PATTERN } from '../tokenizer/tokenizer-json.js';
import { mergeSymbols, tokenSymbols } from './token-symbols.js';

/** @param boundaries what is put before and after every text */
export function hfTokenizerJson(tokenizer: TokenizerData, boundaries: BoundaryTokens): JsonObject {
  const { specialTokens, addedTokens = [] } = tokenizer;
  const symbols = tokenSymbols(tokenizer);
  const apartIds = new Set(
    [...specialTokens, ...addedTokens.filter((token) => !token.inVocabulary)].map(({ id }) => id),
  );
  const used = symbols.slice(0, countUsedTokens(tokenizer));
  const vocab = Object.fromEntries([...used.entries()].flatMap(([id, text]) => (apartIds.has(id) ? [] : [[text, id]])));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      ...specialTokens.map((token) => addedToken(token, true)),
      ...addedTokens.map((token) => addedToken(token, false)),
    ].sort((a, b) => a.id - b.id),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: LLAMA3_PATTERN }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: postProcessor(symbols, promptPrefix(boundaries), boundaries.suffixIds ?? []),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: tokenizer.ignoreMerges,
      vocab,
      merges: mergeSymbols(tokenizer, symbols),
    },
  };
}

function addedToken(token: AddedToken, special: boolean) {
  const { id, name, singleWord = false, lstrip = false, rstrip = false, normalized = false } = token;
  return { id, content: name, single_word: singleWord, lstrip, rstrip, normalized, special };
}

function postProcessor(
  symbols: readonly string[],
  prefixIds: readonly number[],
  suffixIds: readonly number[],
): JsonObject {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true };
  if (prefixIds.length + suffixIds.length === 0) return byteLevel;
  const special = (typeId: number) => (id: number) => ({ SpecialToken: { id: symbols[id]!, type_id: typeId } });
  const part = (sequence: string, typeId: number) => [
    ...prefixIds.map(special(typeId)),
    { Sequence: { id: sequence, type_id: typeId } },
    ...suffixIds.map(special(typeId)),
  ];
  const names = [...new Set([...prefixIds, ...suffixIds])].map((id) => [symbols[id]!, id] as const);
  const template = {
    type: 'TemplateProcessing',
    single: part('A', 0),
    pair: [...part('A', 0), ...part('B', 1)],
    special_tokens: Object.fromEntries(names.map(([name, id]) => [name, { id: name, ids: [id], tokens: [name] }])),
  };
  return { type: 'Sequence', processors: [byteLevel, template] };
}
