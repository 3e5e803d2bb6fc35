// Exports to v3 with a calibration text: the same bytes everywhere and after a kill, nearer predictions, and refusals.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { evaluateText } from '@llama-ts/evaluate';
import {
  type CalibrationText,
  calibrationMemoryBytes,
  convertModel,
  type ExportOptions,
  exportModel,
  openModelSource,
  quantizeModel,
} from '@llama-ts/exporter';
import { promptPrefix, readBinFile } from '@llama-ts/format';
import { openKernels, probeBackends } from '@llama-ts/kernels';
import { createTokenizer, openModel } from '@llama-ts/runtime';
import { sampleModelPath, sampleTextPath } from '@llama-ts/sample-model';
import { leaveKilled } from '../48-durable/support.js';
import { failureOf } from '../helpers/failure.js';
import { drain, failsWith, golden, withFolder } from './support.js';

const backends = (await probeBackends()).filter(({ rejection }) => rejection === null).map(({ backend }) => backend);
const small = golden('tied-gqa-bf16');

/** Tokens from anywhere in a vocabulary of 256 or more. */
const noise: CalibrationText = {
  name: 'noise',
  sha256: createHash('sha256').update('noise').digest('hex'),
  tokens: Array.from({ length: 700 }, (_, i) => (i * 7919) % 251),
  prefix: [1],
};

async function exported(folder: string, options: Partial<ExportOptions> = {}): Promise<Buffer> {
  const output = join(folder, 'model.bin');
  await drain(exportModel({ source: small, output, version: 3, force: true, calibrate: noise, ...options }));
  return readFile(output);
}

