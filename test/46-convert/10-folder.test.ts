// From a folder to a .bin and back: the same tensors, the same settings, and a folder that loads.

import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensorsFolder } from '@llama-ts/safetensors';
import { sampleModelPath } from '@llama-ts/sample-model';
import { failsWith, readJson, withFolder } from '../40-exporter/support.js';
import { assertSameTensors, convert, describeFolder, exportBin, models, writeTinyModel } from './support.js';

for (const { name, folder, type } of models) {
  describe(`${name} as a folder again`, () => {
    for (const version of [0, 1] as const) {
      it(`through v${version} has every tensor byte for byte, and all that its configuration said`, async () => {
        await withFolder(async (scratch) => {
          const source = await exportBin(folder, join(scratch, 'model.bin'), version);
          const output = join(scratch, 'folder');
          const result = await convert({ source, output, to: 'safetensors' });
          assert.equal(result.type, type);
          await assertSameTensors(output, folder);
          const [found, expected] = await Promise.all([describeFolder(output), describeFolder(folder)]);
          assert.deepEqual({ ...found, warnings: [] }, { ...expected, warnings: [] });
        });
      });
    }

    it('converted directly has every tensor byte for byte', async () => {
      await withFolder(async (scratch) => {
        const output = join(scratch, 'folder');
        await convert({ source: folder, output, to: 'safetensors' });
        await assertSameTensors(output, folder);
      });
    });

    it('exports to the v2 file of its source but for the provenance', async () => {
      await withFolder(async (scratch) => {
        const output = join(scratch, 'folder');
        await convert({ source: folder, output, to: 'safetensors' });
        const again = await exportBin(output, join(scratch, 'again.bin'), 2, true);
        const direct = await exportBin(folder, join(scratch, 'direct.bin'), 2, true);
        assert.ok((await readFile(again)).equals(await readFile(direct)));
      });
    });
  });
}

describe('a folder that convert writes', () => {
  it('has RoPE settings, end tokens and chat template as transformers names them', async () => {
    await withFolder(async (scratch) => {
      const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 1);
      const output = join(scratch, 'folder');
      await convert({ source, output, to: 'safetensors' });
      const config = await readJson(join(output, 'config.json'));
      const original = await readJson(join(sampleModelPath, 'config.json'));
      for (const [field, value] of Object.entries(config)) assert.deepEqual(value, original[field], field);
      const expected = await readJson(join(sampleModelPath, 'generation_config.json'));
      assert.deepEqual(await readJson(join(output, 'generation_config.json')), expected);
      const tokenizerConfig = await readJson(join(sampleModelPath, 'tokenizer_config.json'));
      assert.deepEqual(await readJson(join(output, 'tokenizer_config.json')), tokenizerConfig);
    });
  });

  it('has an index of shards with each tensor and the total size', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'folder');
      await convert({ source: sampleModelPath, output, to: 'safetensors', maxShardBytes: 700_000 });
      const names = (await readdir(output)).filter((file) => file.endsWith('.safetensors'));
      assert.deepEqual(
        names.sort(),
        [1, 2, 3, 4].map((i) => `model-0000${i}-of-00004.safetensors`),
      );
      const index = (await readJson(join(output, 'model.safetensors.index.json'))) as {
        metadata: { total_size: number };
        weight_map: Record<string, string>;
      };
      const reader = await openSafetensorsFolder(output);
      await reader.close();
      assert.deepEqual(reader.warnings, []);
      const bytes = [...reader.tensors.values()].reduce((sum, tensor) => sum + tensor.byteLength, 0);
      assert.equal(index.metadata.total_size, bytes);
      for (const tensor of reader.tensors.values()) assert.equal(index.weight_map[tensor.name], tensor.shard);
      for (const [shard, file] of reader.files) assert.ok(file.byteLength < 710_000, shard);
    });
  });

  it('has a file of its own for a tensor larger than a shard', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'folder');
      await convert({ source: sampleModelPath, output, to: 'safetensors', maxShardBytes: 1 });
      const files = (await readdir(output)).filter((file) => file.endsWith('.safetensors'));
      assert.equal(files.length, 47);
      await assertSameTensors(output, sampleModelPath);
    });
  });

  it('has F16 for weights that are float16 and not bfloat16, and is refused in F16 for values beyond its range', async () => {
    await withFolder(async (scratch) => {
      const embedding = new Float32Array(4 * 8).fill(1 + 2 ** -10);
      embedding.set([2 ** -24, -65504, 0, -0]);
      await writeTinyModel(scratch, 4, {}, { 'model.embed_tokens.weight': embedding });
      const source = await exportBin(scratch, join(scratch, 'model.bin'), 1);
      const output = join(scratch, 'folder');
      assert.equal((await convert({ source, output, to: 'safetensors' })).type, 'F16');
      const reader = await openSafetensorsFolder(output);
      const bits = new Uint16Array((await reader.read('model.embed_tokens.weight')).slice().buffer);
      await reader.close();
      assert.deepEqual([...bits.subarray(0, 5)], [0x0001, 0xfbff, 0x0000, 0x8000, 0x3c01]);

      embedding[7] = 65520;
      await writeTinyModel(scratch, 4, {}, { 'model.embed_tokens.weight': embedding });
      const other = { source: scratch, output: join(scratch, 'other'), to: 'safetensors' } as const;
      assert.match(await failsWith('TYPE_UNFIT', convert({ ...other, type: 'F16' })), /holds 65520/);
    });
  });

  it('has float32 when one weight needs it', async () => {
    await withFolder(async (scratch) => {
      const last = new Float32Array(64).fill(1);
      last[63] = 2 ** -25 + 1e-12;
      await writeTinyModel(scratch, 4, {}, { 'model.layers.0.mlp.down_proj.weight': last });
      const source = await exportBin(scratch, join(scratch, 'model.bin'), 1);
      assert.equal((await convert({ source, output: join(scratch, 'folder'), to: 'safetensors' })).type, 'F32');
    });
  });

  it('has bfloat16 when asked for', async () => {
    await withFolder(async (scratch) => {
      const embedding = new Float32Array(4 * 8).fill(1 + 2 ** -8);
      embedding[1] = 1 + 3 * 2 ** -8;
      await writeTinyModel(scratch, 4, {}, { 'model.embed_tokens.weight': embedding });
      const output = join(scratch, 'folder');
      await convert({ source: scratch, output, to: 'safetensors', type: 'BF16' });
      const reader = await openSafetensorsFolder(output);
      const bits = new Uint16Array((await reader.read('model.embed_tokens.weight')).slice().buffer);
      await reader.close();
      assert.deepEqual([...bits.subarray(0, 2)], [0x3f80, 0x3f82]);
    });
  });
});
