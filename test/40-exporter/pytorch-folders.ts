// Makes of a golden checkpoint what Meta and PyTorch write: consolidated.*.pth with params.json, pytorch_model.bin, ckpt.pt.

import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensorsFolder } from '@llama-ts/safetensors';
import { type Code, dict, op, type SavedTensor, torchFile } from '../22-pytorch/support.js';
import { readJson } from './support.js';

/** Meta's names by Hugging Face's, after `layers.N.` of both. */
const names: Readonly<Record<string, string>> = {
  'model.embed_tokens.weight': 'tok_embeddings.weight',
  'model.norm.weight': 'norm.weight',
  'lm_head.weight': 'output.weight',
  'input_layernorm.weight': 'attention_norm.weight',
  'self_attn.q_proj.weight': 'attention.wq.weight',
  'self_attn.k_proj.weight': 'attention.wk.weight',
  'self_attn.v_proj.weight': 'attention.wv.weight',
  'self_attn.o_proj.weight': 'attention.wo.weight',
  'post_attention_layernorm.weight': 'ffn_norm.weight',
  'mlp.gate_proj.weight': 'feed_forward.w1.weight',
  'mlp.down_proj.weight': 'feed_forward.w2.weight',
  'mlp.up_proj.weight': 'feed_forward.w3.weight',
};
const types = { F32: 'FloatStorage', F16: 'HalfStorage', BF16: 'BFloat16Storage' } as const;
const widths = { FloatStorage: 4, HalfStorage: 2, BFloat16Storage: 2, CharStorage: 1 };

export type Config = Record<string, number>;

/** A checkpoint's tensors, under its own names and in its own order of rows. */
export async function savedTensors(folder: string): Promise<SavedTensor[]> {
  const reader = await openSafetensorsFolder(folder);
  const saved: SavedTensor[] = [];
  for (const { name, dtype, shape } of reader.tensors.values()) {
    saved.push({ name, type: types[dtype as 'F32'], shape, data: await reader.read(name) });
  }
  await reader.close();
  return saved;
}

/** The tensors under Meta's names, in Meta's order of rows; the classifier too, as Meta's files have it. */
export async function metaTensors(folder: string): Promise<SavedTensor[]> {
  const config = (await readJson(join(folder, 'config.json'))) as Config;
  const headDim = config.hidden_size! / config.num_attention_heads!;
  const all = await savedTensors(folder);
  const renamed = all.map((tensor): SavedTensor => {
    const [, layer = '', rest = tensor.name] = /^model\.(layers\.\d+\.)(.*)$/.exec(tensor.name) ?? [];
    const name = `${layer}${names[rest]!}`;
    return /\.w[qk]\./.test(name) ? { ...tensor, name, data: interleaved(tensor, headDim) } : { ...tensor, name };
  });
  const embedding = renamed.find(({ name }) => name === 'tok_embeddings.weight')!;
  const hasClassifier = renamed.some(({ name }) => name === 'output.weight');
  return hasClassifier ? renamed : [...renamed, { ...embedding, name: 'output.weight' }];
}

/** Rows of each head: 0, half, 1, half + 1, and so on. */
function interleaved({ data, shape }: SavedTensor, headDim: number): Uint8Array {
  const rowBytes = data.byteLength / shape[0]!;
  const out = new Uint8Array(data.byteLength);
  for (let head = 0; head < shape[0]!; head += headDim) {
    for (let i = 0; i < headDim / 2; i++) {
      for (const half of [0, 1]) {
        const from = (head + half * (headDim / 2) + i) * rowBytes;
        out.set(data.subarray(from, from + rowBytes), (head + 2 * i + half) * rowBytes);
      }
    }
  }
  return out;
}

/** What file `shard` of `n` holds of a tensor. */
export function partOf(tensor: SavedTensor, shard: number, n: number, axis: 0 | 1): SavedTensor {
  const { data, shape, type } = tensor;
  if (shape.length === 1) return tensor;
  const [rows, columns] = shape as [number, number];
  const width = widths[type];
  if (axis === 0) {
    const bytes = data.byteLength / n;
    return { ...tensor, shape: [rows / n, columns], data: data.slice(shard * bytes, (shard + 1) * bytes) };
  }
  const partBytes = (columns / n) * width;
  const parts = Array.from({ length: rows }, (_, row) => {
    const start = row * columns * width + shard * partBytes;
    return data.subarray(start, start + partBytes);
  });
  return { ...tensor, shape: [rows, columns / n], data: new Uint8Array(Buffer.concat(parts)) };
}

