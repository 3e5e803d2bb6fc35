// The metadata llama.cpp needs of a Llama model: dimensions, RoPE, tokenizer and chat template.

import { countUsedTokens, promptPrefix, type TokenizerData } from '@llama-ts/format';
import type { GgufValue, TensorType } from '@llama-ts/gguf';
import type { CompleteFacts } from '../source/model-source.js';
import { END_OF_MESSAGE, END_OF_TURN, endTokenNamed, mainEndToken } from './end-token.js';
import { mergeSymbols, tokenSymbols } from './token-symbols.js';

type Entry = readonly [key: string, value: GgufValue];

/** `enum llama_ftype` of llama.cpp. */
const FILE_TYPES: Readonly<Record<TensorType, number>> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 7, IQ4_NL: 25, BF16: 32 };
const QUANTIZATION_VERSION = 2;
/** `enum llama_token_type` of llama.cpp. */
const TOKEN_TYPES = { normal: 1, control: 3, userDefined: 4, unused: 5 };
/**
 * Llama 3's split pattern by the names llama.cpp has for it: the first takes a piece that is a token whole, without
 * merging; the second does not.
 *
 * @see llama.cpp, src/llama-vocab.cpp, LLAMA_VOCAB_PRE_TYPE_LLAMA3 and LLAMA_VOCAB_PRE_TYPE_DBRX
 */
const PRE_TOKENIZERS = { ignoreMerges: 'llama-bpe', mergesOnly: 'dbrx' };

/** Keys and values, in the order of llama.cpp's own converter. @param type of most matrices */
export function ggufMetadata(source: CompleteFacts, type: TensorType): Entry[] {
  return [
    ['general.architecture', text('llama')],
    ['general.type', text('model')],
    ['general.name', text(source.modelName)],
    ['general.file_type', u32(FILE_TYPES[type])],
    ['general.quantization_version', u32(QUANTIZATION_VERSION)],
    ...modelMetadata(source),
    ...tokenizerMetadata(source),
  ];
}

function modelMetadata({ dimensions, settings }: CompleteFacts): Entry[] {
  const { dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, maxSeqLen } = dimensions;
  const headDim = dim / nHeads;
  return [
    ['llama.block_count', u32(nLayers)],
    ['llama.context_length', u32(maxSeqLen)],
    ['llama.embedding_length', u32(dim)],
    ['llama.feed_forward_length', u32(hiddenDim)],
    ['llama.attention.head_count', u32(nHeads)],
    ['llama.attention.head_count_kv', u32(nKvHeads)],
    ['llama.rope.freq_base', { kind: 'f32', value: settings.ropeTheta }],
    ['llama.attention.layer_norm_rms_epsilon', { kind: 'f32', value: settings.normEpsilon }],
    ['llama.attention.key_length', u32(headDim)],
    ['llama.attention.value_length', u32(headDim)],
    ['llama.vocab_size', u32(vocabSize)],
    ['llama.rope.dimension_count', u32(headDim)],
  ];
}

function tokenizerMetadata(model: CompleteFacts): Entry[] {
  const { tokenizer, settings } = model;
  if (tokenizer === null) return [['tokenizer.ggml.model', text('no_vocab')]];
  const symbols = tokenSymbols(tokenizer);
  const pre = tokenizer.ignoreMerges ? PRE_TOKENIZERS.ignoreMerges : PRE_TOKENIZERS.mergesOnly;
  const ids: readonly (readonly [key: string, id: number | null])[] = [
    ['bos', settings.bosId],
    ['eos', mainEndToken(settings, tokenizer)],
    ['eot', endTokenNamed(END_OF_TURN, settings, tokenizer)],
    ['eom', endTokenNamed(END_OF_MESSAGE, settings, tokenizer)],
  ];
  return [
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text(pre)],
    ['tokenizer.ggml.tokens', { kind: 'array', of: 'string', values: symbols }],
    ['tokenizer.ggml.token_type', { kind: 'array', of: 'i32', values: tokenTypes(tokenizer) }],
    [
      'tokenizer.ggml.merges',
      { kind: 'array', of: 'string', values: mergeSymbols(tokenizer, symbols).map((pair) => pair.join(' ')) },
    ],
    ...ids.flatMap(([key, id]): Entry[] => (id === null ? [] : [[`tokenizer.ggml.${key}_token_id`, u32(id)]])),
    ['tokenizer.ggml.add_bos_token', { kind: 'bool', value: promptPrefix(settings).length > 0 }],
    ...(settings.suffixIds === undefined
      ? []
      : [['tokenizer.ggml.add_eos_token', { kind: 'bool', value: true }] as const]),
    ...templateMetadata(model),
  ];
}

/**
 * Names of templates are letters and digits there, as in llama.cpp's own converter.
 *
 * @see llama.cpp, gguf-py/gguf/gguf_writer.py, add_chat_template
 */
function templateMetadata({ chatTemplate, namedTemplates = {} }: CompleteFacts): Entry[] {
  const named = Object.entries(namedTemplates).map(
    ([name, template]) => [name.replace(/[^a-zA-Z0-9]/gu, '_'), template] as const,
  );
  return [
    ...named.map(([name, template]): Entry => [`tokenizer.chat_template.${name}`, text(template)]),
    ...(named.length === 0
      ? []
      : [['tokenizer.chat_templates', { kind: 'array', of: 'string', values: named.map(([name]) => name) }] as const]),
    ...(chatTemplate === null ? [] : [['tokenizer.chat_template', text(chatTemplate)] as const]),
  ];
}

/** (nTokens) */
function tokenTypes(tokenizer: TokenizerData): Int32Array {
  const { nTokens, specialTokens, addedTokens = [] } = tokenizer;
  const types = new Int32Array(nTokens).fill(TOKEN_TYPES.normal);
  types.fill(TOKEN_TYPES.unused, countUsedTokens(tokenizer));
  for (const { id } of addedTokens) types[id] = TOKEN_TYPES.userDefined;
  for (const { id } of specialTokens) types[id] = TOKEN_TYPES.control;
  return types;
}

function text(value: string): GgufValue {
  return { kind: 'string', value };
}

function u32(value: number): GgufValue {
  return { kind: 'u32', value };
}
