// Verification of files that were quantized with a calibration text.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { type VerifyOptions, verifyModel } from '@llama-ts/evaluate';
import { type CalibrationText, exportModel } from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { failsWith } from '../helpers/failure.js';
import { drain, finish } from '../helpers/generators.js';
import { golden } from '../helpers/golden.js';
import { withFolder } from '../helpers/scratch-folder.js';

const against = golden('tied-gqa-bf16');
const text: CalibrationText = {
  name: 'text',
  sha256: '12'.repeat(32),
  tokens: Array.from({ length: 90 }, (_, i) => (i * 31) % 241),
  prefix: [1],
};

async function withCalibrated(use: (model: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const output = join(folder, 'model.bin');
    await drain(exportModel({ source: against, output, version: 3, calibrate: text }));
    await use(output);
  });
}

const verified = (options: VerifyOptions) => finish(verifyModel({ against, ...options }));

describe('the verification of a calibrated file', () => {
  it('derives every tensor again with the text, and measures its errors', async () => {
    await withCalibrated(async (model) => {
      const { passed, findings, tensors } = await verified({ model, calibrate: text });
      assert.deepEqual(findings, []);
      assert.ok(passed);
      assert.ok(tensors.every(({ equalsExport, errors }) => equalsExport === true && errors !== null));
    });
  });

  it('finds a scale of a layer that the text does not give, though every checksum were right', async () => {
    await withCalibrated(async (model) => {
      const bytes = await readFile(model);
      const { layout } = await readBinFile(bytesSource(bytes, model));
      const tensor = layout.tensors.find(({ name }) => name === 'layers.1.feed_forward.w2.weight')!;
      bytes[tensor.byteOffset] = bytes[tensor.byteOffset]! ^ 1;
      await writeFile(model, bytes);
      const { findings } = await verified({ model, calibrate: text });
      const codes = findings.map(({ code, tensor: name }) => `${code} ${name}`);
      assert.deepEqual(codes, [`BAD_CHECKSUM ${tensor.name}`, `DIFFERS_FROM_SOURCE ${tensor.name}`]);
    });
  });

  it('is refused without the text, with another one, and with one for a file that needs none', async () => {
    await withCalibrated(async (model) => {
      assert.match(await failsWith('CALIBRATION_TEXT', verified({ model })), /90 tokens/);
      const other = { ...text, sha256: '34'.repeat(32) };
      assert.match(await failsWith('CALIBRATION_TEXT', verified({ model, calibrate: other })), /3434/);
      await drain(exportModel({ source: against, output: model, version: 3, force: true }));
      await failsWith('CALIBRATION_TEXT', verified({ model, calibrate: text }));
    });
  });

  it('needs no text without a source, nor against the file itself', async () => {
    await withCalibrated(async (model) => {
      assert.ok((await verified({ model, against: undefined })).passed);
      assert.ok((await verified({ model, against: model })).passed);
    });
  });
});