/** How to write Meta's files. */
export interface MetaOptions {
  readonly nShards?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Axis along which the embedding is split: 0 in Llama 3. */
  readonly embeddingAxis?: 0 | 1;
  readonly change?: (tensors: readonly SavedTensor[], shard: number) => readonly SavedTensor[];
}

/** Writes consolidated.*.pth, params.json and a tokenizer.model of 256 bytes and as many special tokens. */
export async function writeMetaFolder(from: string, to: string, options: MetaOptions = {}): Promise<void> {
  const { nShards = 1, params = {}, embeddingAxis = 0, change = (tensors) => tensors } = options;
  const config = (await readJson(join(from, 'config.json'))) as Config;
  await mkdir(to, { recursive: true });
  const all = await metaTensors(from);
  for (let shard = 0; shard < nShards; shard++) {
    const parts = all.map((tensor) => {
      const isEmbedding = tensor.name === 'tok_embeddings.weight';
      const axis = isEmbedding ? embeddingAxis : /\.(?:wo|w2)\./.test(tensor.name) ? 1 : 0;
      return nShards === 1 ? tensor : partOf(tensor, shard, nShards, axis);
    });
    const path = join(to, `consolidated.${String(shard).padStart(2, '0')}.pth`);
    await writeFile(path, torchFile(change(parts, shard)));
  }
  const settings = {
    dim: config.hidden_size,
    n_layers: config.num_hidden_layers,
    n_heads: config.num_attention_heads,
    n_kv_heads: config.num_key_value_heads,
    vocab_size: config.vocab_size,
    norm_eps: config.rms_norm_eps,
    rope_theta: 500000,
    use_scaled_rope: true,
  };
  await writeFile(join(to, 'params.json'), JSON.stringify({ ...settings, ...params }));
  const lines = Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}\n`);
  await writeFile(join(to, 'tokenizer.model'), lines.join(''));
}

/** Writes llama2.c's training checkpoint. */
export async function writeTrainingFile(from: string, path: string, tensors?: readonly SavedTensor[]): Promise<void> {
  const config = (await readJson(join(from, 'config.json'))) as Config;
  const args: Record<string, Code> = {
    dim: [op.int2(config.hidden_size!)],
    n_layers: [op.int1(config.num_hidden_layers!)],
    n_heads: [op.int1(config.num_attention_heads!)],
    n_kv_heads: [op.int1(config.num_key_value_heads!)],
    vocab_size: [op.int2(config.vocab_size!)],
    multiple_of: [op.int1(32)],
    norm_eps: [op.float(1e-5)],
    max_seq_len: [op.int2(config.max_position_embeddings!)],
    dropout: [op.float(0)],
  };
  const all = tensors ?? (await metaTensors(from)).map((tensor) => ({ ...tensor, name: `_orig_mod.${tensor.name}` }));
  const beside = (model: Code): Code => dict({ model, model_args: dict(args), iter_num: [op.int1(7)] });
  await writeFile(path, torchFile(all, beside));
}

/** Writes pytorch_model.bin beside config.json, or so many shards with their index. */
export async function writePytorchFolder(from: string, to: string, nShards = 1): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of ['config.json', 'generation_config.json']) await cp(join(from, name), join(to, name));
  const all = await savedTensors(from);
  if (nShards === 1) {
    await writeFile(join(to, 'pytorch_model.bin'), torchFile(all));
    return;
  }
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < nShards; shard++) {
    const path = `pytorch_model-0000${shard + 1}-of-0000${nShards}.bin`;
    const some = all.filter((_, i) => i % nShards === shard);
    for (const { name } of some) weightMap[name] = path;
    await writeFile(join(to, path), torchFile(some));
  }
  await writeFile(join(to, 'pytorch_model.bin.index.json'), JSON.stringify({ weight_map: weightMap }));
}
