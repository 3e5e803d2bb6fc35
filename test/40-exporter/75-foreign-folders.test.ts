// Folders that people have and that are no checkpoint to export: each is recognised by name, with the way on, and listed
// by inspect all the same.

import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isToolkitError, type ToolkitError } from '@llama-ts/base';
import { exportModel, inspectPath, openCheckpoint, openModelSource, parseConfig } from '@llama-ts/exporter';
import { writeSafetensors } from '@llama-ts/safetensors';
import { copyModel, drain, golden, readJson, rewriteWeights, sha256, withFolder } from './support.js';

const tied = golden('tied-gqa-bf16');

async function refusalOf(work: Promise<unknown>): Promise<ToolkitError> {
  try {
    await work;
  } catch (error) {
    if (isToolkitError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Writes files by path. */
async function fill(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

describe('a folder that is no checkpoint', () => {
  const llama = JSON.stringify({ architectures: ['LlamaForCausalLM'], model_type: 'llama' });
  const folders: readonly [string, Record<string, string>, RegExp, RegExp][] = [
    [
      'a LoRA adapter',
      { 'adapter_config.json': '{"base_model_name_or_path":"someone/some-llama"}', 'adapter_model.safetensors': '' },
      /is a LoRA adapter of someone\/some-llama/,
      /^llama export someone\/some-llama --lora \S+\nthe base alone: llama export someone\/some-llama$/,
    ],
    [
      'an adapter of MLX',
      { 'adapter_config.json': '{"model":"a/b"}', 'adapters.safetensors': '' },
      /adapter of a\/b/,
      /^python3 -m mlx_lm fuse --model a\/b --adapter-path .* --save-path (\S+)\nllama export \1\n/,
    ],
    ['GGUF files', { 'm.Q4_K_M.gguf': 'GGUF' }, /holds GGUF files only \(m\.Q4_K_M\.gguf\)/, /llama export .*gguf/],
    [
      'GGUF files with a README that names the base',
      { 'm.gguf': 'GGUF', 'README.md': '---\nbase_model:\n- me/original\n---\n' },
      /GGUF/,
      /^llama export .*m\.gguf$/m,
    ],
    [
      'Meta’s tokenizer and settings alone',
      { 'tokenizer.model': '', 'params.json': '{}' },
      /a part of Meta’s original files; expected consolidated\.00\.pth/,
      /^.*llama export meta-llama/,
    ],
    ['ONNX', { 'onnx/model.onnx': '', 'tokenizer.json': '{}' }, /is an ONNX model/, /llama export/],
    ['Flax', { 'flax_model.msgpack': '' }, /Flax/, /llama export/],
    ['MLX’s npz', { 'weights.npz': '' }, /MLX/, /llama export/],
    ['diffusers', { 'model_index.json': '{}' }, /diffusers/, /llama export/],
    [
      'a training run',
      {
        'checkpoint-500/config.json': llama,
        'checkpoint-1000/config.json': llama,
        'checkpoint-1000/model.safetensors': '',
        'checkpoint-500/model.safetensors': '',
      },
      /models below it \(checkpoint-1000, checkpoint-500\)/,
      /^llama export \S+\/checkpoint-1000\nllama export \S+\/checkpoint-500$/,
    ],
    [
      'a folder above',
      { 'tiny/config.json': llama, 'tiny/model.safetensors': '' },
      /below it \(tiny\)/,
      /^llama export \S+\/tiny$/,
    ],
    ['a hub cache', { 'models--me--tiny/refs/main': 'a' }, /models--me--tiny/, /^llama export \S+\/models--me--tiny$/],
    ['adapters below', { 'checkpoint-3/adapter_config.json': '{}' }, /below it/, /checkpoint-3$/],
    ['optimizer states', { 'optimizer.pt': '', 'trainer_state.json': '{}' }, /training run/, /save_model/],
    [
      'DeepSpeed’s parts',
      { latest: 'global_step5', 'global_step5/zero_pp_rank_0_mp_rank_00_optim_states.pt': '', 'zero_to_fp32.py': '' },
      /training run/,
      /zero_to_fp32\.py/,
    ],
  ];
  for (const [what, files, message, suggestions] of folders) {
    it(`but ${what} is recognised as such`, () =>
      withFolder(async (scratch) => {
        const folder = join(scratch, 'given');
        await fill(folder, files);
        const error = await refusalOf(openModelSource(folder));
        assert.equal(error.code, 'NOT_A_CHECKPOINT', error.message);
        assert.match(error.message, message);
        assert.match(error.suggestions.join('\n'), suggestions);
        const found = await inspectPath(folder);
        assert.ok(found.kind === 'other' && found.problem.code === 'NOT_A_CHECKPOINT');
        assert.deepEqual(found.files.length, Object.keys(files).length);
      }));
  }

  it("that is original/ of a checkpoint is refused with that checkpoint's folder as remedy", () =>
    withFolder(async (folder) => {
      await fill(folder, { 'config.json': llama, 'original/params.json': '{}', 'original/tokenizer.model': '' });
      const { message, suggestions } = await refusalOf(openModelSource(join(folder, 'original')));
      assert.match(message, /checkpoint above it/);
      assert.deepEqual(suggestions, [`llama export ${folder}`]);
    }));

  const weights: readonly [string, (folder: string) => Promise<void>, RegExp, RegExp][] = [
    [
      'shards of PyTorch without an index',
      (folder) => fill(folder, { 'pytorch_model-00001-of-00002.bin': '' }),
      /1 of 2 shards.*pytorch_model-00002-of-00002\.bin, pytorch_model\.bin\.index\.json as well/,
      /^hf download/,
    ],
    [
      'weights under another name',
      (folder) => fill(folder, { 'weights.safetensors': '' }),
      /weights\.safetensors/,
      /^ln -s weights\.safetensors \S+\/model\.safetensors$/,
    ],
    [
      'shards without an index',
      (folder) => fill(folder, { 'model-00002-of-00003.safetensors': '' }),
      /1 of 3 shards.*model-00001-of-00003\.safetensors, model-00003/,
      /^hf download/,
    ],
  ];
  for (const [what, change, message, suggestions] of weights) {
    it(`that has ${what} is refused with a way to go on`, () =>
      withFolder(async (scratch) => {
        const folder = join(scratch, 'given');
        await mkdir(folder);
        await cp(join(tied, 'config.json'), join(folder, 'config.json'));
        await change(folder);
        const error = await refusalOf(openModelSource(folder));
        assert.equal(error.code, 'NOT_A_CHECKPOINT', error.message);
        assert.match(error.message, message);
        assert.match(error.suggestions.join('\n'), suggestions);
      }));
  }

  it('that lacks shards of its index is refused with their names', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'Llama-3.2-1B');
      await copyModel(tied, folder);
      await rm(join(folder, 'model-00003-of-00007.safetensors'));
      const { message, suggestions } = await refusalOf(openModelSource(folder));
      assert.match(message, /6 of the 7 shards.*model-00003-of-00007\.safetensors as well/);
      assert.match(suggestions[0]!, /^hf download meta-llama\/Llama-3\.2-1B --include/);
      const found = await inspectPath(folder);
      assert.ok(found.kind === 'other' && found.tensors.length > 0 && found.config?.model_type === 'llama');
    }));
});

describe('weights that are quantized already', () => {
  const configs: readonly [Record<string, unknown>, string][] = [
    [{ quantization: { group_size: 64, bits: 4 } }, 'mlx, 4 bits'],
    [{ quantization: { group_size: 64, bits: 4 }, quantization_config: { group_size: 64, bits: 4 } }, 'mlx, 4 bits'],
    [{ quantization_config: { quant_method: 'gptq', bits: 3 } }, 'gptq, 3 bits'],
    [{ quantization_config: { quant_method: 'awq', bits: 4, version: 'gemv' } }, 'awq, 4 bits'],
    [
      {
        quantization_config: { quant_method: 'compressed-tensors', config_groups: { a: { weights: { num_bits: 4 } } } },
      },
      'compressed-tensors, 4 bits',
    ],
    [
      {
        quantization_config: {
          quant_method: 'compressed-tensors',
          config_groups: { a: { weights: { num_bits: 8 } } },
          sparsity_config: { format: 'sparse-24-bitmask' },
        },
      },
      'compressed-tensors, 8 bits',
    ],
    [{ compression_config: { config_groups: { a: { weights: { num_bits: 4 } } } } }, 'compressed-tensors, 4 bits'],
    [{ quantization_config: { quant_method: 'hqq', nbits: 2 } }, 'hqq, 2 bits'],
    [{ quantization_config: 7 }, 'unnamed method'],
  ];
  for (const [more, words] of configs) {
    it(`are named ${words} for ${JSON.stringify(more).slice(0, 60)}`, async () => {
      const config = await readJson(join(tied, 'config.json'));
      assert.throws(
        () => parseConfig({ ...config, ...more }, 'Llama-3.2-1B-Instruct-4bit/config.json'),
        (error: ToolkitError) => {
          assert.equal(error.code, 'UNSUPPORTED_MODEL');
          assert.ok(error.message.includes(`already quantized (${words})`), error.message);
          assert.match(error.suggestions[0]!, /llama export meta-llama\/Llama-3\.2-1B-Instruct$/);
          return true;
        },
      );
    });
  }

  it('are recognised by their tensors where the configuration does not say so', () =>
    withFolder(async (scratch) => {
      for (const [name, method] of [
        ['model.layers.0.self_attn.q_proj.qweight', 'gptq'],
        ['model.embed_tokens.scales', 'mlx'],
      ]) {
        const folder = join(scratch, method!);
        await copyModel(tied, folder);
        await rewriteWeights(folder, (tensor) => tensor, [
          { name: name!, dtype: 'I32', shape: [1], data: new Uint8Array(4) },
        ]);
        const { code, message } = await refusalOf(openCheckpoint(folder));
        assert.equal(code, 'UNSUPPORTED_MODEL');
        assert.match(message, new RegExp(`already quantized \\(${method}.*${name}`));
      }
    }));
});

describe('wrapped names of tensors', () => {
  const wrappers: readonly [string, (name: string) => string][] = [
    ['PEFT', (name) => `base_model.model.${name}`],
    ['torch.compile', (name) => `_orig_mod.${name}`],
    ['torch.compile of the inner model', (name) => name.replace(/^model\./, 'model._orig_mod.')],
    ['data parallel training of a compiled model', (name) => `module._orig_mod.${name}`],
    ['a model of text and images', (name) => `language_model.${name}`],
    ['the same since transformers 5', (name) => name.replace(/^model\./, 'model.language_model.')],
    ['a trainer of its own', (name) => `student.${name}`],
  ];
  for (const [what, wrap] of wrappers) {
    it(`of ${what} are exported to the same weights, with a warning`, () =>
      withFolder(async (scratch) => {
        const folder = join(scratch, 'wrapped');
        await copyModel(tied, folder);
        await rewriteWeights(folder, (tensor) => ({ ...tensor, name: wrap(tensor.name) }));
        const digests: string[] = [];
        for (const [i, from] of [tied, folder].entries()) {
          const output = join(scratch, `${i}.bin`);
          const source = await openCheckpoint(from);
          assert.equal(
            source.warnings.some((warning) => warning.includes(wrap('model.embed_tokens.weight'))),
            i === 1,
          );
          const { result } = await drain(exportModel({ source, output, version: 1, plain: true }));
          await source.close();
          assert.ok(result !== undefined);
          digests.push(sha256(await readFile(output)));
        }
        assert.equal(digests[0], digests[1]);
      }));
  }

  it('that could be two models are refused with a name that was found', () =>
    withFolder(async (scratch) => {
      const twice = join(scratch, 'twice');
      await copyModel(tied, twice);
      const extra = { name: 'module.model.norm.weight', dtype: 'BF16', shape: [1], data: new Uint8Array(2) } as const;
      await rewriteWeights(twice, (tensor) => ({ ...tensor, name: `_orig_mod.${tensor.name}` }), [
        { ...extra, shape: [1] },
      ]);
      const { code, message } = await refusalOf(openCheckpoint(twice));
      assert.equal(code, 'MISSING_TENSOR');
      assert.match(message, /found "_orig_mod\.model\.embed_tokens\.weight" in its place/);
    }));

  it('of Meta’s own format are refused with some of the names and a command that lists them', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'meta');
      await copyModel(tied, folder);
      await rewriteWeights(folder, (tensor) => ({
        ...tensor,
        name: tensor.name.replace('model.embed_tokens', 'tok_embeddings'),
      }));
      const { message, suggestions } = await refusalOf(openCheckpoint(folder));
      assert.match(message, /found "tok_embeddings\.weight" in its place/);
      assert.deepEqual(suggestions, [`compare config.json with the weights: llama inspect ${folder}`]);
      const found = await inspectPath(folder);
      assert.ok(found.kind === 'other' && found.tensors.some(({ name }) => name === 'tok_embeddings.weight'));
    }));

  it('with weights of an adapter among them are refused as not merged', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'unmerged');
      await copyModel(tied, folder);
      const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight';
      await rewriteWeights(folder, (tensor) => tensor, [{ name, dtype: 'F32', shape: [1], data: new Uint8Array(4) }]);
      const { code, suggestions } = await refusalOf(openCheckpoint(folder));
      assert.equal(code, 'NOT_A_CHECKPOINT');
      assert.match(suggestions[0]!, /merge_and_unload/);
    }));
});

