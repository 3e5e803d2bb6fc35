// How near the float32 logits of version 1 are to exact ones: a forward pass in float64, written from the paper and
// transformers' modeling_llama.py and from nothing of this project, on a model with heads of 128 over 300 positions.
//
// transformers itself is no oracle at that length: it computes RoPE angles in float32.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportModel, openCheckpoint } from '@llama-ts/exporter';
import { openModel } from '@llama-ts/runtime';
import { writeSafetensors } from '@llama-ts/safetensors';

const HEAD_DIM = 128;
const N_HEADS = 2;
const N_KV_HEADS = 1;
const DIM = N_HEADS * HEAD_DIM;
const HIDDEN_DIM = 384;
const N_LAYERS = 2;
const VOCAB_SIZE = 320;
const N_POSITIONS = 300;
const EPSILON = 1e-5;
const THETA = 500_000;
const SCALING = { factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
/** Documented in docs/arithmetic.md; 8.4e-6 is measured; with RoPE angles rounded to float32 the difference is 5.2e-5. */
const BOUND = 1.5e-5;

type Weights = Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

/** The same numbers at every run, about normal with a standard deviation of `scale`. */
function randomWeights(): Weights {
  let state = 12345;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const weights: Weights = new Map();
  const add = (name: string, shape: readonly number[], scale: number, mean = 0): void => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => mean + scale * normal());
    weights.set(name, { shape, values });
  };
  add('model.embed_tokens.weight', [VOCAB_SIZE, DIM], 0.05);
  for (let layer = 0; layer < N_LAYERS; layer++) {
    const of = (name: string): string => `model.layers.${layer}.${name}.weight`;
    add(of('input_layernorm'), [DIM], 0.1, 1);
    add(of('self_attn.q_proj'), [DIM, DIM], 0.12);
    add(of('self_attn.k_proj'), [N_KV_HEADS * HEAD_DIM, DIM], 0.12);
    add(of('self_attn.v_proj'), [N_KV_HEADS * HEAD_DIM, DIM], 0.05);
    add(of('self_attn.o_proj'), [DIM, DIM], 0.05);
    add(of('post_attention_layernorm'), [DIM], 0.1, 1);
    add(of('mlp.gate_proj'), [HIDDEN_DIM, DIM], 0.05);
    add(of('mlp.up_proj'), [HIDDEN_DIM, DIM], 0.05);
    add(of('mlp.down_proj'), [DIM, HIDDEN_DIM], 0.05);
  }
  add('model.norm.weight', [DIM], 0.1, 1);
  return weights;
}

/** Writes the weights as a checkpoint without a tokenizer, and exports version 1 of it. */
async function exportedModel(folder: string, weights: Weights): Promise<string> {
  const checkpoint = join(folder, 'checkpoint');
  await mkdir(checkpoint);
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: DIM,
    intermediate_size: HIDDEN_DIM,
    num_hidden_layers: N_LAYERS,
    num_attention_heads: N_HEADS,
    num_key_value_heads: N_KV_HEADS,
    vocab_size: VOCAB_SIZE,
    max_position_embeddings: 131_072,
    rms_norm_eps: EPSILON,
    rope_theta: THETA,
    rope_scaling: { rope_type: 'llama3', ...SCALING },
    tie_word_embeddings: true,
  };
  await writeFile(join(checkpoint, 'config.json'), JSON.stringify(config));
  const tensors = [...weights].map(([name, { shape, values }]) => ({
    name,
    dtype: 'F32' as const,
    shape: [...shape],
    data: new Uint8Array(values.buffer),
  }));
  await writeSafetensors(join(checkpoint, 'model.safetensors'), tensors);
  const output = join(folder, 'model.bin');
  const source = await openCheckpoint(checkpoint);
  try {
    for await (const _ of exportModel({ source, output, version: 1 }));
  } finally {
    await source.close();
  }
  return output;
}

/** (HEAD_DIM / 2), as transformers' _compute_llama3_parameters, in float64. */
function frequencies(): number[] {
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original } = SCALING;
  return Array.from({ length: HEAD_DIM / 2 }, (_, i) => {
    const frequency = THETA ** ((-2 * i) / HEAD_DIM);
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return (1 - smooth) * (frequency / factor) + smooth * frequency;
  });
}