describe('an export to v3 with a calibration text', () => {
  it('has the same bytes on every backend, with 1 to 3 threads, and from a v1 file', async () => {
    await withFolder(async (folder) => {
      const bytes = await exported(folder);
      for (const backend of backends) {
        for (const threads of backend === 'reference' ? [1] : [1, 2, 3]) {
          const kernels = await openKernels({ backend, threads });
          try {
            assert.ok((await exported(folder, { kernels })).equals(bytes), `${backend}, ${threads} threads`);
          } finally {
            await kernels.close();
          }
        }
      }
      const [input, output] = [join(folder, 'v1.bin'), join(folder, 'v3.bin')];
      await drain(exportModel({ source: small, output: input }));
      await drain(quantizeModel({ input, output, version: 3, calibrate: noise }));
      assert.ok((await readFile(output)).equals(bytes));
      await drain(convertModel({ source: small, output, to: 'v3', calibrate: noise, force: true }));
      assert.ok((await readFile(output)).equals(bytes));
    });
  }).timeout(300_000);

  it('goes on after a kill at any matrix, takes over what was written, and gives the same bytes', async () => {
    await withFolder(async (folder) => {
      const bytes = await exported(folder);
      const output = join(folder, 'model.bin');
      for (const types of [undefined, [{ pattern: '*.wk.weight', type: 'q8' }] as const]) {
        const expected = types === undefined ? bytes : await exported(folder, { types });
        for (const nTensors of [1, 4, 8, 13]) {
          const options = { source: small, output, version: 3, force: true, calibrate: noise, types } as const;
          await leaveKilled(exportModel(options), folder, 'model.bin', nTensors);
          const { result } = await drain(exportModel(options));
          assert.equal(result.resumedTensors, nTensors);
          assert.ok((await readFile(output)).equals(expected), `killed after ${nTensors} tensors`);
        }
      }
    });
  }).timeout(120_000);

  it('begins anew after a kill where the text is another one', async () => {
    await withFolder(async (folder) => {
      const output = join(folder, 'model.bin');
      const options = { source: small, output, version: 3, force: true } as const;
      await leaveKilled(exportModel({ ...options, calibrate: noise }), folder, 'model.bin', 5);
      const other = { ...noise, sha256: createHash('sha256').update('other').digest('hex'), tokens: [3, 1, 4, 1, 5] };
      const { result } = await drain(exportModel({ ...options, calibrate: other }));
      assert.equal(result.resumedTensors, 0);
    });
  });

  it('names its rule and its text in the trailer, and changes nothing outside of the layers', async () => {
    await withFolder(async (folder) => {
      const calibrated = await readBinFile(bytesSource(await exported(folder), 'calibrated'));
      const plain = await readBinFile(bytesSource(await exported(folder, { calibrate: undefined }), 'plain'));
      assert.deepEqual(calibrated.trailer!.description.quantization, {
        rule: 'calibration-1',
        text: { sha256: noise.sha256, nTokens: noise.tokens.length },
      });
      for (const [i, { name, shape }] of plain.layout.tensors.entries()) {
        const [a, b] = [plain, calibrated].map(({ trailer }) => Buffer.from(trailer!.checksums.tensors[i]!));
        assert.equal(a!.equals(b!), !(name.startsWith('layers.') && shape.length === 2), name);
      }
    });
  });

  it('predicts a text that it was not calibrated with nearer to the source than without a text', async () => {
    await withFolder(async (folder) => {
      const text = await readFile(sampleTextPath, 'utf8');
      const middle = text.indexOf('\n', text.length / 2) + 1;
      const source = await openModelSource(sampleModelPath);
      const first = text.slice(0, middle);
      const calibrate: CalibrationText = {
        name: 'the first half',
        sha256: createHash('sha256').update(first).digest('hex'),
        tokens: createTokenizer(source.tokenizer!).encode(first),
        prefix: promptPrefix(source.settings!),
      };
      const path = (name: string): string => join(folder, name);
      await drain(exportModel({ source, output: path('v1.bin') }));
      await drain(exportModel({ source, output: path('plain.bin'), version: 3 }));
      await drain(exportModel({ source, output: path('calibrated.bin'), version: 3, calibrate }));
      await source.close();
      const klOf = async (name: string): Promise<number> => {
        const [model, baseline] = [await openModel(path(name)), await openModel(path('v1.bin'))];
        try {
          const events = evaluateText(model, text.slice(middle), { baseline });
          let next = await events.next();
          while (next.done !== true) next = await events.next();
          return next.value.divergence!.kl.mean.value;
        } finally {
          await model.close();
          await baseline.close();
        }
      };
      const [plain, calibrated] = [await klOf('plain.bin'), await klOf('calibrated.bin')];
      assert.ok(calibrated < 0.9 * plain, `KL ${calibrated} with a text, ${plain} without`);
    });
  }).timeout(120_000);

  it('is refused for other versions, for a text without tokens, and for tokens that the model does not have', async () => {
    await withFolder(async (folder) => {
      const output = join(folder, 'model.bin');
      const attempt = (options: Partial<ExportOptions>) =>
        drain(exportModel({ source: small, output, version: 3, calibrate: noise, ...options }));
      await failsWith('INVALID_ARGUMENT', attempt({ version: 2 }));
      await failsWith('BAD_TEXT', attempt({ calibrate: { ...noise, tokens: [] } }));
      const { code } = await failureOf(() => attempt({ calibrate: { ...noise, tokens: [1, 1_000_000] } }));
      assert.equal(code, 'BAD_TOKEN_ID');
      await failsWith('INVALID_ARGUMENT', drain(convertModel({ source: small, output, to: 'gguf', calibrate: noise })));
    });
  });

  it('is planned with the memory of hidden states, moments, factor and weights', () => {
    const dimensions = {
      ...{ dim: 2048, hiddenDim: 8192, nLayers: 16, nHeads: 32, nKvHeads: 8 },
      ...{ vocabSize: 128_256, maxSeqLen: 131_072, sharedClassifier: true },
    };
    const bytes = calibrationMemoryBytes(dimensions, 32_768);
    const hidden = 2 * 4 * 32_768 * 2048;
    const weights = 4 * (2 * 2048 * 2048 + 2 * 512 * 2048 + 3 * 8192 * 2048);
    const momentsAndFactor = 2 * 4 * ((8192 * 8192) / 2);
    assert.ok(bytes > hidden + weights + momentsAndFactor);
    assert.ok(bytes < 1.4 * (hidden + weights + momentsAndFactor));
  });
});
