// Target sizes of v3 files: as many tensors of 8 bits as fit, the most sensitive first.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { type ExportOptions, exportModel, openModelSource, planExport } from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { failureOf } from '../helpers/failure.js';
import { drain, failsWith, golden, withFolder } from './support.js';

const source = golden('tied-gqa-bf16');

async function exported(folder: string, options: Partial<ExportOptions>) {
  const output = join(folder, 'model.bin');
  await drain(exportModel({ source, output, version: 3, force: true, ...options }));
  const bytes = await readFile(output);
  const { layout } = await readBinFile(bytesSource(bytes, output));
  const matrices = layout.tensors.filter(({ shape }) => shape.length > 1);
  return { byteLength: bytes.byteLength, types: new Map(matrices.map(({ name, encoding }) => [name, encoding.id])) };
}

const all = (type: 'q4' | 'q8') => [{ pattern: '*', type }] as const;

describe('a target size', () => {
  it('is kept to the byte from the smallest size to the largest, with ever more tensors of 8 bits', async () => {
    await withFolder(async (folder) => {
      const [smallest, largest] = [
        await exported(folder, { types: all('q4') }),
        await exported(folder, { types: all('q8') }),
      ];
      let before = -1;
      for (let step = 0; step <= 6; step++) {
        const targetSize = Math.floor(smallest.byteLength + (step / 6) * (largest.byteLength - smallest.byteLength));
        const { byteLength, types } = await exported(folder, { targetSize });
        assert.ok(byteLength <= targetSize, `${byteLength} bytes, target ${targetSize}`);
        const nQ8 = [...types.values()].filter((id) => id === 'Q8').length;
        assert.ok(byteLength >= before, `step ${step}`);
        before = byteLength;
        if (step === 6) assert.equal(nQ8, types.size);
        // What was left over is too little for any other tensor of 4 bits.
        for (const [name, id] of types) {
          if (id === 'Q8') continue;
          const rules = [...types].map(
            ([pattern, of]) => ({ pattern, type: of === 'Q8' || pattern === name ? 'q8' : 'q4' }) as const,
          );
          assert.ok((await exported(folder, { types: rules })).byteLength > targetSize, `${name} would fit too`);
        }
      }
    });
  }).timeout(120_000);

  it('counts the trailer of a plain file, and of one that names a calibration text', async () => {
    await withFolder(async (folder) => {
      const calibrate = { name: 'text', sha256: 'ab'.repeat(32), tokens: [5, 6, 7, 8], prefix: [] };
      for (const options of [{ plain: true }, { calibrate }]) {
        const { byteLength } = await exported(folder, { types: all('q4'), ...options });
        const output = join(folder, 'fit.bin');
        const toSize = (targetSize: number) =>
          drain(exportModel({ source, output, version: 3, force: true, targetSize, ...options }));
        assert.equal((await toSize(byteLength)).result.byteLength, byteLength);
        await failsWith('TARGET_SIZE', toSize(byteLength - 1));
      }
    });
  });

  it('leaves tensors that types name as they say, and plans what it writes', async () => {
    await withFolder(async (folder) => {
      const types = [
        { pattern: '*.wv.weight', type: 'q4' },
        { pattern: '*.w2.weight', type: 'q8' },
      ] as const;
      const { byteLength } = await exported(folder, { types: [...all('q4'), ...types] });
      const targetSize = byteLength + 40_000;
      const found = await exported(folder, { types, targetSize });
      for (const [name, id] of found.types) {
        if (/wv/.test(name)) assert.equal(id, 'Q4', name);
        if (/w2/.test(name)) assert.equal(id, 'Q8', name);
      }
      assert.ok([...found.types].some(([name, id]) => id === 'Q8' && !/w2/.test(name)));
      const opened = await openModelSource(source);
      const plan = await planExport({ source: opened, output: join(folder, 'p.bin'), version: 3, types, targetSize });
      await opened.close();
      assert.equal(plan.outputBytes, found.byteLength);
    });
  });

  it('below the smallest file is refused with the smallest and the largest size', async () => {
    await withFolder(async (folder) => {
      const [smallest, largest] = [
        await exported(folder, { types: all('q4') }),
        await exported(folder, { types: all('q8') }),
      ];
      const { code, message, suggestions } = await failureOf(() => exported(folder, { targetSize: 1000 }));
      assert.equal(code, 'TARGET_SIZE');
      for (const { byteLength } of [smallest, largest]) assert.match(message, new RegExp(`\\b${byteLength}\\b`));
      assert.deepEqual(suggestions, [`write the smallest: --target-size ${smallest.byteLength}`]);
    });
  });
});
