// Exports to v3: the bytes that the rules give, the same ones on every backend and from every source, and refusals.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { convertModel, type ExportOptions, exportModel, inspectPath, quantizeModel } from '@llama-ts/exporter';
import { type BinTensor, layout, type PanelEncoding, readBinFile } from '@llama-ts/format';
import { openKernels, panelRows, probeBackends } from '@llama-ts/kernels';
import { sampleModelPath } from '@llama-ts/sample-model';
import { inPanels } from '../30-kernels/support/literal-panels.js';
import { quantizeRows } from '../30-kernels/support/literal-search.js';
import { copyModel, drain, failsWith, golden, rewriteWeights, withFolder } from './support.js';

const backends = (await probeBackends()).filter(({ rejection }) => rejection === null).map(({ backend }) => backend);
const models = {
  'tied-gqa-bf16': golden('tied-gqa-bf16'),
  'untied-mha-f32': golden('untied-mha-f32'),
  sample: sampleModelPath,
};

/** A v3 file in a folder of its own. */
async function exported(folder: string, source: string, options: Partial<ExportOptions> = {}) {
  const output = join(folder, 'model.bin');
  const { result } = await drain(exportModel({ source, output, version: 3, force: true, ...options }));
  const bytes = new Uint8Array(await readFile(output));
  return { bytes, result, output, bin: await readBinFile(bytesSource(bytes, output)) };
}

const matricesOf = (tensors: readonly BinTensor[]) => tensors.filter(({ shape }) => shape.length === 2);
const codebookOf = ({ encoding }: BinTensor): readonly number[] => (encoding.id === 'Q4' ? encoding.codebook : []);

describe('an export to v3', () => {
  for (const [name, source] of Object.entries(models)) {
    it(`of ${name} holds each weight as the rules of arithmetic.md store it, in the panels of format.md`, async () => {
      await withFolder(async (folder) => {
        const floats = await readFile(await v1Of(folder, source));
        const { tensors: originals } = layout((await readBinFile(bytesSource(floats, 'v1'))).header);
        const { bytes, bin, result } = await exported(folder, source);
        let largest = 0;
        for (const [i, tensor] of bin.layout.tensors.entries()) {
          const { byteOffset, nValues } = originals[i]!;
          const weights = new Float32Array(
            new Uint8Array(floats.subarray(byteOffset, byteOffset + 4 * nValues)).buffer,
          );
          const stored = bytes.subarray(tensor.byteOffset, tensor.byteOffset + tensor.byteLength);
          const values = stored.subarray(0, tensor.scalesByteOffset - tensor.byteOffset);
          assert.ok(
            stored.subarray(values.length).every((byte) => byte === 0),
            tensor.name,
          );
          if (tensor.encoding.id === 'F32') {
            assert.deepEqual(values, new Uint8Array(weights.buffer), tensor.name);
            continue;
          }
          const [rows, cols] = tensor.shape as [number, number];
          const codebook = codebookOf(tensor);
          const expected = quantizeRows([...weights], {
            dtype: tensor.encoding.id as 'Q8' | 'Q4',
            rows,
            cols,
            codebook,
          });
          assert.deepEqual(values, inPanels(expected.weights, (panels) => panels, 0).panels, tensor.name);
          largest = Math.max(largest, expected.largest);
        }
        assert.equal(result.maxError, largest);
      });
    }).timeout(60_000);
  }

  it('has the same bytes on every backend, with 1 to 3 threads, and from a v1 file', async () => {
    await withFolder(async (folder) => {
      const source = models['tied-gqa-bf16'];
      const { bytes } = await exported(folder, source);
      for (const backend of backends) {
        for (const threads of backend === 'reference' ? [1] : [1, 2, 3]) {
          const kernels = await openKernels({ backend, threads });
          try {
            const other = await exported(folder, source, { kernels });
            assert.deepEqual(other.bytes, bytes, `${backend}, ${threads} threads`);
          } finally {
            await kernels.close();
          }
        }
      }
      const input = await v1Of(folder, source);
      const output = join(folder, 'from-v1.bin');
      await drain(quantizeModel({ input, output, version: 3 }));
      assert.deepEqual(new Uint8Array(await readFile(output)), bytes);
      await drain(convertModel({ source, output, to: 'v3', force: true }));
      assert.deepEqual(new Uint8Array(await readFile(output)), bytes);
    });
  }).timeout(180_000);

  it('takes of each tensor a codebook that is no worse than those of Q4_0 and IQ4_NL', async () => {
    await withFolder(async (folder) => {
      const source = models['untied-mha-f32'];
      const floats = await readFile(await v1Of(folder, source));
      const { tensors: originals } = layout((await readBinFile(bytesSource(floats, 'v1'))).header);
      const { bin } = await exported(folder, source);
      const published = [
        Array.from({ length: 16 }, (_, i) => i - 8),
        [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113],
      ];
      for (const [i, tensor] of bin.layout.tensors.entries()) {
        if (tensor.encoding.id !== 'Q4') continue;
        const { byteOffset, nValues } = originals[i]!;
        const weights = [
          ...new Float32Array(new Uint8Array(floats.subarray(byteOffset, byteOffset + 4 * nValues)).buffer),
        ];
        const [rows, cols] = tensor.shape as [number, number];
        const errorOf = (codebook: readonly number[]): number => {
          const shape = { dtype: 'Q4', rows, cols, codebook } as const;
          const reader = panelRows(inPanels(quantizeRows(weights, shape).weights, (panels) => panels, 0));
          let error = 0;
          for (let row = 0; row < rows; row++) {
            const [values, scales] = [reader.values(row), reader.scales(row)];
            values.forEach((value, c) => {
              error += (weights[row * cols + c]! - value * scales[Math.floor(c / 32)]!) ** 2;
            });
          }
          return error;
        };
        const chosen = errorOf(codebookOf(tensor));
        for (const codebook of published) assert.ok(chosen <= errorOf(codebook), tensor.name);
      }
    });
  }).timeout(60_000);

  it('gives 8 bits to embedding and classifier and 4 to the layers, or what the types say', async () => {
    await withFolder(async (folder) => {
      const source = models['untied-mha-f32'];
      const idsOf = async (types?: ExportOptions['types']): Promise<Record<string, string>> => {
        const { bin } = await exported(folder, source, { types });
        return Object.fromEntries(matricesOf(bin.layout.tensors).map(({ name, encoding }) => [name, encoding.id]));
      };
      const byDefault = await idsOf();
      for (const [name, id] of Object.entries(byDefault))
        assert.equal(id, name.startsWith('layers.') ? 'Q4' : 'Q8', name);
      const chosen = await idsOf([
        { pattern: '*', type: 'q4' },
        { pattern: 'layers.?.feed_forward.w2.weight', type: 'q8' },
        { pattern: 'layers.1.feed_forward.w2.weight', type: 'q4' },
      ]);
      const eight = Object.keys(chosen).filter((name) => chosen[name] === 'Q8');
      assert.deepEqual(eight, ['layers.0.feed_forward.w2.weight']);
    });
  });

  it('is described with the bits of a weight, and the type and codebook of each tensor', async () => {
    await withFolder(async (folder) => {
      const { output, result } = await exported(folder, models['tied-gqa-bf16']);
      const description = await inspectPath(output);
      assert.ok(description.kind === 'bin');
      assert.deepEqual([description.version, description.groupSize], [3, 32]);
      assert.equal(description.bitsPerWeight, result.bitsPerWeight);
      assert.ok(result.bitsPerWeight > 4.5 && result.bitsPerWeight < 8.5);
      const wq = description.tensors.find(({ name }) => name === 'layers.0.attention.wq.weight');
      assert.deepEqual([wq?.dtype, wq?.codebook?.length], ['Q4', 16]);
    });
  });

  it('becomes a v1 file whose weights are value times scale', async () => {
    await withFolder(async (folder) => {
      const { output, bytes, bin } = await exported(folder, models['untied-mha-f32']);
      const back = join(folder, 'back.bin');
      await drain(convertModel({ source: output, output: back, to: 'v1' }));
      const floats = await readFile(back);
      const { tensors } = layout((await readBinFile(bytesSource(floats, back))).header);
      for (const [i, tensor] of bin.layout.tensors.entries()) {
        if (tensor.encoding.id === 'F32') continue;
        const [rows, cols] = tensor.shape as [number, number];
        const panels = bytes.subarray(tensor.byteOffset, tensor.scalesByteOffset);
        const shape = { rows, cols, panels };
        const encoding = tensor.encoding as PanelEncoding;
        const reader = panelRows(
          encoding.id === 'Q8'
            ? { dtype: 'Q8', ...shape }
            : { dtype: 'Q4', ...shape, codebook: Int8Array.from(encoding.codebook) },
        );
        for (const row of [0, rows - 1]) {
          const [values, scales] = [reader.values(row), reader.scales(row)];
          const expected = Float32Array.from(values, (value, c) => value * scales[Math.floor(c / 32)]!);
          const at = tensors[i]!.byteOffset + 4 * row * cols;
          assert.deepEqual(new Uint8Array(floats.subarray(at, at + 4 * cols)), new Uint8Array(expected.buffer));
        }
      }
    });
  });
});