/** Logits of all positions, (nTokens, VOCAB_SIZE). */
function float64Pass(weights: Weights, tokens: readonly number[]): Float64Array {
  const values = (name: string): Float32Array => weights.get(name)!.values;
  const multiply = (matrix: Float32Array, vector: Float64Array): Float64Array => {
    const out = new Float64Array(matrix.length / vector.length);
    for (let row = 0; row < out.length; row++) {
      let sum = 0;
      for (let i = 0; i < vector.length; i++) sum += matrix[row * vector.length + i]! * vector[i]!;
      out[row] = sum;
    }
    return out;
  };
  const normalize = (vector: Float64Array, weight: Float32Array): Float64Array => {
    let squares = 0;
    for (const value of vector) squares += value * value;
    const scale = 1 / Math.sqrt(squares / vector.length + EPSILON);
    return vector.map((value, i) => value * scale * weight[i]!);
  };
  const frequency = frequencies();
  /** Rotates halves of each head, as checkpoints of Hugging Face are laid out. */
  const rotate = (vector: Float64Array, position: number): void => {
    for (let head = 0; head < vector.length; head += HEAD_DIM) {
      for (let i = 0; i < HEAD_DIM / 2; i++) {
        const angle = position * frequency[i]!;
        const [a, b] = [vector[head + i]!, vector[head + i + HEAD_DIM / 2]!];
        vector[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
        vector[head + i + HEAD_DIM / 2] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
  };
  const keys: Float64Array[][] = Array.from({ length: N_LAYERS }, () => []);
  const cachedValues: Float64Array[][] = Array.from({ length: N_LAYERS }, () => []);
  const embedding = values('model.embed_tokens.weight');
  const logits = new Float64Array(tokens.length * VOCAB_SIZE);
  for (const [position, token] of tokens.entries()) {
    const x = Float64Array.from(embedding.subarray(token * DIM, (token + 1) * DIM));
    for (let layer = 0; layer < N_LAYERS; layer++) {
      const of = (name: string): Float32Array => values(`model.layers.${layer}.${name}.weight`);
      const normed = normalize(x, of('input_layernorm'));
      const q = multiply(of('self_attn.q_proj'), normed);
      const k = multiply(of('self_attn.k_proj'), normed);
      rotate(q, position);
      rotate(k, position);
      keys[layer]!.push(k);
      cachedValues[layer]!.push(multiply(of('self_attn.v_proj'), normed));
      const mixed = new Float64Array(DIM);
      for (let head = 0; head < N_HEADS; head++) {
        const kv = Math.floor(head / (N_HEADS / N_KV_HEADS)) * HEAD_DIM;
        const scores = keys[layer]!.map((key) => {
          let sum = 0;
          for (let i = 0; i < HEAD_DIM; i++) sum += q[head * HEAD_DIM + i]! * key[kv + i]!;
          return sum / Math.sqrt(HEAD_DIM);
        });
        const largest = Math.max(...scores);
        const powers = scores.map((score) => Math.exp(score - largest));
        const total = powers.reduce((a, b) => a + b);
        for (const [t, power] of powers.entries()) {
          for (let i = 0; i < HEAD_DIM; i++)
            mixed[head * HEAD_DIM + i]! += (power / total) * cachedValues[layer]![t]![kv + i]!;
        }
      }
      const attended = multiply(of('self_attn.o_proj'), mixed);
      for (let i = 0; i < DIM; i++) x[i]! += attended[i]!;
      const fed = normalize(x, of('post_attention_layernorm'));
      const gate = multiply(of('mlp.gate_proj'), fed);
      const up = multiply(of('mlp.up_proj'), fed);
      const down = multiply(
        of('mlp.down_proj'),
        gate.map((value, i) => (value / (1 + Math.exp(-value))) * up[i]!),
      );
      for (let i = 0; i < DIM; i++) x[i]! += down[i]!;
    }
    logits.set(multiply(embedding, normalize(x, values('model.norm.weight'))), position * VOCAB_SIZE);
  }
  return logits;
}

describe('logits of version 1', () => {
  it(`are within ${BOUND} of a float64 pass over ${N_POSITIONS} positions with heads of ${HEAD_DIM}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llama-float64-'));
    try {
      const weights = randomWeights();
      const tokens = Array.from({ length: N_POSITIONS }, (_, i) => (i * 7919 + (i >> 3)) % VOCAB_SIZE);
      const model = await openModel(await exportedModel(folder, weights), { context: N_POSITIONS });
      const found = await model.forward([{ cache: model.createCache(), position: 0, tokens }], { logits: 'all' });
      await model.close();
      const expected = float64Pass(weights, tokens);
      let largest = 0;
      for (const [i, value] of expected.entries()) largest = Math.max(largest, Math.abs(found[i]! - value));
      assert.ok(
        expected.some((value) => Math.abs(value) > 1),
        'logits of a model that says something',
      );
      assert.ok(largest <= BOUND, `${largest} off, expected at most ${BOUND}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(120_000);
});
