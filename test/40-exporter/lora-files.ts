// A model of one layer, adapters for it, and the values that they are merged to.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelSource } from '@llama-ts/exporter';
import { type BinTensor, columnsOf, layout, rowsOf } from '@llama-ts/format';
import { writeSafetensors } from '@llama-ts/safetensors';

export const DIMS = { dim: 256, hidden: 768, heads: 8, kvHeads: 2, vocab: 16 };
export const HEAD = DIMS.dim / DIMS.heads;
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'model.embed_tokens.weight': [DIMS.vocab, DIMS.dim],
  'model.norm.weight': [DIMS.dim],
  'lm_head.weight': [DIMS.vocab, DIMS.dim],
  'model.layers.0.input_layernorm.weight': [DIMS.dim],
  'model.layers.0.post_attention_layernorm.weight': [DIMS.dim],
  'model.layers.0.self_attn.q_proj.weight': [DIMS.dim, DIMS.dim],
  'model.layers.0.self_attn.k_proj.weight': [HEAD * DIMS.kvHeads, DIMS.dim],
  'model.layers.0.self_attn.v_proj.weight': [HEAD * DIMS.kvHeads, DIMS.dim],
  'model.layers.0.self_attn.o_proj.weight': [DIMS.dim, DIMS.dim],
  'model.layers.0.mlp.gate_proj.weight': [DIMS.hidden, DIMS.dim],
  'model.layers.0.mlp.up_proj.weight': [DIMS.hidden, DIMS.dim],
  'model.layers.0.mlp.down_proj.weight': [DIMS.dim, DIMS.hidden],
};

export const floats = (base64: string): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);
export const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Values of a matrix that is 0 but in some rows. */
export function inRows(shape: readonly number[], rows: readonly number[], values: Float32Array): Float32Array {
  const columns = sizeOf(shape.slice(1));
  const all = new Float32Array(sizeOf(shape));
  for (const [i, row] of rows.entries()) all.set(values.subarray(i * columns, (i + 1) * columns), row * columns);
  return all;
}

/** A model of one layer whose weights are 1 but in the named tensors. */
export async function writeBase(
  folder: string,
  known: Readonly<Record<string, Float32Array>>,
  tied = false,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const config = {
    ...{ architectures: ['LlamaForCausalLM'], model_type: 'llama', num_hidden_layers: 1, rope_theta: 500000 },
    ...{ hidden_size: DIMS.dim, intermediate_size: DIMS.hidden, num_attention_heads: DIMS.heads },
    ...{ num_key_value_heads: DIMS.kvHeads, vocab_size: DIMS.vocab, max_position_embeddings: 64 },
    ...{ rms_norm_eps: 1e-5, tie_word_embeddings: tied, eos_token_id: 1 },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const tensors = Object.entries(SHAPES).filter(([name]) => !tied || name !== 'lm_head.weight');
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    tensors.map(([name, shape]) => {
      const values = known[name] ?? new Float32Array(sizeOf(shape)).fill(name === 'lm_head.weight' ? 2 : 1);
      return { name, dtype: 'F32', shape: [...shape], data: bytesOf(values) };
    }),
  );
  return folder;
}

export type Tensors = Readonly<Record<string, readonly [shape: readonly number[], values: Float32Array]>>;

export async function writeAdapter(folder: string, config: Record<string, unknown>, tensors: Tensors): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ peft_type: 'LORA', ...config }));
  const specs = Object.entries(tensors).map(([name, [shape, values]]) => {
    return { name: `base_model.model.${name}`, dtype: 'F32' as const, shape: [...shape], data: bytesOf(values) };
  });
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), specs);
  return folder;
}

/** A tensor's values with rows in the order of a checkpoint. */
export async function valuesOf(source: ModelSource, name: string): Promise<Float32Array> {
  const { tensors } = layout({ version: 1, dimensions: source.dimensions, groupSize: null });
  const tensor = tensors.find((one) => one.name === name)!;
  const into = new Uint8Array(4 * tensor.nValues);
  await (await source.weights.readRows(tensor, 0, rowsOf(tensor), into)).hashed;
  return unrotated(new Float32Array(into.buffer), tensor);
}

function unrotated(values: Float32Array, tensor: BinTensor): Float32Array {
  if (tensor.kind !== 'wq' && tensor.kind !== 'wk') return values;
  const columns = columnsOf(tensor);
  const all = new Float32Array(values.length);
  for (let row = 0; row < rowsOf(tensor); row++) {
    const inHead = row % HEAD;
    const to = row - inHead + (inHead % 2) * (HEAD / 2) + Math.floor(inHead / 2);
    all.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return all;
}

export const UP = 'model.layers.0.mlp.up_proj';
export const W3 = 'layers.0.feed_forward.w3.weight';
/** An adapter of rank 1 that adds `amount * scale` to every weight of the up projection. */
export const adding = (amount: number): Tensors => ({
  [`${UP}.lora_A.weight`]: [[1, DIMS.dim], new Float32Array(DIMS.dim).fill(1)],
  [`${UP}.lora_B.weight`]: [[DIMS.hidden, 1], new Float32Array(DIMS.hidden).fill(amount)],
});
export const RANK_1 = { r: 1, lora_alpha: 1 };
