// Exports equal the reference exporter's, byte for byte (golden/*/sha256.json were made by it).

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource, TOOL } from '@llama-ts/base';
import { exportModel, quantizeModel } from '@llama-ts/exporter';
import { layout, readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { drain, golden, readJson, sha256, withFolder } from './support.js';

const models = [
  { name: 'tied-gqa-bf16', folder: golden('tied-gqa-bf16'), oracle: golden('tied-gqa-bf16', 'oracle', 'sha256.json') },
  {
    name: 'untied-mha-f32',
    folder: golden('untied-mha-f32'),
    oracle: golden('untied-mha-f32', 'oracle', 'sha256.json'),
  },
  { name: 'the sample', folder: sampleModelPath, oracle: golden('sample', 'sha256.json') },
];

for (const { name, folder, oracle } of models) {
  describe(`export of ${name}`, () => {
    for (const version of [1, 2] as const) {
      it(`gives the reference's v${version} bytes, alone with --plain and before the trailer otherwise`, async () => {
        const { sha256: expected, bytes } = (await readJson(oracle))[`v${version}`] as {
          sha256: string;
          bytes: number;
        };
        await withFolder(async (scratch) => {
          const plain = join(scratch, 'plain.bin');
          const whole = join(scratch, 'whole.bin');
          await drain(exportModel({ source: folder, output: plain, version, plain: true }));
          const { result } = await drain(exportModel({ source: folder, output: whole, version }));
          const plainBytes = await readFile(plain);
          assert.equal(plainBytes.length, bytes);
          assert.equal(sha256(plainBytes), expected);
          const wholeBytes = await readFile(whole);
          assert.equal(wholeBytes.length, result.byteLength);
          assert.equal(result.weightsEnd, bytes);
          assert.equal(sha256(wholeBytes.subarray(0, bytes)), expected);
        });
      });
    }

    it('writes a trailer that reads back, has a checksum for each tensor, and names no path of this machine', async () => {
      await withFolder(async (scratch) => {
        const output = join(scratch, 'model.bin');
        await drain(exportModel({ source: folder, output, version: 2 }));
        const bytes = await readFile(output);
        const { trailer, layout: places } = await readBinFile(bytesSource(bytes, 'model.bin'));
        assert.ok(trailer !== null);
        places.tensors.forEach((tensor, i) => {
          const written = bytes.subarray(tensor.byteOffset, tensor.byteOffset + tensor.byteLength);
          assert.equal(Buffer.from(trailer.checksums.tensors[i]!).toString('hex'), sha256(written), tensor.name);
        });
        const { provenance } = trailer.description;
        assert.equal(provenance.tool, TOOL);
        assert.equal(provenance.commit, null);
        assert.ok(!JSON.stringify(provenance).includes(folder));
        for (const file of provenance.files) {
          assert.equal(file.sha256, sha256(await readFile(join(folder, file.path))), file.path);
        }
      });
    });

    it('gives in v0 the tensors of v1, and tables of cosines and sines for base 10000', async () => {
      await withFolder(async (scratch) => {
        const outputs = [0, 1].map((version) => join(scratch, `v${version}.bin`));
        await drain(exportModel({ source: folder, output: outputs[0]!, version: 0, plain: true }));
        await drain(exportModel({ source: folder, output: outputs[1]!, version: 1, plain: true }));
        const [v0, v1] = await Promise.all(outputs.map((path) => readFile(path)));
        const { header } = await readBinFile(bytesSource(v0!, 'v0.bin'));
        assert.equal(v0!.length, layout(header).weightsEnd);
        const inV1 = new Map(layout({ ...header, version: 1 }).tensors.map((tensor) => [tensor.name, tensor]));
        const headDim = header.dimensions.dim / header.dimensions.nHeads;
        for (const tensor of layout(header).tensors) {
          const found = v0!.subarray(tensor.byteOffset, tensor.byteOffset + tensor.byteLength);
          const other = inV1.get(tensor.name);
          if (other !== undefined) {
            const same = v1!.subarray(other.byteOffset, other.byteOffset + other.byteLength);
            assert.equal(Buffer.compare(found, same), 0, tensor.name);
            continue;
          }
          const angleFunction = tensor.kind === 'ropeCos' ? Math.cos : Math.sin;
          for (const [position, i] of [
            [0, 0],
            [1, 0],
            [1, 1],
            [1000, headDim / 2 - 1],
          ] as const) {
            const expected = angleFunction(position * 10000 ** ((-2 * i) / headDim));
            const value = found.readFloatLE(4 * ((position * headDim) / 2 + i));
            assert.ok(Math.abs(value - expected) < 1e-6, `${tensor.name}[${position}, ${i}]`);
          }
        }
      });
    });

    it('that is quantized from v0 or v1 equals v2 exported directly, trailer included', async () => {
      await withFolder(async (scratch) => {
        const direct = join(scratch, 'direct.bin');
        await drain(exportModel({ source: folder, output: direct, version: 2 }));
        const expected = await readFile(direct);
        for (const version of [0, 1] as const) {
          const input = join(scratch, `v${version}.bin`);
          const output = join(scratch, `v${version}-q8_0.bin`);
          await drain(exportModel({ source: folder, output: input, version }));
          await drain(quantizeModel({ input, output }));
          assert.equal(Buffer.compare(await readFile(output), expected), 0, `v${version}`);
        }
      });
    });

    it('that is quantized from a plain file equals plain v2', async () => {
      await withFolder(async (scratch) => {
        const [input, output] = [join(scratch, 'v1.bin'), join(scratch, 'v2.bin')];
        await drain(exportModel({ source: folder, output: input, plain: true }));
        await drain(quantizeModel({ input, output }));
        const { sha256: expected } = (await readJson(oracle)).v2 as { sha256: string };
        assert.equal(sha256(await readFile(output)), expected);
      });
    });
  });
}
