// A file of any version is verified against any source, and bytes that no export would write are reported.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { type BinVersion, layout, readBinFile } from '@llama-ts/format';
import { failureOf } from '../helpers/failure.js';
import { exportTo, golden, quantizeTo, verify, withFolder } from './support.js';

const tied = golden('tied-gqa-bf16');
const untied = golden('untied-mha-f32');
const versions: BinVersion[] = [0, 1, 2, 3];

describe('verify against a source', function () {
  this.timeout(60_000);

  for (const source of [tied, untied]) {
    it(`passes each version against the folder and against each lossless version (${source.split('/').at(-1)})`, async () => {
      await withFolder(async (folder) => {
        const paths = versions.map((version) => join(folder, `v${version}.bin`));
        for (const version of versions) await exportTo({ source, output: paths[version]!, version });
        for (const model of paths) {
          for (const against of [source, paths[0]!, paths[1]!]) {
            const { passed, findings, tensors } = await verify({ model, against });
            assert.equal(passed, true, `${model} against ${against}: ${JSON.stringify(findings[0])}`);
            assert.ok(tensors.every(({ equalsExport }) => equalsExport === true));
          }
        }
        const self = await verify({ model: paths[2]!, against: paths[2]! });
        assert.equal(self.passed, true);
        assert.equal(self.overall!.maxError, 0);
      });
    });
  }

  it('reports the tensors in which a float32 file differs from its quantized source', async () => {
    await withFolder(async (folder) => {
      const v1 = await exportTo({ source: untied, output: join(folder, 'v1.bin'), version: 1 });
      const v2 = await exportTo({ source: untied, output: join(folder, 'v2.bin'), version: 2 });
      const { passed, tensors, findings } = await verify({ model: v1, against: v2 });
      assert.equal(passed, false);
      for (const { name, shape, equalsExport } of tensors) assert.equal(equalsExport, shape.length === 1, name);
      assert.ok(findings.every(({ code }) => code === 'DIFFERS_FROM_SOURCE'));
    });
  });

  it('compares group sizes other than the default', async () => {
    await withFolder(async (folder) => {
      const v1 = await exportTo({ source: untied, output: join(folder, 'v1.bin'), version: 1 });
      const small = await quantizeTo(v1, join(folder, 'small.bin'), 16);
      const { passed, model } = await verify({ model: small, against: untied });
      assert.deepEqual([passed, model.groupSize], [true, 16]);
      // Quantized from other groups, most values come out as others.
      const v2 = await exportTo({ source: untied, output: join(folder, 'v2.bin'), version: 2 });
      assert.equal((await verify({ model: small, against: v2 })).passed, false);
    });
  });

  it('refuses a source of another model with the dimensions that differ', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: tied, output: join(folder, 'model.bin'), version: 2 });
      const { passed, findings } = await verify({ model, against: untied });
      assert.equal(passed, false);
      assert.ok(findings.every(({ part, code }) => part === 'header' && code === 'DIFFERENT_MODELS'));
      assert.ok(findings.some(({ message }) => message.includes('sharedClassifier true, expected false')));
    });
  });

  it('refuses a source that is damaged itself, and does not report the model as wrong', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: untied, output: join(folder, 'model.bin'), version: 2 });
      for (const version of versions) {
        const against = await exportTo({ source: untied, output: join(folder, `source${version}.bin`), version });
        const bytes = await readFile(against);
        const { header } = await readBinFile(bytesSource(bytes, against));
        const tensor = layout(header).tensors.find(({ name }) => name === 'layers.1.feed_forward.w2.weight')!;
        bytes[tensor.byteOffset + 1]! ^= 1;
        await writeFile(against, bytes);
        assert.equal((await failureOf(() => verify({ model, against }))).code, 'BAD_CHECKSUM', `v${version}`);
      }
    });
  });

  it('reports groups that no quantization gives, without any source', async () => {
    await withFolder(async (folder) => {
      const path = await exportTo({ source: untied, output: join(folder, 'm.bin'), version: 2, plain: true });
      const bytes = await readFile(path);
      const { header } = await readBinFile(bytesSource(bytes, path));
      const { byteOffset, name } = layout(header).tensors.find(({ encoding }) => encoding.isQuantized)!;
      const group = 3;
      // The largest value of a group is ±127; without it the scale would be another.
      for (let i = 0; i < header.groupSize!; i++) {
        const at = byteOffset + group * header.groupSize! + i;
        if (Math.abs(bytes.readInt8(at)) > 100) bytes.writeInt8(0, at);
      }
      await writeFile(path, bytes);
      const { passed, findings, tensors } = await verify({ model: path });
      assert.equal(passed, false);
      assert.deepEqual(
        findings.map(({ code, tensor, position }) => [code, tensor, position?.group]),
        [['NOT_REPRODUCIBLE', name, group]],
      );
      assert.equal(tensors.find((tensor) => tensor.name === name)!.survivesRoundTrip, false);
    });
  });

  it('accepts groups of zeros and of subnormal weights', async () => {
    await withFolder(async (folder) => {
      const v1 = await exportTo({ source: untied, output: join(folder, 'v1.bin'), version: 1, plain: true });
      const bytes = await readFile(v1);
      const { header } = await readBinFile(bytesSource(bytes, v1));
      const { byteOffset } = layout(header).tensors.find(({ kind }) => kind === 'wq')!;
      bytes.fill(0, byteOffset, byteOffset + 4 * 64);
      for (let i = 64; i < 128; i++) bytes.writeUInt32LE(i * 3, byteOffset + 4 * i);
      await writeFile(v1, bytes);
      const v2 = await quantizeTo(v1, join(folder, 'v2.bin'));
      for (const against of [v1, v2]) assert.equal((await verify({ model: v2, against })).passed, true);
    });
  });

  it('ends with the reason of an abort', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: untied, output: join(folder, 'model.bin') });
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      await assert.rejects(verify({ model, signal }), reason);
    });
  });
});
