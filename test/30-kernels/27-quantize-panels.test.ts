// Weights of a checkpoint become panels: the choice of scales and values, on every backend, bit for bit.

import { strict as assert } from 'node:assert';
import { type Kernels, panelsByteLength } from '@llama-ts/kernels';
import { compute } from './support/arena.js';
import { assertSameBits, bitsOf } from './support/assert-bits.js';
import { onEveryBackend } from './support/backends.js';
import { assertFails } from './support/failure.js';
import { halfValue, nearestHalf } from './support/literal.js';
import { inPanels } from './support/literal-panels.js';
import { quantizeRows } from './support/literal-search.js';
import { seededRandom, uniform, wide } from './support/random.js';

const dtypes = ['F32', 'F16', 'BF16'] as const;
type Dtype = (typeof dtypes)[number];

const IQ4_NL = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
const CODEBOOKS: Readonly<Record<string, readonly number[]>> = {
  'of IQ4_NL': IQ4_NL,
  'of Q4_0': Array.from({ length: 16 }, (_, i) => i - 8),
  'with equal entries': [-127, -127, -60, -60, -1, 0, 0, 0, 0, 1, 2, 3, 60, 60, 127, 127],
  'without entries below 0': Array.from({ length: 16 }, (_, i) => i * 8),
  'of one value': new Array<number>(16).fill(0),
};

describe('quantizePanels', () => {
  onEveryBackend((kernels) => {
    for (const to of ['Q8', 'Q4'] as const) {
      for (const dtype of dtypes) {
        for (const [rows, groups] of [
          [1, 1],
          [16, 2],
          [17, 3],
          [40, 5],
        ] as const) {
          it(`gives the exact bytes of ${to} for ${dtype} weights (${rows}, ${groups * 32})`, () =>
            check(kernels(), ordinary(rows * groups * 32, 31), dtype, { to, rows }));
        }
        it(`gives the exact bytes of ${to} for ${dtype} zeros, subnormals and extremes`, () =>
          check(kernels(), edges(33 * 64), dtype, { to, rows: 33 }));
      }
      it(`gives the exact bytes of ${to} for weights around the smallest scales of float16`, () =>
        check(kernels(), uniform(48 * 64, 33, 2 ** -22), 'F32', { to, rows: 48 }));
      it(`gives the exact bytes of ${to} for weights halfway between values`, () =>
        check(kernels(), halves(20 * 64), 'F32', { to, rows: 20 }));
      for (const bad of [Number.NaN, Infinity, -Infinity]) {
        it(`reports ${bad} among weights for ${to}, and stores its group as zeros`, () =>
          checkNonFinite(kernels(), to, bad));
      }
      it(`reports no error of ${to} for weights that it stores exactly`, async () => {
        const x = Float32Array.from({ length: 32 }, (_, i) => IQ4_NL[i % 16]! * 0.5);
        if (to === 'Q8') x[0] = 63.5;
        const { largest } = await run(kernels(), x, 'F32', { to, rows: 1 });
        assertSameBits(largest, [0]);
      });
    }
    for (const name of Object.keys(CODEBOOKS)) {
      it(`gives the exact bytes with a codebook ${name}`, () =>
        check(kernels(), ordinary(20 * 64, 35), 'F32', { to: 'Q4', rows: 20, codebook: CODEBOOKS[name]! }));
    }
    it('stores a group with a weight beyond float16 scales as zeros in 4 bits, with an error of that weight', async () => {
      const x = uniform(64, 36);
      x[3] = 2 ** 23;
      const { panels, largest } = await run(kernels(), x, 'F32', { to: 'Q4', rows: 1 });
      assert.deepEqual([panels[0], panels[1]], [0, 0]);
      assertSameBits(largest, [2 ** 23]);
    });
    it('refuses arrays whose lengths do not match, and codebooks that do not ascend', async () => {
      const call = (panelBytes: number, sourceBytes: number, largest: number, codebook: readonly number[]) => () =>
        kernels().quantizePanels(
          {
            ...({ dtype: 'Q4', rows: 3, cols: 64 } as const),
            panels: kernels().allocate.uint8(panelBytes),
            codebook: Int8Array.from(codebook),
          },
          kernels().allocate.float32(largest),
          kernels().allocate.uint8(sourceBytes),
          'BF16',
        );
      const panelBytes = panelsByteLength('Q4', 3, 64);
      await assertFails('INVALID_ARGUMENT', call(panelBytes - 1, 384, 1, IQ4_NL));
      await assertFails('INVALID_ARGUMENT', call(panelBytes, 383, 1, IQ4_NL));
      await assertFails('INVALID_ARGUMENT', call(panelBytes, 384, 2, IQ4_NL));
      await assertFails('INVALID_ARGUMENT', call(panelBytes, 384, 1, IQ4_NL.toReversed()));
      kernels().discard();
    });
  });
});

