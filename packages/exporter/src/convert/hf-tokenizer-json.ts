// Writes a tokenizer.json of the `tokenizers` library, as Llama 3.2's own is made.

import type { TokenizerData } from '@llama-ts/format';
import type { JsonObject } from '../json-fields.js';
import { LLAMA3_PATTERN } from '../tokenizer/tokenizer-json.js';
import { mergeSymbols, tokenSymbols } from './token-symbols.js';

/** @param bosId put before every text; null for none */
export function hfTokenizerJson(tokenizer: TokenizerData, bosId: number | null): JsonObject {
  const symbols = tokenSymbols(tokenizer);
  const specialIds = new Set(tokenizer.specialTokens.map(({ id }) => id));
  const vocab = Object.fromEntries(
    [...symbols.entries()].flatMap(([id, symbol]) => (specialIds.has(id) ? [] : [[symbol, id]])),
  );
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokenizer.specialTokens.map(({ id, name }) => ({
      id,
      content: name,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: LLAMA3_PATTERN }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: postProcessor(bosId === null ? null : symbols[bosId]!, bosId),
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

function postProcessor(bosName: string | null, bosId: number | null): JsonObject {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true };
  if (bosName === null) return byteLevel;
  const part = (sequence: string, typeId: number) => [
    { SpecialToken: { id: bosName, type_id: typeId } },
    { Sequence: { id: sequence, type_id: typeId } },
  ];
  const template = {
    type: 'TemplateProcessing',
    single: part('A', 0),
    pair: [...part('A', 0), ...part('B', 1)],
    special_tokens: { [bosName]: { id: bosName, ids: [bosId], tokens: [bosName] } },
  };
  return { type: 'Sequence', processors: [byteLevel, template] };
}
