// config.json and the weights it describes: what is read, and what is refused.

import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import { openCheckpoint, parseConfig } from '@llama-ts/exporter';
import { copyModel, failsWith, golden, readJson, rewriteWeights, withFolder } from './support.js';

const tied = golden('tied-gqa-bf16');
const untied = golden('untied-mha-f32');

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!isToolkitError(error)) throw error;
    assert.match(error.message, /^config\.json: .+/);
    assert.ok(error.suggestions.length > 0);
    return error.code;
  }
  return 'accepted';
}

const llama3 = {
  rope_type: 'llama3',
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
};

describe('parseConfig', () => {
  let base: Record<string, unknown>;
  before(async () => {
    base = await readJson(join(tied, 'config.json'));
  });

  const refused: readonly [title: string, change: Record<string, unknown>, code: string][] = [
    ['another architecture', { architectures: ['MistralForCausalLM'], model_type: 'mistral' }, 'UNSUPPORTED_MODEL'],
    ['another model type under the same architecture', { model_type: 'mllama' }, 'UNSUPPORTED_MODEL'],
    ['no architecture at all', { architectures: undefined, model_type: undefined }, 'UNSUPPORTED_MODEL'],
    ...[
      'hidden_size',
      'intermediate_size',
      'num_hidden_layers',
      'num_attention_heads',
      'vocab_size',
      'max_position_embeddings',
    ].flatMap((field) =>
      ([undefined, 0, -1, 1.5, 1e12, '64'] as const).map(
        (value) =>
          [`${field} ${value ?? 'missing'} (${typeof value})`, { [field]: value }, 'BAD_CONFIG'] as [
            string,
            Record<string, unknown>,
            string,
          ],
      ),
    ),
    ['heads that do not divide the width', { num_attention_heads: 7, head_dim: undefined }, 'BAD_CONFIG'],
    ['an odd head', { hidden_size: 24, num_attention_heads: 8, head_dim: 3 }, 'BAD_CONFIG'],
    ['key/value heads that do not divide the heads', { num_key_value_heads: 3 }, 'BAD_CONFIG'],
    ['a head_dim other than dim / heads', { head_dim: 16 }, 'UNSUPPORTED_MODEL'],
    ['attention biases', { attention_bias: true }, 'UNSUPPORTED_MODEL'],
    ['mlp biases', { mlp_bias: true }, 'UNSUPPORTED_MODEL'],
    ['a quantized model', { quantization_config: { quant_method: 'gptq' } }, 'UNSUPPORTED_MODEL'],
    ['another activation', { hidden_act: 'gelu' }, 'UNSUPPORTED_MODEL'],
    ['an unknown rope type', { rope_scaling: { rope_type: 'yarn', factor: 2 } }, 'UNSUPPORTED_MODEL'],
    [
      'an unknown nested rope type',
      { rope_scaling: null, rope_parameters: { rope_type: 'linear', factor: 2 } },
      'UNSUPPORTED_MODEL',
    ],
    ['a rope factor of 0', { rope_scaling: { ...llama3, factor: 0 } }, 'BAD_CONFIG'],
    ['a negative rope factor', { rope_scaling: { ...llama3, factor: -2 } }, 'BAD_CONFIG'],
    ['a missing rope field', { rope_scaling: { ...llama3, low_freq_factor: undefined } }, 'BAD_CONFIG'],
    ['equal frequency factors', { rope_scaling: { ...llama3, high_freq_factor: 1 } }, 'BAD_CONFIG'],
    ['a base under 1', { rope_scaling: llama3, rope_theta: 0 }, 'BAD_CONFIG'],
    ['rope settings that are a list', { rope_scaling: [] }, 'BAD_CONFIG'],
    ['two rope layouts that disagree', { rope_parameters: { ...llama3, factor: 8 } }, 'BAD_CONFIG'],
    ['two bases that disagree', { rope_scaling: { ...llama3, rope_theta: 10000 } }, 'BAD_CONFIG'],
    ['an epsilon of 0', { rms_norm_eps: 0 }, 'BAD_CONFIG'],
    ['an end id past the vocabulary', { eos_token_id: [2, 512] }, 'BAD_CONFIG'],
    ['a begin id that is text', { bos_token_id: '1' }, 'BAD_CONFIG'],
    ['tie_word_embeddings that is text', { tie_word_embeddings: 'true' }, 'BAD_CONFIG'],
  ];
  for (const [title, change, code] of refused) {
    it(`refuses ${title} with ${code}`, () => {
      assert.equal(
        codeOf(() => parseConfig({ ...base, ...change }, 'config.json')),
        code,
      );
    });
  }

  it('reads the same RoPE settings from both layouts of config.json', () => {
    const { rope_scaling: _, rope_theta: __, ...rest } = base;
    const flat = parseConfig({ ...rest, rope_theta: 500000, rope_scaling: llama3 }, 'config.json');
    const nested = parseConfig({ ...rest, rope_parameters: { ...llama3, rope_theta: 500000 } }, 'config.json');
    assert.deepEqual(nested, flat);
    assert.deepEqual(flat.ropeScaling, {
      factor: 32,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: 64,
    });
    assert.equal(flat.ropeTheta, 500000);
  });

  it('reads a RoPE type that is "default", null or absent as no scaling', () => {
    const { rope_scaling: _, ...rest } = base;
    for (const scaling of [{ rope_type: 'default' }, { type: 'default' }, null, undefined]) {
      assert.equal(parseConfig({ ...rest, rope_scaling: scaling }, 'config.json').ropeScaling, null);
    }
  });
});

