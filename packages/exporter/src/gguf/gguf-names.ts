// Names of a Llama model's tensors in GGUF.

import type { BinTensor, TensorKind } from '@llama-ts/format';

/** Names of tensors in one layer, after `blk.N.`. Rows of q and k are in Meta's order, as in a .bin. */
const layerNames = {
  attentionNorm: 'attn_norm',
  wq: 'attn_q',
  wk: 'attn_k',
  wv: 'attn_v',
  wo: 'attn_output',
  ffnNorm: 'ffn_norm',
  w1: 'ffn_gate',
  w2: 'ffn_down',
  w3: 'ffn_up',
} as const;
const globalNames: Partial<Record<TensorKind, string>> = {
  embedding: 'token_embd.weight',
  finalNorm: 'output_norm.weight',
  classifier: 'output.weight',
};

export const GGUF_EMBEDDING = 'token_embd.weight';
export const GGUF_CLASSIFIER = 'output.weight';
/** Divisors of the RoPE frequencies. */
export const GGUF_ROPE_FACTORS = 'rope_freqs.weight';

/** GGUF's name of a tensor. */
export function ggufName({ kind, layer }: Pick<BinTensor, 'kind' | 'layer'>): string {
  return layer === null ? globalNames[kind]! : `blk.${layer}.${layerNames[kind as keyof typeof layerNames]}.weight`;
}
