// GGUF as a source: facts, weights, blocks that are carried over, and what is refused.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertModel, exportModel, inspectPath, openModelSource, quantizeModel } from '@llama-ts/exporter';
import { columnsOf, layout, rowsOf } from '@llama-ts/format';
import { dequantize, type GgufValue, openGguf } from '@llama-ts/gguf';
import { openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { type Entries, rewritten, sampleGguf } from './gguf-files.js';
import { drain, failsWith, withFolder } from './support.js';

const text = (value: string): GgufValue => ({ kind: 'string', value });
const u32 = (value: number): GgufValue => ({ kind: 'u32', value });
const f32 = (value: number): GgufValue => ({ kind: 'f32', value });

describe('a GGUF file as a source', function () {
  this.timeout(120_000);

  it('gives the v1 file that the model it was made from gives, weights and trailer facts', () =>
    withFolder(async (folder) => {
      const gguf = await sampleGguf(folder, 'BF16');
      const [a, b] = [join(folder, 'a.bin'), join(folder, 'b.bin')];
      const { result } = await drain(exportModel({ source: sampleModelPath, output: a }));
      await drain(exportModel({ source: gguf, output: b }));
      const [fromFolder, fromGguf] = [await readFile(a), await readFile(b)];
      assert.ok(fromFolder.subarray(0, result.weightsEnd).equals(fromGguf.subarray(0, result.weightsEnd)));
    }));

  it('carries blocks of Q8_0 into v2 and v3, and logits stay the same bit for bit', () =>
    withFolder(async (folder) => {
      const gguf = await sampleGguf(folder, 'Q8_0');
      const path = (name: string) => join(folder, name);
      const v2 = await drain(exportModel({ source: gguf, output: path('v2.bin'), version: 2 }));
      const v3 = await drain(exportModel({ source: gguf, output: path('v3.bin'), version: 3 }));
      assert.deepEqual([v2.result.maxError, v2.result.groupSize, v3.result.maxError], [0, 32, 0]);
      for (const { events } of [v2, v3])
        assert.deepEqual(
          events.filter(({ type }) => type === 'warning'),
          [],
        );
      // The same weights by way of floats: dequantized, then quantized by this toolkit's own rule.
      await drain(exportModel({ source: gguf, output: path('v1.bin') }));
      await drain(quantizeModel({ input: path('v1.bin'), output: path('again.bin'), groupSize: 32 }));
      const [carried, again] = [await readFile(path('v2.bin')), await readFile(path('again.bin'))];
      assert.ok(carried.subarray(0, v2.result.weightsEnd).equals(again.subarray(0, v2.result.weightsEnd)));
      const logits = async (name: string): Promise<Float32Array> => {
        const model = await openModel(path(name));
        const batch = [{ cache: model.createCache(), position: 0, tokens: [1, 5, 9] }];
        const found = (await model.forward(batch, { logits: 'all' })).slice();
        await model.close();
        return found;
      };
      assert.deepEqual(await logits('v2.bin'), await logits('again.bin'));
    }));

  for (const version of [2, 3] as const) {
    it(`gives v${version} the very values and scales of Q8_0, also where a scale is negative or nothing`, () =>
      withFolder(async (folder) => {
        const whole = await sampleGguf(folder, 'Q8_0');
        const gguf = await rewritten(whole, join(folder, 'odd.gguf'), (_, tensors) => {
          const blocks = tensors.get('blk.0.attn_q.weight')!;
          blocks[1]! |= 0x80; // the scale of the first block, negated
          blocks.fill(0, 34, 36); // that of the second, 0
          blocks.set([1, 0], 68); // that of the third, the smallest number
        });
        const output = join(folder, 'out.bin');
        await drain(exportModel({ source: gguf, output, version }));
        const file = await openGguf(gguf);
        const source = await openModelSource(output);
        const { dimensions } = source;
        const [wq] = layout({ version: 1, dimensions, groupSize: null }).tensors.filter(({ kind }) => kind === 'wq');
        const into = new Uint8Array(4 * wq!.nValues);
        await (await source.weights.readRows(wq!, 0, rowsOf(wq!), into)).hashed;
        const expected = dequantize('Q8_0', await file.read('blk.0.attn_q.weight'));
        const found = new Float32Array(into.buffer);
        assert.equal(columnsOf(wq!) % 32, 0);
        assert.ok(found.every((value, i) => value === expected[i]));
        await Promise.all([file.close(), source.close()]);
      }));
  }

  it('carries blocks of 4 bits into v3, from which the same GGUF tensors come back', () =>
    withFolder(async (folder) => {
      const gguf = await sampleGguf(folder, 'stored');
      const v3 = join(folder, 'again.bin');
      const { result } = await drain(exportModel({ source: gguf, output: v3, version: 3 }));
      assert.equal(result.maxError, 0);
      await drain(convertModel({ source: v3, output: join(folder, 'again.gguf'), to: 'gguf' }));
      const [a, b] = [await openGguf(gguf), await openGguf(join(folder, 'again.gguf'))];
      for (const { name, type } of a.tensors.values()) {
        assert.equal(b.tensors.get(name)!.type, type);
        assert.deepEqual(await b.read(name), await a.read(name), name);
      }
      await Promise.all([a.close(), b.close()]);
    }));

  it('is quantized again, with a warning, where the blocks have no place in the file', () =>
    withFolder(async (folder) => {
      const gguf = await sampleGguf(folder, 'Q8_0');
      const { events } = await drain(
        exportModel({ source: gguf, output: join(folder, 'a.bin'), version: 2, groupSize: 16 }),
      );
      const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
      assert.match(warnings[0]!, /is quantized already \(Q8_0\), and \d+ tensors will be again/);
    }));

  it('recovers the RoPE scaling from its divisors, and refuses divisors of another', () =>
    withFolder(async (folder) => {
      const whole = await sampleGguf(folder, 'BF16');
      const folderSource = await openModelSource(sampleModelPath);
      const source = await openModelSource(whole);
      assert.deepEqual(source.settings!.ropeScaling, folderSource.settings!.ropeScaling);
      const other = await rewritten(whole, join(folder, 'other.gguf'), (_, tensors) => {
        const { byteLength } =
          tensors.get('rope_freqs.weight') ??
          new Uint8Array((2 * folderSource.dimensions.dim) / folderSource.dimensions.nHeads);
        const factors = Float32Array.from({ length: byteLength / 4 }, (_, i) => 1 + i);
        tensors.set('rope_freqs.weight', new Uint8Array(factors.buffer));
      });
      assert.match(await failsWith('UNSUPPORTED_MODEL', openModelSource(other)), /rope_freqs\.weight divides/);
      await Promise.all([source.close(), folderSource.close()]);
    }));

  it('names in v2 and v3 the value and the scale that no .bin file holds', () =>
    withFolder(async (folder) => {
      const whole = await sampleGguf(folder, 'Q8_0');
      for (const [bytes, at, message] of [
        [[0x80], 2 + 34, /attention\.wq\.weight \(Q8_0\) has the value -128, .* at row 0, columns 32 to 63/],
        [[0x00, 0x7c], 34, /has the scale Infinity, expected a finite number, at row 0, columns 32 to 63/],
        [[0x01, 0xfe], 34, /has the scale NaN/],
      ] as const) {
        const odd = await rewritten(whole, join(folder, 'odd.gguf'), (_, tensors) => {
          tensors.get('blk.0.attn_q.weight')!.set(bytes, at);
        });
        for (const version of [2, 3] as const) {
          const output = join(folder, 'out.bin');
          assert.match(await failsWith('BAD_WEIGHTS', drain(exportModel({ source: odd, output, version }))), message);
        }
      }
    }));

  const changes: readonly (readonly [
    string,
    string,
    RegExp,
    (metadata: Entries, tensors: Map<string, Uint8Array>) => void,
  ])[] = [
    [
      'another architecture',
      'UNSUPPORTED_MODEL',
      /architecture "qwen2", expected "llama"/,
      (m) => m.set('general.architecture', text('qwen2')),
    ],
    ['no architecture', 'UNSUPPORTED_MODEL', /no general\.architecture/, (m) => m.delete('general.architecture')],
    ['an adapter', 'UNSUPPORTED_MODEL', /general\.type is "adapter"/, (m) => m.set('general.type', text('adapter'))],
    ['experts', 'UNSUPPORTED_MODEL', /expert_count is 8 \(a mixture/, (m) => m.set('llama.expert_count', u32(8))],
    [
      'a window of attention',
      'UNSUPPORTED_MODEL',
      /sliding_window is 4096/,
      (m) => m.set('llama.attention.sliding_window', u32(4096)),
    ],
    [
      'linear scaling',
      'UNSUPPORTED_MODEL',
      /scaling\.type is "linear"/,
      (m) => m.set('llama.rope.scaling.type', text('linear')),
    ],
    [
      'heads of another size',
      'UNSUPPORTED_MODEL',
      /key_length is 3/,
      (m) => m.set('llama.attention.key_length', u32(3)),
    ],
    ['no layers', 'BAD_CONFIG', /no llama\.block_count/, (m) => m.delete('llama.block_count')],
    ['0 layers', 'BAD_CONFIG', /block_count is 0, expected a whole number/, (m) => m.set('llama.block_count', u32(0))],
    [
      'too many layers',
      'MISSING_TENSOR',
      /no tensor blk\.\d+\.attn_norm\.weight/,
      (m) => m.set('llama.block_count', u32(60)),
    ],
    ['a width as text', 'BAD_CONFIG', /embedding_length is "64"/, (m) => m.set('llama.embedding_length', text('64'))],
    ['another width', 'BAD_TENSOR_SHAPE', /has shape/, (m) => m.set('llama.feed_forward_length', u32(32))],
    [
      'a norm epsilon of 0',
      'BAD_CONFIG',
      /rms_epsilon is 0/,
      (m) => m.set('llama.attention.layer_norm_rms_epsilon', f32(0)),
    ],
    [
      'a SentencePiece tokenizer',
      'UNSUPPORTED_MODEL',
      /model is "llama" \(not one of Llama 3\)/,
      (m) => m.set('tokenizer.ggml.model', text('llama')),
    ],
    ['another split pattern', 'UNSUPPORTED_MODEL', /pre is "qwen2"/, (m) => m.set('tokenizer.ggml.pre', text('qwen2'))],
    ['no merges', 'BAD_TOKENIZER', /no tokenizer\.ggml\.merges/, (m) => m.delete('tokenizer.ggml.merges')],
    [
      'a merge of unknown tokens',
      'BAD_TOKENIZER',
      /merges\[0\] names/,
      (m) => m.set('tokenizer.ggml.merges', { kind: 'array', of: 'string', values: ['no such'] }),
    ],
    [
      'types of fewer tokens',
      'BAD_TOKENIZER',
      /token_type is not there or of another length/,
      (m) => m.set('tokenizer.ggml.token_type', { kind: 'array', of: 'i32', values: [1] }),
    ],
    [
      'an end token past the vocabulary',
      'BAD_TOKENIZER',
      /eos_token_id is 4294967295/,
      (m) => m.set('tokenizer.ggml.eos_token_id', u32(0xffffffff)),
    ],
    [
      'a bias',
      'UNEXPECTED_TENSOR',
      /"blk\.0\.attn_q\.bias" has no place/,
      (_, t) => t.set('blk.0.attn_q.bias', new Uint8Array(64)),
    ],
    [
      'a missing matrix',
      'MISSING_TENSOR',
      /no tensor blk\.0\.attn_v\.weight/,
      (_, t) => t.delete('blk.0.attn_v.weight'),
    ],
  ];
  it('is refused by name where it is no Llama 3, or says what its tensors do not hold', () =>
    withFolder(async (folder) => {
      const whole = await sampleGguf(folder, 'Q8_0');
      for (const [title, code, message, change] of changes) {
        const path = await rewritten(whole, join(folder, 'changed.gguf'), change);
        assert.match(await failsWith(code, openModelSource(path)), message, title);
        const description = await inspectPath(path);
        assert.deepEqual([description.kind, description.tensors.length > 0], ['other', true], title);
      }
    }));

  it('is inspected with its settings, tokenizer and tensors', () =>
    withFolder(async (folder) => {
      const description = await inspectPath(await sampleGguf(folder, 'Q8_0'));
      assert.equal(description.kind, 'gguf');
      if (description.kind !== 'gguf') return;
      assert.ok(description.bitsPerWeight > 8.5 && description.bitsPerWeight < 8.7);
      assert.equal(description.model.tokenizer!.nTokens, description.dimensions.vocabSize);
      assert.equal(description.tensors.find(({ name }) => name === 'token_embd.weight')!.dtype, 'Q8_0');
    }));

  it('is recognised by its first bytes under any name, and by its name whatever its bytes', () =>
    withFolder(async (folder) => {
      const source = await openModelSource(await sampleGguf(folder, 'Q8_0', 'model.bin'));
      assert.equal(source.kind, 'gguf');
      await source.close();
      await writeFile(join(folder, 'page.gguf'), '<!doctype html>');
      assert.match(await failsWith('NOT_GGUF', openModelSource(join(folder, 'page.gguf'))), /is an HTML page/);
    }));
});
