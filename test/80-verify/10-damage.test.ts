// A changed byte is found at any place, and the part of the file that has it is named.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import type { Finding } from '@llama-ts/evaluate';
import { type BinVersion, headerByteLength, layout, readBinFile } from '@llama-ts/format';
import { type Kernels, openKernels } from '@llama-ts/kernels';
import { sampleModelPath } from '@llama-ts/sample-model';
import { exportTo, golden, seededIntegers, verify, withFolder } from './support.js';

/** What holds a byte: the name of a tensor, `header` or `trailer`. */
async function partOf(bytes: Uint8Array): Promise<(byteOffset: number) => string> {
  const { header } = await readBinFile(bytesSource(bytes, 'model.bin'));
  const { tensors, weightsEnd } = layout(header);
  return (byteOffset) => {
    if (byteOffset < headerByteLength(header)) return 'header';
    if (byteOffset >= weightsEnd) return 'trailer';
    return tensors.find((tensor) => byteOffset < tensor.byteOffset + tensor.byteLength)!.name;
  };
}

const named = ({ part, tensor }: Finding): string => tensor ?? part;

/** Changes one byte at a time and returns what was not found, or found elsewhere. */
async function missed(
  path: string,
  offsets: readonly number[],
  against?: string,
  kernels?: Kernels,
): Promise<string[]> {
  const bytes = await readFile(path);
  const part = await partOf(bytes);
  const random = seededIntegers(2);
  const wrong: string[] = [];
  for (const byteOffset of offsets) {
    const original = bytes[byteOffset]!;
    bytes[byteOffset] = original ^ (1 + random(255));
    await writeFile(path, bytes);
    const { passed, findings } = await verify({ model: path, against, ...(kernels === undefined ? {} : { kernels }) });
    const expected = part(byteOffset);
    if (passed || findings.length === 0 || findings.some((finding) => named(finding) !== expected)) {
      wrong.push(`byte ${byteOffset} of ${expected}: ${findings.map(({ message }) => message).join('; ')}`);
    }
    bytes[byteOffset] = original;
  }
  await writeFile(path, bytes);
  return wrong;
}