describe('an export to v3 is refused', () => {
  it('for a source that is quantized', async () => {
    await withFolder(async (folder) => {
      const { output } = await exported(folder, models['tied-gqa-bf16']);
      const again = exportModel({ source: output, output: join(folder, 'again.bin'), version: 3 });
      await failsWith('ALREADY_QUANTIZED', drain(again));
    });
  });

  it('for types that match no matrix', async () => {
    await withFolder(async (folder) => {
      for (const pattern of ['layers.9.*', '*.attention_norm.weight', '']) {
        const message = await failsWith(
          'INVALID_ARGUMENT',
          exported(folder, models['tied-gqa-bf16'], { types: [{ pattern, type: 'q8' }] }),
        );
        assert.match(message, /matches no matrix/);
      }
    });
  });

  it('for NaN, infinities and weights beyond the scales', async () => {
    for (const [weight, code] of [
      [Number.NaN, 'BAD_WEIGHTS'],
      [-Infinity, 'BAD_WEIGHTS'],
      [2 ** 23, 'TYPE_UNFIT'],
    ] as const) {
      await withFolder(async (folder) => {
        const source = join(folder, 'source');
        await copyModel(models['untied-mha-f32'], source);
        await rewriteWeights(source, (tensor) => {
          if (tensor.name === 'model.layers.1.mlp.up_proj.weight') new Float32Array(tensor.data.buffer)[1234] = weight;
          return tensor;
        });
        await failsWith(code, exported(folder, source));
      });
    }
  });
});

async function v1Of(folder: string, source: string): Promise<string> {
  const output = join(folder, 'v1.bin');
  await drain(exportModel({ source, output, version: 1, force: true }));
  return output;
}
