// GGUF as another reader sees it: metadata, tokenizer, tensors in llama.cpp's names, and their values.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GGMLQuantizationType, type GGUFParseOutput, gguf } from '@huggingface/gguf';
import { bytesSource } from '@llama-ts/base';
import type { WeightType } from '@llama-ts/exporter';
import { type BinTensor, readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { failsWith, golden, readJson, withFolder } from '../40-exporter/support.js';
import { convert, exportBin, models, writeTinyModel } from './support.js';

/** Numbers of types in ggml. */
const TYPE_IDS: Readonly<Record<WeightType, number>> = { F32: 0, F16: 1, Q8_0: 8, BF16: 30 };

/** llama.cpp's names, by Meta's. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^tok_embeddings/, 'token_embd'],
  [/^norm/, 'output_norm'],
  [/^output/, 'output'],
  [/^layers\.(\d+)\.attention_norm/, 'blk.$1.attn_norm'],
  [/^layers\.(\d+)\.ffn_norm/, 'blk.$1.ffn_norm'],
  [/^layers\.(\d+)\.attention\.wq/, 'blk.$1.attn_q'],
  [/^layers\.(\d+)\.attention\.wk/, 'blk.$1.attn_k'],
  [/^layers\.(\d+)\.attention\.wv/, 'blk.$1.attn_v'],
  [/^layers\.(\d+)\.attention\.wo/, 'blk.$1.attn_output'],
  [/^layers\.(\d+)\.feed_forward\.w1/, 'blk.$1.ffn_gate'],
  [/^layers\.(\d+)\.feed_forward\.w2/, 'blk.$1.ffn_down'],
  [/^layers\.(\d+)\.feed_forward\.w3/, 'blk.$1.ffn_up'],
];

interface Written extends GGUFParseOutput {
  readonly bytes: Buffer;
  tensor(name: string): Buffer;
}

/** Reads a file with another implementation than ours. */
async function parse(path: string): Promise<Written> {
  const parsed = await gguf(path, { allowLocalFile: true });
  const bytes = await readFile(path);
  const ends = parsed.tensorInfos.map(({ offset }) => Number(offset)).sort((a, b) => a - b);
  return {
    ...parsed,
    bytes,
    tensor(name) {
      const { offset } = parsed.tensorInfos.find((info) => info.name === name)!;
      const start = Number(parsed.tensorDataOffset) + Number(offset);
      const next = ends.find((end) => end > Number(offset));
      return bytes.subarray(start, next === undefined ? undefined : Number(parsed.tensorDataOffset) + next);
    },
  };
}

async function binTensors(path: string): Promise<Map<string, BinTensor & { bytes: Buffer }>> {
  const bytes = await readFile(path);
  const { layout } = await readBinFile(bytesSource(bytes, path));
  return new Map(
    layout.tensors.map((tensor) => {
      const [pattern, name] = NAMES.find(([start]) => start.test(tensor.name))!;
      const data = bytes.subarray(tensor.byteOffset, tensor.byteOffset + tensor.byteLength);
      return [tensor.name.replace(pattern, name), { ...tensor, bytes: data }];
    }),
  );
}

for (const { name, folder, type } of models) {
  describe(`${name} as GGUF`, () => {
    it('has the weights of v1 in float32, in the same order of rows', async () => {
      await withFolder(async (scratch) => {
        const source = await exportBin(folder, join(scratch, 'model.bin'), 1);
        const output = join(scratch, 'model.gguf');
        const result = await convert({ source, output, to: 'gguf', type: 'F32' });
        const found = await parse(output);
        assert.equal(found.bytes.byteLength, result.byteLength);
        const expected = await binTensors(source);
        const names = found.tensorInfos.map((info) => info.name);
        assert.deepEqual(names.sort(), [...expected.keys(), 'rope_freqs.weight'].sort());
        for (const [tensor, { shape, bytes }] of expected) {
          const info = found.tensorInfos.find((candidate) => candidate.name === tensor)!;
          assert.deepEqual(info.shape.map(Number), [...shape].reverse(), tensor);
          assert.ok(found.tensor(tensor).subarray(0, bytes.length).equals(bytes), tensor);
        }
      });
    });

    it('is the same file from the folder as from v1, in the type of the source', async () => {
      await withFolder(async (scratch) => {
        const source = await exportBin(folder, join(scratch, 'model.bin'), 1);
        const outputs = [join(scratch, 'a.gguf'), join(scratch, 'b.gguf')];
        assert.equal((await convert({ source, output: outputs[0]!, to: 'gguf' })).type, type);
        await convert({ source: folder, output: outputs[1]!, to: 'gguf' });
        const [a, b] = await Promise.all(outputs.map((path) => readFile(path)));
        assert.ok(a!.equals(b!));
      });
    });

    for (const stored of Object.keys(TYPE_IDS) as WeightType[]) {
      it(`stores matrices as ${stored} and vectors in float32`, async () => {
        await withFolder(async (scratch) => {
          const output = join(scratch, 'model.gguf');
          await convert({ source: folder, output, to: 'gguf', type: stored });
          for (const { name: tensor, shape, dtype } of (await parse(output)).tensorInfos) {
            const expected: GGMLQuantizationType = shape.length === 1 ? TYPE_IDS.F32 : TYPE_IDS[stored];
            assert.equal(dtype, expected, tensor);
          }
        });
      });
    }
  });
}

describe('the GGUF metadata that convert writes', () => {
  it('states dimensions, RoPE, tokenizer, end tokens and chat template', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'model.gguf');
      await convert({ source: sampleModelPath, output, to: 'gguf', type: 'Q8_0' });
      const metadata = (await parse(output)).metadata as Record<string, unknown>;
      const { model, added_tokens: added } = (await readJson(join(sampleModelPath, 'tokenizer.json'))) as {
        model: { vocab: Record<string, number>; merges: [string, string][] };
        added_tokens: { id: number; content: string }[];
      };
      const { chat_template: template } = await readJson(join(sampleModelPath, 'tokenizer_config.json'));
      const tokens = metadata['tokenizer.ggml.tokens'] as string[];
      const types = metadata['tokenizer.ggml.token_type'] as number[];
      for (const [token, id] of Object.entries(model.vocab)) assert.deepEqual([tokens[id], types[id]], [token, 1]);
      for (const { id, content } of added) assert.deepEqual([tokens[id], types[id]], [content, 3]);
      assert.equal(tokens.length, 1329);
      const merges = model.merges.map((pair) => pair.join(' '));
      assert.deepEqual(metadata['tokenizer.ggml.merges'], merges);
      const expected = {
        'general.architecture': 'llama',
        'general.name': 'model',
        'general.file_type': 7,
        'llama.block_count': 5,
        'llama.context_length': 2048,
        'llama.embedding_length': 128,
        'llama.feed_forward_length': 384,
        'llama.attention.head_count': 8,
        'llama.attention.head_count_kv': 4,
        'llama.rope.freq_base': 500000,
        'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
        'llama.attention.key_length': 16,
        'llama.rope.dimension_count': 16,
        'llama.vocab_size': 1329,
        'tokenizer.ggml.model': 'gpt2',
        'tokenizer.ggml.pre': 'llama-bpe',
        'tokenizer.ggml.bos_token_id': 1073,
        'tokenizer.ggml.eos_token_id': 1082,
        'tokenizer.ggml.eot_token_id': 1082,
        'tokenizer.ggml.eom_token_id': 1081,
        'tokenizer.ggml.add_bos_token': true,
        'tokenizer.chat_template': template,
      };
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(metadata[key], value, key);
    });
  });

  it('states llama3 scaling as the divisors that transformers computes, and no divisors without it', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'model.gguf');
      await convert({ source: sampleModelPath, output, to: 'gguf' });
      const bytes = (await parse(output)).tensor('rope_freqs.weight').subarray(0, 32);
      const found = new Float32Array(Uint8Array.from(bytes).buffer);
      // transformers, _compute_llama3_parameters, with the sample's settings.
      const expected = Array.from({ length: 8 }, (_, i) => {
        const wavelength = 2 * Math.PI * 500000 ** (i / 8);
        if (wavelength < 512 / 4) return 1;
        if (wavelength > 512) return 32;
        const smooth = (512 / wavelength - 1) / (4 - 1);
        return 1 / ((1 - smooth) / 32 + smooth);
      });
      assert.ok(expected.some((factor) => factor > 1 && factor < 32));
      for (const [i, factor] of expected.entries()) assert.ok(Math.abs(found[i]! / factor - 1) < 1e-6, `factor ${i}`);

      await writeTinyModel(scratch, 4);
      const plain = join(scratch, 'plain.gguf');
      await convert({ source: scratch, output: plain, to: 'gguf' });
      const names = (await parse(plain)).tensorInfos.map((info) => info.name);
      assert.ok(!names.includes('rope_freqs.weight'));
    });
  });

  it('names a pre-tokenizer that only merges for a tokenizer that only merges', async () => {
    await withFolder(async (scratch) => {
      const json = await readJson(join(sampleModelPath, 'tokenizer.json'));
      await writeTinyModel(scratch, 1329, { bos_token_id: 1073 });
      const model = { ...(json.model as object), ignore_merges: false };
      await writeFile(join(scratch, 'tokenizer.json'), JSON.stringify({ ...json, model }));
      const output = join(scratch, 'model.gguf');
      await convert({ source: scratch, output, to: 'gguf' });
      const metadata = (await parse(output)).metadata as Record<string, unknown>;
      assert.deepEqual([metadata['tokenizer.ggml.pre'], metadata['tokenizer.ggml.add_bos_token']], ['dbrx', true]);
    });
  });

  it('states that a model without a tokenizer has no vocabulary, with a warning', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'model.gguf');
      await convert({ source: golden('tied-gqa-bf16'), output, to: 'gguf' });
      const metadata = (await parse(output)).metadata as Record<string, unknown>;
      assert.equal(metadata['tokenizer.ggml.model'], 'no_vocab');
    });
  });

  it('is refused for Q8_0 when rows are no multiple of a block', async () => {
    await withFolder(async (scratch) => {
      await writeTinyModel(scratch, 4);
      const refused = convert({ source: scratch, output: join(scratch, 'm.gguf'), to: 'gguf', type: 'Q8_0' });
      assert.match(await failsWith('TYPE_UNFIT', refused), /rows of 8 weights, expected a multiple of 32/);
    });
  });
});
