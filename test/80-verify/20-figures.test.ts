// The figures of verify equal those of a plain computation on whole arrays, as numpy would do it.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import type { TensorErrors, VerifyResult } from '@llama-ts/evaluate';
import { type BinTensor, layout, readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { exportTo, golden, seededIntegers, verify, withFolder } from './support.js';

const RELATIVE_TOLERANCE = 1e-6;

function floats(bytes: Buffer, byteOffset: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => bytes.readFloatLE(byteOffset + 4 * i));
}

/** Kahan's sum, so that the order of adding does not matter. */
function sum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = value - lost;
    const grown = total + next;
    lost = grown - total - next;
    total = grown;
  }
  return total;
}

const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((value, i) => value * b[i]!));

/** The next float32 away from zero, less the value itself; for normal numbers. */
const ulp = (value: number): number => 2 ** (Math.floor(Math.log2(Math.abs(value))) - 23);

/** weights (n); q (n), scales (n / groupSize): every figure from its definition. */
function plainFigures(weights: number[], q: number[], scales: number[], columns: number): TensorErrors {
  const groupSize = q.length / scales.length;
  const stored = q.map((value, i) => Math.fround(value * scales[Math.floor(i / groupSize)]!));
  const errors = weights.map((weight, i) => Math.abs(weight - stored[i]!));
  const groups = scales.map((scale, group) => {
    const [start, end] = [group * groupSize, (group + 1) * groupSize];
    const isBeyond = errors
      .slice(start, end)
      .some(
        (error, i) =>
          error > 0 && error > scale / 2 + (weights[start + i] === 0 ? 2 ** -149 : ulp(weights[start + i]!)),
      );
    return { group, scale, isBeyond, maxError: Math.max(...errors.slice(start, end)) };
  });
  const worst = groups.reduce((a, b) => (b.maxError > a.maxError ? b : a));
  const start = worst.group * groupSize;
  return {
    maxError: errors.reduce((a, b) => Math.max(a, b)),
    rmse: Math.sqrt(dot(errors, errors) / errors.length),
    snr: 10 * Math.log10(dot(weights, weights) / dot(errors, errors)),
    cosine: dot(weights, stored) / Math.sqrt(dot(weights, weights) * dot(stored, stored)),
    beyond: groups.filter(({ isBeyond }) => isBeyond).length / groups.length,
    worstGroup: {
      group: worst.group,
      row: Math.floor(start / columns),
      column: start % columns,
      scale: worst.scale,
      maxError: worst.maxError,
    },
  };
}

function assertClose(found: number, expected: number, what: string): void {
  const difference = Math.abs(found - expected);
  assert.ok(difference <= RELATIVE_TOLERANCE * Math.abs(expected), `${what}: ${found}, expected ${expected}`);
}

/** Compares every quantized tensor of a v2 file with the same tensor of a v1 file. */
async function assertFigures({ tensors }: VerifyResult, v2: string, v1: string): Promise<void> {
  const [quantized, exact] = await Promise.all([readFile(v2), readFile(v1)]);
  const { header } = await readBinFile(bytesSource(quantized, v2));
  const exactTensors = new Map<string, BinTensor>(
    layout({ ...header, version: 1, groupSize: null }).tensors.map((tensor) => [tensor.name, tensor]),
  );
  let nCompared = 0;
  for (const [i, tensor] of layout(header).tensors.entries()) {
    if (!tensor.encoding.isQuantized) continue;
    const weights = floats(exact, exactTensors.get(tensor.name)!.byteOffset, tensor.nValues);
    const q = Array.from({ length: tensor.nValues }, (_, k) => quantized.readInt8(tensor.byteOffset + k));
    const scales = floats(quantized, tensor.scalesByteOffset, tensor.nValues / header.groupSize!);
    const expected = plainFigures(weights, q, scales, tensor.shape[1]!);
    const found = tensors[i]!.errors!;
    for (const figure of ['maxError', 'rmse', 'snr', 'cosine'] as const) {
      assertClose(found[figure], expected[figure], `${tensor.name} ${figure}`);
    }
    assert.equal(found.beyond, expected.beyond, tensor.name);
    assert.deepEqual(found.worstGroup, expected.worstGroup, tensor.name);
    nCompared++;
  }
  assert.ok(nCompared > 5);
}