describe('openCheckpoint', () => {
  const folders: readonly [title: string, code: string, make: (folder: string) => Promise<void>][] = [
    ['a folder without config.json', 'BAD_CONFIG', async () => {}],
    [
      'a config.json that is no JSON',
      'BAD_CONFIG',
      (folder) => writeFile(join(folder, 'config.json'), '{"hidden_size":'),
    ],
    ['a config.json that is a list', 'BAD_CONFIG', (folder) => writeFile(join(folder, 'config.json'), '[]')],
    [
      'an untied model without lm_head',
      'BAD_CONFIG',
      (folder) => copyModel(tied, folder, { tie_word_embeddings: false }),
    ],
    [
      'a tied model whose lm_head differs',
      'BAD_CONFIG',
      (folder) => copyModel(untied, folder, { tie_word_embeddings: true }),
    ],
    ['a missing layer', 'MISSING_TENSOR', (folder) => copyModel(tied, folder, { num_hidden_layers: 4 })],
    ['a layer too many', 'UNEXPECTED_TENSOR', (folder) => copyModel(tied, folder, { num_hidden_layers: 2 })],
    ['a vocabulary unlike the embedding', 'BAD_TENSOR_SHAPE', (folder) => copyModel(tied, folder, { vocab_size: 513 })],
    [
      'weights of a type it cannot convert',
      'UNSUPPORTED_DTYPE',
      async (folder) => {
        await copyModel(untied, folder);
        await rewriteWeights(folder, (tensor) =>
          tensor.name === 'model.norm.weight' ? { ...tensor, dtype: 'I32' } : tensor,
        );
      },
    ],
    [
      'a bias among the weights',
      'UNEXPECTED_TENSOR',
      async (folder) => {
        await copyModel(untied, folder);
        const name = 'model.layers.0.self_attn.q_proj.bias';
        await rewriteWeights(folder, (tensor) => tensor, [{ name, dtype: 'F32', shape: [1], data: new Uint8Array(4) }]);
      },
    ],
    [
      'a generation_config.json with a top_p of 1.1',
      'BAD_CONFIG',
      async (folder) => {
        await copyModel(tied, folder);
        await writeFile(join(folder, 'generation_config.json'), '{"top_p": 1.1}');
      },
    ],
  ];
  for (const [title, code, make] of folders) {
    it(`refuses ${title} with ${code}`, async () => {
      await withFolder(async (folder) => {
        await make(folder);
        await failsWith(code, openCheckpoint(folder));
      });
    });
  }

  it('ignores stored rotary frequencies', async () => {
    await withFolder(async (folder) => {
      await copyModel(untied, folder);
      const name = 'model.layers.0.self_attn.rotary_emb.inv_freq';
      await rewriteWeights(folder, (tensor) => tensor, [{ name, dtype: 'F32', shape: [16], data: new Uint8Array(64) }]);
      await (await openCheckpoint(folder)).close();
    });
  });

  it('shares the classifier when lm_head equals the embedding in value, whatever the signs of zeros and tie_word_embeddings', async () => {
    for (const promise of [true, false]) {
      await withFolder(async (folder) => {
        await copyModel(untied, folder, { tie_word_embeddings: promise });
        let embedding = new Uint8Array();
        await rewriteWeights(folder, (tensor) => {
          if (tensor.name !== 'model.embed_tokens.weight') return tensor;
          const data = tensor.data.slice();
          data.fill(0, 0, 4);
          embedding = data;
          return { ...tensor, data };
        });
        const negative = embedding.slice();
        negative[3] = 0x80; // −0 equals +0
        await rewriteWeights(folder, (tensor) =>
          tensor.name === 'lm_head.weight' ? { ...tensor, data: negative } : tensor,
        );
        const checkpoint = await openCheckpoint(folder);
        assert.equal(checkpoint.dimensions.sharedClassifier, true);
        await checkpoint.close();
      });
    }
  });

  it('takes the end-of-sequence ids of generation_config.json and of config.json', async () => {
    await withFolder(async (folder) => {
      await copyModel(tied, folder);
      await writeFile(join(folder, 'generation_config.json'), '{"eos_token_id": 7, "temperature": 0.6, "top_k": 50}');
      const first = await openCheckpoint(folder);
      await first.close();
      assert.deepEqual(first.settings.eosIds, [7, 2, 3]);
      assert.equal(first.generation.temperature, 0.6);
      assert.equal(first.generation.topK, 50);
      assert.equal(first.generation.doSample, null);
      await writeFile(join(folder, 'generation_config.json'), '{}');
      const second = await openCheckpoint(folder);
      await second.close();
      assert.deepEqual(second.settings.eosIds, [2, 3]);
      await copyModel(tied, folder, { eos_token_id: null });
      await writeFile(join(folder, 'generation_config.json'), '{}');
      const third = await openCheckpoint(folder);
      await third.close();
      assert.match(third.warnings.join(), /no end-of-sequence token/);
    });
  });
});
