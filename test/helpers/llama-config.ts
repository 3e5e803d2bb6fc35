// The config.json of a checkpoint made for a test.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What differs between the checkpoints of tests. */
export interface LlamaSizes {
  readonly dim: number;
  readonly hiddenDim: number;
  readonly nLayers: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly vocabSize: number;
}

/** Writes the configuration of a small Llama with tied embeddings and plain RoPE. */
export async function writeLlamaConfig(folder: string, sizes: LlamaSizes): Promise<void> {
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: sizes.dim,
    intermediate_size: sizes.hiddenDim,
    num_hidden_layers: sizes.nLayers,
    num_attention_heads: sizes.nHeads,
    num_key_value_heads: sizes.nKvHeads,
    vocab_size: sizes.vocabSize,
    max_position_embeddings: 128,
    rms_norm_eps: 0.00001,
    rope_theta: 10000,
    bos_token_id: 1,
    eos_token_id: 2,
    tie_word_embeddings: true,
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}