describe('inspectPath', () => {
  it('says what an index, a tokenizer and a configuration are, and refuses an empty file', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'tokenizer.json'), '{"added_tokens":[{}],"model":{"vocab":{"a":0,"b":1}}}');
      await writeFile(join(folder, 'empty.bin'), '');
      const index = join(tied, 'model.safetensors.index.json');
      for (const [path, what] of [
        [join(folder, 'tokenizer.json'), /tokenizer of 2 tokens and 1 added/],
        [index, /index of \d+ tensors in 7 shards/],
        [join(tied, 'config.json'), /JSON file/],
      ] as const) {
        const found = await inspectPath(path);
        assert.ok(found.kind === 'other', path);
        assert.match(found.what, what);
        assert.ok(found.problem.suggestions.length > 0);
        assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
      }
      assert.equal((await refusalOf(inspectPath(join(folder, 'empty.bin')))).code, 'NOT_A_MODEL');
    }));

  it('describes a folder with a slash at its end', async () => {
    assert.equal((await inspectPath(`${tied}/`)).kind, 'checkpoint');
  });

  it('lists the tensors of the shards that can be read', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'config.json'), '{"model_type":"qwen3","architectures":["Qwen3ForCausalLM"]}');
      const data = new Uint8Array(8);
      await writeSafetensors(join(folder, 'model-00001-of-00002.safetensors'), [
        { name: 'a', dtype: 'F32', shape: [2], data },
      ]);
      await writeFile(join(folder, 'model-00002-of-00002.safetensors'), 'damaged');
      const found = await inspectPath(folder);
      assert.ok(found.kind === 'other');
      assert.deepEqual(
        found.tensors.map(({ name, file }) => [name, file]),
        [['a', 'model-00001-of-00002.safetensors']],
      );
      assert.match(found.problem.message, /^\S+config\.json: Qwen 3: /);
    }));
});
