// Scratch folders and a checkpoint that takes a while to export.

import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that lives for one test. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llama-cli-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const DIM = 1024;
const HIDDEN_DIM = 4096;
const VOCAB_SIZE = 256;
const N_LAYERS = 4;

/** Writes config.json and 135 MB of zeros as weights, which take no room on a disk that keeps sparse files. */
export async function writeLargeCheckpoint(folder: string): Promise<void> {
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: DIM,
    intermediate_size: HIDDEN_DIM,
    num_hidden_layers: N_LAYERS,
    num_attention_heads: 16,
    num_key_value_heads: 16,
    vocab_size: VOCAB_SIZE,
    max_position_embeddings: 128,
    rms_norm_eps: 0.00001,
    rope_theta: 10000,
    bos_token_id: 1,
    eos_token_id: 2,
    tie_word_embeddings: true,
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, shape] of largeTensors()) {
    const start = end;
    end += 2 * shape.reduce((product, n) => product * n, 1);
    header[name] = { dtype: 'BF16', shape, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(join(folder, 'model.safetensors'), 'w');
  await file.write(Buffer.concat([length, json]));
  await file.truncate(8 + json.length + end);
  await file.close();
}

function* largeTensors(): Generator<[string, number[]]> {
  yield ['model.embed_tokens.weight', [VOCAB_SIZE, DIM]];
  yield ['model.norm.weight', [DIM]];
  for (let layer = 0; layer < N_LAYERS; layer++) {
    const prefix = `model.layers.${layer}`;
    yield [`${prefix}.input_layernorm.weight`, [DIM]];
    yield [`${prefix}.post_attention_layernorm.weight`, [DIM]];
    for (const name of ['q', 'k', 'v', 'o']) yield [`${prefix}.self_attn.${name}_proj.weight`, [DIM, DIM]];
    for (const name of ['gate', 'up']) yield [`${prefix}.mlp.${name}_proj.weight`, [HIDDEN_DIM, DIM]];
    yield [`${prefix}.mlp.down_proj.weight`, [DIM, HIDDEN_DIM]];
  }
}