describe('verify of a damaged file', function () {
  this.timeout(60_000);

  it('finds each of 200 changed bytes of the sample model, and names the tensor, the header or the trailer', async () => {
    await withFolder(async (folder) => {
      const path = await exportTo({ source: sampleModelPath, output: join(folder, 'model.bin'), version: 2 });
      const { length } = await readFile(path);
      const random = seededIntegers(1);
      const offsets = Array.from({ length: 200 }, () => random(length));
      assert.deepEqual(await missed(path, offsets), []);
      assert.equal((await verify({ model: path })).passed, true);
    });
  });

  for (const version of [0, 1, 2, 3] as BinVersion[]) {
    it(`finds a change of any byte of the header and of the footer of v${version}`, async () => {
      await withFolder(async (folder) => {
        const source = golden('untied-mha-f32');
        const path = await exportTo({ source, output: join(folder, 'model.bin'), version });
        const bytes = await readFile(path);
        const { length } = bytes;
        const fields = headerByteLength((await readBinFile(bytesSource(bytes, path))).header);
        // Most of a v3 header are zeros up to its first tensor.
        const header = Array.from({ length: Math.min(fields, 600) }, (_, i) => i);
        if (version === 3) header.push(1000, 1500, fields - 1);
        const footer = Array.from({ length: 64 }, (_, i) => length - 64 + i);
        assert.deepEqual(await missed(path, [...header, ...footer]), []);
      });
    });
  }

  it('finds each of 100 changed bytes of a v3 file, and names the tensor, the header or the trailer', async () => {
    await withFolder(async (folder) => {
      const source = golden('tied-gqa-bf16');
      const path = await exportTo({ source, output: join(folder, 'model.bin'), version: 3 });
      const { length } = await readFile(path);
      const random = seededIntegers(4);
      const offsets = Array.from({ length: 100 }, () => random(length));
      assert.deepEqual(await missed(path, offsets), []);
      assert.equal((await verify({ model: path, against: source })).passed, true);
    });
  });

  it('finds a changed byte of a plain v3 file by its source, also between tensors and in rows that a panel lacks', async () => {
    await withFolder(async (folder) => {
      const source = golden('untied-mha-f32');
      const path = await exportTo({ source, output: join(folder, 'model.bin'), version: 3, plain: true });
      const { header, layout: places } = await readBinFile(bytesSource(await readFile(path), path));
      const random = seededIntegers(5);
      const start = headerByteLength(header);
      const offsets = Array.from({ length: 60 }, () => start + random(places.weightsEnd - start));
      // 300 rows leave four of the last panel without weights.
      const embedding = places.tensors.find(({ kind }) => kind === 'embedding')!;
      offsets.push(
        embedding.scalesByteOffset - 1,
        embedding.scalesByteOffset,
        embedding.byteOffset + embedding.byteLength - 1,
      );
      // The search of the reference takes its time, and here it is made for every byte.
      const kernels = await openKernels({ threads: 1 });
      try {
        assert.deepEqual(await missed(path, offsets, source, kernels), []);
      } finally {
        await kernels.close();
      }
    });
  });

  it('finds a codebook that is not the one that the source gives', async () => {
    await withFolder(async (folder) => {
      const source = golden('tied-gqa-bf16');
      const path = await exportTo({ source, output: join(folder, 'model.bin'), version: 3, plain: true });
      const bytes = await readFile(path);
      const { layout: places } = await readBinFile(bytesSource(bytes, path));
      const index = places.tensors.findIndex(({ name }) => name === 'layers.1.feed_forward.w2.weight');
      bytes[256 + 64 * index + 24 + 5]! += 1;
      await writeFile(path, bytes);
      const { findings, tensors } = await verify({ model: path, against: source });
      assert.deepEqual([...new Set(findings.map(named))], ['layers.1.feed_forward.w2.weight']);
      assert.match(findings[0]!.message, /the codebook is not -?\d/);
      assert.equal(tensors[index]!.equalsExport, false);
    });
  });

  it('finds a changed byte of the weights of a plain file by its source, and names group and place', async () => {
    await withFolder(async (folder) => {
      const source = golden('tied-gqa-bf16');
      const output = join(folder, 'model.bin');
      const path = await exportTo({ source, output, version: 2, plain: true });
      const bytes = await readFile(path);
      const { header } = await readBinFile(bytesSource(bytes, path));
      const { weightsEnd } = layout(header);
      const random = seededIntegers(3);
      const offsets = Array.from({ length: 60 }, () => 256 + random(weightsEnd - 256));
      assert.deepEqual(await missed(path, offsets, source), []);

      const tensor = layout(header).tensors.find(({ name }) => name === 'layers.1.attention.wv.weight')!;
      const columns = tensor.shape[1]!;
      const [row, column] = [3, 33];
      bytes[tensor.byteOffset + row * columns + column]! ^= 1;
      await writeFile(path, bytes);
      const { findings } = await verify({ model: path, against: source });
      const found = findings.find(({ code }) => code === 'DIFFERS_FROM_SOURCE');
      const group = Math.floor((row * columns + column) / header.groupSize!);
      assert.deepEqual(found?.position, { row, column, group });
      assert.match(found.message, new RegExp(`wv\\.weight: 1 groups .* group ${group} \\(row 3, column 33\\)`));
    });
  });

  it('reports values that no writer stores, with their group', async () => {
    await withFolder(async (folder) => {
      const output = join(folder, 'model.bin');
      const path = await exportTo({ source: golden('untied-mha-f32'), output, version: 2, plain: true });
      const bytes = await readFile(path);
      const { header } = await readBinFile(bytesSource(bytes, path));
      const groupSize = header.groupSize!;
      const tensor = layout(header).tensors.find(({ name }) => name === 'layers.0.attention.wo.weight')!;
      const columns = tensor.shape[1]!;
      const changes: [string, number, (at: number) => void][] = [
        ['NaN', 5, (group) => bytes.writeFloatLE(Number.NaN, tensor.scalesByteOffset + 4 * group)],
        ['Infinity', 5, (group) => bytes.writeFloatLE(Infinity, tensor.scalesByteOffset + 4 * group)],
        ['-0.5', 5, (group) => bytes.writeFloatLE(-0.5, tensor.scalesByteOffset + 4 * group)],
        ['-128', 7, (group) => bytes.writeInt8(-128, tensor.byteOffset + group * groupSize)],
      ];
      for (const [value, group, change] of changes) {
        const before = Buffer.from(bytes);
        change(group);
        await writeFile(path, bytes);
        const { findings, passed } = await verify({ model: path });
        const bad = findings.find(({ code }) => code === 'BAD_WEIGHTS');
        assert.equal(passed, false);
        assert.equal(bad?.tensor, tensor.name);
        const start = group * groupSize;
        assert.deepEqual(bad?.position, { group, row: Math.floor(start / columns), column: start % columns });
        assert.ok(bad.message.includes(value), bad.message);
        before.copy(bytes);
      }
    });
  });

  it('reports a file that is cut, or that goes on after its weights', async () => {
    await withFolder(async (folder) => {
      const output = join(folder, 'model.bin');
      const path = await exportTo({ source: golden('untied-mha-f32'), output, plain: true });
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(0, -1));
      const cut = await verify({ model: path });
      assert.deepEqual([cut.passed, cut.findings[0]!.part, cut.findings[0]!.code], [false, 'length', 'BAD_LENGTH']);
      await writeFile(path, Buffer.concat([bytes, Buffer.from('x')]));
      const longer = await verify({ model: path });
      assert.deepEqual([longer.passed, longer.findings[0]!.code], [false, 'BAD_TRAILER']);
      await writeFile(path, Buffer.alloc(10));
      assert.equal((await verify({ model: path })).findings[0]!.code, 'NOT_A_MODEL');
    });
  });
});
