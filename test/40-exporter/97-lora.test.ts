// LoRA adapters merged into their base: the values that peft gives, several at once, whole modules, and what cannot be merged.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyModel } from '@llama-ts/evaluate';
import { exportModel, openModelSource, withAdapters } from '@llama-ts/exporter';
import { op, pickle, torchEntries, torchFile, zip } from '../22-pytorch/support.js';
import {
  adding,
  bytesOf,
  DIMS,
  floats,
  inRows,
  RANK_1,
  type Tensors,
  UP,
  valuesOf,
  W3,
  writeAdapter,
  writeBase,
} from './lora-files.js';
import { drain, failsWith, withFolder } from './support.js';

interface GoldenCase {
  readonly module: string;
  readonly shape: [number, number];
  readonly rows: readonly number[];
  readonly config: Record<string, unknown>;
  readonly base: string;
  readonly a: string;
  readonly b: string;
  readonly magnitude?: string;
  readonly merged: string;
}

const fixture = new URL('../fixtures/lora/merged.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: Record<string, GoldenCase> };

const binName: Readonly<Record<string, string>> = {
  'model.layers.0.self_attn.q_proj': 'layers.0.attention.wq.weight',
  'model.layers.0.self_attn.k_proj': 'layers.0.attention.wk.weight',
  'model.layers.0.mlp.down_proj': 'layers.0.feed_forward.w2.weight',
};

describe('a LoRA adapter', function () {
  this.timeout(60_000);

  for (const [title, one] of Object.entries(cases)) {
    it(`merges to the values of peft within one rounding to bfloat16: ${title}`, () =>
      withFolder(async (folder) => {
        const [rows, columns] = one.shape;
        const base = await writeBase(join(folder, 'base'), {
          [`${one.module}.weight`]: inRows(one.shape, one.rows, floats(one.base)),
        });
        const a = floats(one.a);
        const rank = a.length / columns;
        const tensors: Tensors = {
          [`${one.module}.lora_A.weight`]: [[rank, columns], a],
          [`${one.module}.lora_B.weight`]: [[rows, rank], inRows([rows, rank], one.rows, floats(one.b))],
          ...(one.magnitude === undefined
            ? {}
            : { [`${one.module}.lora_magnitude_vector`]: [[rows], inRows([rows], one.rows, floats(one.magnitude))] }),
        };
        const adapter = await writeAdapter(join(folder, 'adapter'), one.config, tensors);
        const source = await withAdapters(await openModelSource(base), [{ folder: adapter }]);
        const merged = await valuesOf(source, binName[one.module]!);
        const expected = floats(one.merged);
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        one.rows.forEach((row, i) => {
          for (let column = 0; column < columns; column++) {
            const [found, wanted] = [merged[row * columns + column]!, expected[i * columns + column]!];
            // Where terms cancel, what is left of their last bits of float32 counts.
            const allowed = Math.max(Math.abs(wanted) * 2 ** -8, largest * 2 ** -22);
            assert.ok(Math.abs(found - wanted) <= allowed, `row ${row}, column ${column}: ${found}, ${wanted}`);
          }
        });
        await source.close();
      }));
  }

  it('is multiplied with its scale, and others are merged after it', () =>
    withFolder(async (folder) => {
      const base = await writeBase(join(folder, 'base'), {});
      const one = await writeAdapter(join(folder, 'one'), RANK_1, adding(0.5));
      const two = await writeAdapter(join(folder, 'two'), { r: 1, lora_alpha: 3 }, adding(0.25));
      const source = await withAdapters(await openModelSource(base), [{ folder: one, scale: 2 }, { folder: two }]);
      assert.ok((await valuesOf(source, W3)).every((value) => value === 1 + 0.5 * 2 + 0.25 * 3));
      assert.ok((await valuesOf(source, 'layers.0.feed_forward.w1.weight')).every((value) => value === 1));
      const { source: name, files } = (await source.provenance())!;
      assert.equal(name, 'base + one=2 + two');
      assert.deepEqual(
        files.map(({ path }) => path).filter((path) => path.includes('adapter')),
        ['one=2', 'two'].flatMap((of) => [`${of}/adapter_config.json`, `${of}/adapter_model.safetensors`]),
      );
      await source.close();
    }));

  it('replaces the modules that it saves whole', () =>
    withFolder(async (folder) => {
      const base = await writeBase(join(folder, 'base'), {});
      const head = Float32Array.from({ length: DIMS.vocab * DIMS.dim }, (_, i) => i);
      const adapter = await writeAdapter(
        join(folder, 'adapter'),
        { ...RANK_1, modules_to_save: ['lm_head'] },
        {
          ...adding(1),
          'lm_head.weight': [[DIMS.vocab, DIMS.dim], head],
        },
      );
      const source = await withAdapters(await openModelSource(base), [{ folder: adapter }]);
      assert.deepEqual(await valuesOf(source, 'output.weight'), head);
      await source.close();
    }));

  it('is in the exported file, which verifies against base and adapter and not against the base', () =>
    withFolder(async (folder) => {
      const base = await writeBase(join(folder, 'base'), {});
      const adapter = await writeAdapter(join(folder, 'adapter'), RANK_1, adding(0.5));
      const output = join(folder, 'out.bin');
      const source = await withAdapters(await openModelSource(base), [{ folder: adapter }]);
      await drain(exportModel({ source, output, version: 2 }));
      assert.equal((await drain(verifyModel({ model: output, against: source }))).result.passed, true);
      assert.equal((await drain(verifyModel({ model: output, against: base }))).result.passed, false);
      await source.close();
    }));

  it('is refused by name where it cannot be merged', () =>
    withFolder(async (folder) => {
      const base = await writeBase(join(folder, 'base'), {});
      const tied = await writeBase(join(folder, 'tied'), {}, true);
      const embedding: Tensors = { 'model.embed_tokens.weight': [[DIMS.vocab, DIMS.dim], new Float32Array(4096)] };
      const short: Tensors = { ...adding(1), [`${UP}.lora_A.weight`]: [[1, 8], new Float32Array(8)] };
      const { [`${UP}.lora_B.weight`]: b, ...onlyA } = adding(1);
      const stray: Tensors = { ...adding(1), 'model.layers.7.mlp.up_proj.lora_A.weight': [[1], new Float32Array(1)] };
      const refused: readonly (readonly [string, string, Record<string, unknown>, Tensors, RegExp])[] = [
        [base, 'UNSUPPORTED_MODEL', { ...RANK_1, peft_type: 'IA3' }, adding(1), /peft_type is "IA3", expected "LORA"/],
        [base, 'UNSUPPORTED_MODEL', { ...RANK_1, bias: 'all' }, adding(1), /bias is "all"/],
        [base, 'UNSUPPORTED_MODEL', { ...RANK_1, fan_in_fan_out: true }, adding(1), /fan_in_fan_out is true/],
        [base, 'UNSUPPORTED_MODEL', { ...RANK_1, layer_replication: [[0, 1]] }, adding(1), /layer_replication/],
        [
          base,
          'UNSUPPORTED_MODEL',
          { ...RANK_1, rank_pattern: { '^a|b$': 1 } },
          adding(1),
          /the expression "\^a\|b\$"/,
        ],
        [base, 'BAD_CONFIG', { r: 0 }, adding(1), /r is 0, expected a finite number above 0/],
        [base, 'BAD_CONFIG', { ...RANK_1, use_dora: true }, adding(1), /no magnitude, and use_dora is true/],
        [base, 'BAD_CONFIG', RANK_1, onlyA, /one of lora_A and lora_B/],
        [
          base,
          'BAD_TENSOR_SHAPE',
          { r: 2, lora_alpha: 1 },
          adding(1),
          /lora_A\.weight has shape \[1, 256\], expected \[2, 256\]/,
        ],
        [base, 'BAD_TENSOR_SHAPE', RANK_1, short, /has shape \[1, 8\]/],
        [base, 'UNSUPPORTED_MODEL', RANK_1, stray, /layers\.7\.mlp\.up_proj\.lora_A\.weight" changes nothing/],
        [tied, 'UNSUPPORTED_MODEL', RANK_1, embedding, /the embedding, which is the classifier too/],
      ];
      for (const [i, [model, code, config, tensors, message]] of refused.entries()) {
        const adapter = await writeAdapter(join(folder, `adapter-${i}`), config, tensors);
        const source = await openModelSource(model);
        assert.match(await failsWith(code, withAdapters(source, [{ folder: adapter }])), message);
        await source.close();
      }
      assert.ok(b !== undefined);
    }));

  it('is read from adapter_model.bin, which older versions of PEFT wrote, to the same values', () =>
    withFolder(async (folder) => {
      const base = await writeBase(join(folder, 'base'), {});
      const adapter = await writeAdapter(join(folder, 'adapter'), RANK_1, adding(0.5));
      const before = await withAdapters(await openModelSource(base), [{ folder: adapter }]);
      const expected = await valuesOf(before, W3);
      await before.close();
      await rm(join(adapter, 'adapter_model.safetensors'));
      const saved = Object.entries(adding(0.5)).map(([name, [shape, values]]) => {
        return { name: `base_model.model.${name}`, type: 'FloatStorage' as const, shape, data: bytesOf(values) };
      });
      await writeFile(join(adapter, 'adapter_model.bin'), torchFile(saved));
      const source = await withAdapters(await openModelSource(base), [{ folder: adapter }]);
      assert.deepEqual(await valuesOf(source, W3), expected);
      const { files } = (await source.provenance())!;
      assert.deepEqual(
        files.slice(-2).map(({ path }) => path),
        ['adapter/adapter_config.json', 'adapter/adapter_model.bin'],
      );
      const output = join(folder, 'out.bin');
      await drain(exportModel({ source, output, version: 2 }));
      assert.equal((await drain(verifyModel({ model: output, against: source }))).result.passed, true);
      await source.close();
    }));

  it('is refused where its pickle calls what no tensor needs, and where there is none', () =>
    withFolder(async (folder) => {
      const source = await openModelSource(await writeBase(join(folder, 'base'), {}));
      const adapter = await writeAdapter(join(folder, 'adapter'), RANK_1, adding(1));
      await rm(join(adapter, 'adapter_model.safetensors'));
      const call = pickle(op.global('os', 'system'), op.mark, op.text('true'), op.tuple, op.reduce);
      await writeFile(join(adapter, 'adapter_model.bin'), zip(torchEntries(call, {})));
      assert.match(await failsWith('PYTORCH_PICKLE', withAdapters(source, [{ folder: adapter }])), /os/);
      assert.match(await failsWith('NOT_A_CHECKPOINT', withAdapters(source, [{ folder }])), /no adapter_config\.json/);
      await source.close();
    }));
});