describe('the figures of verify', function () {
  this.timeout(60_000);

  for (const [name, source] of [
    ['the sample', sampleModelPath],
    ['tied-gqa-bf16', golden('tied-gqa-bf16')],
  ] as const) {
    it(`agree with a plain computation on ${name}, as exported and after changes`, async () => {
      await withFolder(async (folder) => {
        const [v1, v2] = [join(folder, 'v1.bin'), join(folder, 'v2.bin')];
        await exportTo({ source, output: v1, version: 1, plain: true });
        await exportTo({ source, output: v2, version: 2, plain: true });
        const result = await verify({ model: v2, against: v1 });
        assert.equal(result.passed, true);
        await assertFigures(result, v2, v1);
        assert.ok(result.tensors.every(({ errors }) => errors!.beyond === 0));

        const bytes = await readFile(v2);
        const { header } = await readBinFile(bytesSource(bytes, v2));
        const random = seededIntegers(7);
        for (const { encoding, byteOffset, nValues } of layout(header).tensors) {
          if (!encoding.isQuantized) continue;
          for (let i = 0; i < 25; i++) bytes.writeInt8(random(255) - 127, byteOffset + random(nValues));
        }
        await writeFile(v2, bytes);
        const changed = await verify({ model: v2, against: v1 });
        assert.equal(changed.passed, false);
        assert.ok(changed.tensors.some(({ errors }) => errors!.beyond > 0));
        await assertFigures(changed, v2, v1);
      });
    });
  }

  it('of all tensors together weight each tensor by its number of values', async () => {
    await withFolder(async (folder) => {
      const v2 = join(folder, 'v2.bin');
      await exportTo({ source: golden('untied-mha-f32'), output: v2, version: 2 });
      const { overall, tensors } = await verify({ model: v2, against: golden('untied-mha-f32') });
      const quantized = tensors.filter(({ dtype }) => dtype === 'Q8_0');
      const n = quantized.map(({ shape }) => shape[0]! * shape[1]!);
      const squares = quantized.map(({ errors }, i) => errors!.rmse ** 2 * n[i]!);
      assertClose(overall!.rmse, Math.sqrt(sum(squares) / sum(n)), 'rmse');
      assert.equal(overall!.maxError, Math.max(...quantized.map(({ errors }) => errors!.maxError)));
    });
  });

  it('are no error, cosine 1 and an infinite signal-to-noise ratio for an exact copy', async () => {
    await withFolder(async (folder) => {
      const v1 = join(folder, 'v1.bin');
      await exportTo({ source: golden('untied-mha-f32'), output: v1 });
      const { tensors, overall } = await verify({ model: v1, against: golden('untied-mha-f32') });
      for (const { errors } of tensors) {
        assert.deepEqual(errors, { maxError: 0, rmse: 0, snr: Infinity, cosine: 1, beyond: 0, worstGroup: null });
      }
      assert.equal(overall, null);
    });
  });

  it('include a histogram that has every scale once, in quarters of an octave', async () => {
    await withFolder(async (folder) => {
      const v2 = join(folder, 'v2.bin');
      await exportTo({ source: sampleModelPath, output: v2, version: 2, plain: true });
      const bytes = await readFile(v2);
      const { header } = await readBinFile(bytesSource(bytes, v2));
      const { tensors } = await verify({ model: v2 });
      for (const [i, tensor] of layout(header).tensors.entries()) {
        const bins = tensors[i]!.scales;
        if (!tensor.encoding.isQuantized) {
          assert.deepEqual(bins, []);
          continue;
        }
        const scales = floats(bytes, tensor.scalesByteOffset, tensor.nValues / header.groupSize!);
        const edges = new Map<number, number>();
        for (const scale of scales) {
          const octave = 2 ** Math.floor(Math.log2(scale));
          const from = scale === 0 ? 0 : octave * (1 + Math.floor(4 * (scale / octave - 1)) / 4);
          edges.set(from, (edges.get(from) ?? 0) + 1);
        }
        const expected = [...edges].sort((a, b) => a[0] - b[0]).map(([from, count]) => ({ from, count }));
        assert.deepEqual(bins, expected, tensor.name);
      }
    });
  });
});
