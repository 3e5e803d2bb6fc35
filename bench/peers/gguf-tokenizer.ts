// The tokenizer of a Hugging Face folder as GGUF metadata, so that peers load a vocabulary as they do in use.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GgufValue } from '@llama-ts/gguf';

/** Kinds of token in llama.cpp. */
const NORMAL_TOKEN = 1;
const CONTROL_TOKEN = 3;

/** The fields of tokenizer.json that are used. */
interface TokenizerJson {
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    /** `a b`, or since tokenizers 0.20 a pair. */
    readonly merges: readonly (string | readonly [string, string])[];
  };
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
}

/** A key and its value. */
export type MetadataEntry = readonly [key: string, value: GgufValue];

/** Metadata of a byte-level BPE tokenizer with Llama 3's split pattern; of none where the folder has no tokenizer. */
export async function tokenizerMetadata(folder: string): Promise<MetadataEntry[]> {
  const text = await readFile(join(folder, 'tokenizer.json'), 'utf8').catch(() => null);
  if (text === null) return [['tokenizer.ggml.model', { kind: 'string', value: 'no_vocab' }]];
  const { model, added_tokens: addedTokens }: TokenizerJson = JSON.parse(text);
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  for (const { id, content } of addedTokens) tokens[id] = content;
  const types = new Int32Array(tokens.length).fill(NORMAL_TOKEN);
  for (const { id } of addedTokens) types[id] = CONTROL_TOKEN;
  const merges = model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  const idOf = (name: string) => tokens.indexOf(name);
  return [
    ['tokenizer.ggml.model', { kind: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { kind: 'string', value: 'llama-bpe' }],
    ['tokenizer.ggml.tokens', { kind: 'array', of: 'string', values: tokens }],
    ['tokenizer.ggml.token_type', { kind: 'array', of: 'i32', values: types }],
    ['tokenizer.ggml.merges', { kind: 'array', of: 'string', values: merges }],
    ['tokenizer.ggml.bos_token_id', { kind: 'u32', value: idOf('<|begin_of_text|>') }],
    ['tokenizer.ggml.eos_token_id', { kind: 'u32', value: idOf('<|eot_id|>') }],
  ];
}