interface Target {
  readonly to: 'Q8' | 'Q4';
  readonly rows: number;
  readonly codebook?: readonly number[];
}

async function check(kernels: Kernels, x: Float32Array, dtype: Dtype, target: Target): Promise<void> {
  const { to, rows, codebook = IQ4_NL } = target;
  const cols = x.length / rows;
  const { panels, largest, weights } = await run(kernels, x, dtype, target);
  const expected = quantizeRows(weights, { dtype: to, rows, cols, codebook });
  assert.deepEqual(panels, inPanels(expected.weights, (bytes) => bytes, 0).panels);
  assertSameBits(largest, [expected.largest]);
}

async function checkNonFinite(kernels: Kernels, to: 'Q8' | 'Q4', bad: number): Promise<void> {
  const [rows, cols] = [17, 96];
  for (const [row, column] of [
    [0, 0],
    [16, 70],
  ] as const) {
    const x = ordinary(rows * cols, 37);
    x[row * cols + column] = bad;
    const { panels, largest } = await run(kernels, x, 'F32', { to, rows });
    assertSameBits(largest, [Number.NaN]);
    const panelBytes = panels.length / 2;
    const at = Math.floor(row / 16) * panelBytes + 2 * (Math.floor(column / 32) * 16 + (row % 16));
    assert.deepEqual([...panels.subarray(at, at + 2)], [0, 0]);
  }
}

/** The panels of `x`, and the numbers that its elements of `dtype` have. */
async function run(kernels: Kernels, x: Float32Array, dtype: Dtype, { to, rows, codebook = IQ4_NL }: Target) {
  const cols = x.length / rows;
  const source = elements(x, dtype);
  const { panels, largest } = await compute(kernels, (arena) => {
    const length = panelsByteLength(to, rows, cols);
    const out = arena.outInt8(length);
    const written = new Uint8Array(out.buffer, out.byteOffset, length);
    const error = arena.out(1);
    const matrix =
      to === 'Q8'
        ? ({ dtype: to, rows, cols, panels: written } as const)
        : ({ dtype: to, rows, cols, panels: written, codebook: Int8Array.from(codebook) } as const);
    kernels.quantizePanels(matrix, error, arena.uint8(source), dtype);
    return { panels: written, largest: error };
  });
  return { panels: panels.slice(), largest, weights: numbersOf(source, dtype) };
}

/** Weights as a layer has them: most near 0, some large. */
function ordinary(length: number, seed: number): Float32Array {
  const next = seededRandom(seed);
  return Float32Array.from({ length }, () => (next() + next() + next() - 1.5) * (next() < 0.02 ? 0.4 : 0.05));
}

/** Groups of zeros, of every exponent, and ordinary ones beside a single large weight. */
function edges(length: number): Float32Array {
  const x = wide(length, 32, 150);
  x.fill(0, 32, 96);
  x.fill(-0, 96, 128);
  x.set(uniform(32, 34), 128);
  x[140] = 2 ** 22;
  return x;
}

/** Weights that are half of a codebook's gap apart for a scale of 1. */
function halves(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (i % 32 === 0 ? -127 : ((i * 37) % 253) / 2 - 63));
}

function elements(x: Float32Array, dtype: Dtype): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(x.slice().buffer);
  const shorts = Uint16Array.from(x, (value) => (dtype === 'F16' ? nearestHalf(value) : bitsOf(value) >>> 16));
  return new Uint8Array(shorts.buffer);
}

function numbersOf(source: Uint8Array, dtype: Dtype): number[] {
  if (dtype === 'F32') return Array.from(new Float32Array(source.slice().buffer));
  const shorts = new Uint16Array(source.slice().buffer);
  if (dtype === 'F16') return Array.from(shorts, halfValue);
  return Array.from(shorts, (bits) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!);
}
