// GGUF files quantized to v3 with a calibration text and to a target size, and merged with adapters.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { verifyModel } from '@llama-ts/evaluate';
import {
  type CalibrationText,
  type ExportOptions,
  exportModel,
  openModelSource,
  planExport,
  quantizeModel,
} from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { sampleGguf } from './gguf-files.js';
import { drain, withFolder } from './support.js';

const text: CalibrationText = {
  name: 'text',
  sha256: createHash('sha256').update('text').digest('hex'),
  tokens: Array.from({ length: 40 }, (_, i) => (i * 7919) % 251),
  prefix: [1073],
};

/** The weights of an export, without its trailer, which names the source. */
async function weightsOf(folder: string, source: string, options: Partial<ExportOptions>): Promise<Buffer> {
  const output = join(folder, 'out.bin');
  const { result } = await drain(exportModel({ source, output, version: 3, force: true, ...options }));
  return (await readFile(output)).subarray(0, result.weightsEnd);
}

/** How each matrix of a file is stored. */
async function typesOf(path: string): Promise<Map<string, string>> {
  const { layout } = await readBinFile(bytesSource(await readFile(path), path));
  return new Map(
    layout.tensors.filter(({ shape }) => shape.length > 1).map(({ name, encoding }) => [name, encoding.id]),
  );
}

describe('a GGUF file that is quantized', function () {
  this.timeout(300_000);

  it('with a calibration text has the weights of the model it was made from, and verifies with that text', () =>
    withFolder(async (folder) => {
      const gguf = await sampleGguf(folder, 'BF16');
      const fromGguf = await weightsOf(folder, gguf, { calibrate: text });
      const verified = await drain(verifyModel({ model: join(folder, 'out.bin'), against: gguf, calibrate: text }));
      assert.deepEqual(verified.result.findings, []);
      assert.ok(fromGguf.equals(await weightsOf(folder, sampleModelPath, { calibrate: text })));
      const output = join(folder, 'quantized.bin');
      const { result } = await drain(quantizeModel({ input: gguf, output, version: 3, calibrate: text }));
      assert.ok((await readFile(output)).subarray(0, result.weightsEnd).equals(fromGguf));
    }));

  it('with a calibration text takes quantized blocks as floats, says so, and goes by the text', () =>
    withFolder(async (folder) => {
      const gguf = await sampleGguf(folder, 'Q8_0');
      const output = join(folder, 'out.bin');
      const { events } = await drain(exportModel({ source: gguf, output, version: 3, calibrate: text }));
      const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
      assert.match(warnings.join('\n'), /is quantized already \(Q8_0\), and \d+ tensors will be again/);
      const v1 = join(folder, 'v1.bin');
      await drain(exportModel({ source: gguf, output: v1 }));
      const fromFloats = await weightsOf(folder, v1, { calibrate: text });
      const file = await readFile(join(folder, 'out.bin'));
      assert.ok(file.subarray(0, fromFloats.byteLength).equals(fromFloats));
    }));

  for (const type of ['BF16', 'Q8_0', 'stored'] as const) {
    it(`keeps to a target size from ${type === 'stored' ? 'blocks of 4 and 8 bits' : type}, as its plan says`, () =>
      withFolder(async (folder) => {
        const gguf = await sampleGguf(folder, type);
        const output = join(folder, 'fit.bin');
        const sizeOf = async (types: ExportOptions['types']): Promise<number> => {
          const { result } = await drain(exportModel({ source: gguf, output, version: 3, force: true, types }));
          return result.byteLength;
        };
        const [smallest, largest] = [
          await sizeOf([{ pattern: '*', type: 'q4' }]),
          await sizeOf([{ pattern: '*', type: 'q8' }]),
        ];
        const targetSize = Math.floor((smallest + largest) / 2);
        const options = { output, version: 3, force: true, targetSize } as const;
        const source = await openModelSource(gguf);
        const plan = await planExport({ source, ...options });
        await source.close();
        const { result } = await drain(exportModel({ source: gguf, ...options }));
        assert.ok(result.byteLength <= targetSize && result.byteLength > smallest);
        assert.equal(plan.outputBytes, result.byteLength);
        const types = [...(await typesOf(output)).values()];
        assert.ok(types.includes('Q8') && types.includes('Q4'));
        const { result: verified } = await drain(verifyModel({ model: output, against: gguf }));
        assert.deepEqual(verified.findings, []);
      }));
  }
});
