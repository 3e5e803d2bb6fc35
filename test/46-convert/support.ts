// Conversions and comparisons for the tests of this folder.

import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConvertOptions, type ConvertResult, convertModel, exportModel, openCheckpoint } from '@llama-ts/exporter';
import type { BinVersion } from '@llama-ts/format';
import { openSafetensorsFolder, writeSafetensors } from '@llama-ts/safetensors';
import { sampleModelPath } from '@llama-ts/sample-model';
import { drain, golden } from '../40-exporter/support.js';

/** Checkpoints: one of bfloat16 with a tokenizer, one tied, one untied and of float32. */
export const models = [
  { name: 'the sample', folder: sampleModelPath, type: 'BF16' },
  { name: 'tied-gqa-bf16', folder: golden('tied-gqa-bf16'), type: 'BF16' },
  { name: 'untied-mha-f32', folder: golden('untied-mha-f32'), type: 'F32' },
] as const;

export async function convert(options: ConvertOptions): Promise<ConvertResult> {
  return (await drain(convertModel(options))).result;
}

/** Exports a folder and returns the file's path. */
export async function exportBin(source: string, output: string, version: BinVersion, plain = false): Promise<string> {
  await drain(exportModel({ source, output, version, plain }));
  return output;
}

/** Asserts that two folders hold the same tensors: names, types, shapes and every byte. */
export async function assertSameTensors(folder: string, expected: string): Promise<void> {
  const [a, b] = await Promise.all([openSafetensorsFolder(folder), openSafetensorsFolder(expected)]);
  try {
    assert.deepEqual([...a.tensors.keys()].sort(), [...b.tensors.keys()].sort());
    for (const { name, dtype, shape } of b.tensors.values()) {
      const found = a.tensors.get(name)!;
      assert.deepEqual([found.dtype, found.shape], [dtype, shape], name);
      assert.ok(Buffer.from(await a.read(name)).equals(await b.read(name)), name);
    }
  } finally {
    await a.close();
    await b.close();
  }
}

/** What a folder says besides its weights. */
export async function describeFolder(folder: string) {
  const checkpoint = await openCheckpoint(folder);
  await checkpoint.close();
  const { dimensions, settings, generation, tokenizer, chatTemplate, warnings } = checkpoint;
  return { dimensions, settings, generation, tokenizer, chatTemplate, warnings };
}

/** The least model there can be around a vocabulary; its weights are 2^-7 but where `weights` says otherwise. */
export async function writeTinyModel(
  folder: string,
  vocabSize: number,
  config: Record<string, unknown> = {},
  weights: Readonly<Record<string, Float32Array>> = {},
): Promise<void> {
  const dim = 8;
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({
      ...{ architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_act: 'silu' },
      ...{ hidden_size: dim, intermediate_size: dim, num_hidden_layers: 1, num_attention_heads: 2 },
      ...{ vocab_size: vocabSize, max_position_embeddings: 64, rms_norm_eps: 0.00001, rope_theta: 10000 },
      ...{ tie_word_embeddings: true, ...config },
    }),
  );
  const layer = 'model.layers.0';
  const matrices = ['q', 'k', 'v', 'o'].map((name) => `${layer}.self_attn.${name}_proj.weight`);
  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ['model.embed_tokens.weight', [vocabSize, dim]],
    ...['model.norm', `${layer}.input_layernorm`, `${layer}.post_attention_layernorm`].map(
      (name) => [`${name}.weight`, [dim]] as const,
    ),
    ...[...matrices, ...['gate', 'up', 'down'].map((name) => `${layer}.mlp.${name}_proj.weight`)].map(
      (name) => [name, [dim, dim]] as const,
    ),
  ];
  const tensors = shapes.map(([name, shape]) => {
    const values = weights[name] ?? new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(2 ** -7);
    return { name, dtype: 'F32' as const, shape, data: new Uint8Array(values.buffer) };
  });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
}
