// A checkpoint that takes a while to export.

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { writeLlamaConfig } from '../helpers/llama-config.js';

export { withFolder } from '../helpers/scratch-folder.js';

const DIM = 1024;
const HIDDEN_DIM = 4096;
const VOCAB_SIZE = 256;
const N_LAYERS = 4;

/** Writes config.json and 135 MB of zeros as weights, which take no room on a disk that keeps sparse files. */
export async function writeLargeCheckpoint(folder: string): Promise<void> {
  const sizes = { dim: DIM, hiddenDim: HIDDEN_DIM, nLayers: N_LAYERS, vocabSize: VOCAB_SIZE };
  await writeLlamaConfig(folder, { ...sizes, nHeads: 16, nKvHeads: 16 });
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
