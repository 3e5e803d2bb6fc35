// Matrix products, float32 and quantized.

import type { Float32Matrix, Kernels, Q8Matrix } from '@llama-ts/kernels';
import { type Arena, compute } from './support/arena.js';
import { assertSameBits, bitsOf } from './support/assert-bits.js';
import { onEveryBackend } from './support/backends.js';
import * as literal from './support/literal.js';
import { toBFloat16, uniform, wide } from './support/random.js';

const BATCHES = [1, 2, 3, 7, 12, 13, 33];
/** Batches that are streamed on some instruction sets and swept in panels on others. */
const FEW = [1, 2, 3, 4, 5, 8, 9];
/** Groups a row and their size: rows that can be streamed, whole and in pieces. */
const LONG_ROWS = [
  [16, 64],
  [48, 64],
  [80, 16],
  [16, 128],
] as const;
const GROUP_SIZES = [1, 8, 16, 32, 64, 128, 1024];

describe('linear', () => {
  onEveryBackend((kernels) => {
    describe('with float32 weights', () => {
      for (const n of BATCHES) {
        it(`is a sum16 per output, for ${n} rows`, () => checkFloat32(kernels(), n, 19, 77, uniform));
      }
      for (const cols of [1, 2, 15, 16, 17, 31, 33, 64, 1000]) {
        it(`takes ${cols} columns`, () => checkFloat32(kernels(), 2, 5, cols, uniform));
      }
      for (const rows of [1, 2, 3, 1001, 1329]) {
        it(`takes ${rows} outputs`, () => checkFloat32(kernels(), 2, rows, 24, uniform));
      }
      it('keeps subnormals, and adds numbers of every exponent', () => checkFloat32(kernels(), 3, 9, 96, wideProducts));
    });

    describe('with the maxima of groups for scales', () => {
      for (const n of BATCHES) {
        it(`multiplies ${n} rows`, () => checkQ8(kernels(), n, [19], 192, 64, uniform, [true]));
      }
      for (const groupSize of GROUP_SIZES) {
        it(`takes groups of ${groupSize}`, () =>
          checkQ8(kernels(), 3, [21], 3 * groupSize, groupSize, uniform, [true]));
      }
      for (const [groups, groupSize] of LONG_ROWS) {
        for (const n of FEW) {
          it(`multiplies ${n} rows of ${groups} groups of ${groupSize}`, () =>
            checkQ8(kernels(), n, [21, 16], groups * groupSize, groupSize, uniform, [true, true]));
        }
      }
      it('gives the same for zeros and extremes', () => checkQ8(kernels(), 5, [33], 256, 32, wideProducts, [true]));
    });

    describe('with quantized weights', () => {
      for (const n of BATCHES) {
        it(`multiplies ${n} rows`, () => checkQ8(kernels(), n, [19], 192, 64, uniform));
      }
      for (const groupSize of GROUP_SIZES) {
        it(`takes groups of ${groupSize}`, () => checkQ8(kernels(), 3, [21], 3 * groupSize, groupSize, uniform));
      }
      for (const groupSize of [2, 3, 12, 20, 48, 96]) {
        it(`takes groups of ${groupSize}, which no register is`, () =>
          checkQ8(kernels(), 2, [10], 5 * groupSize, groupSize, uniform));
      }
      for (const rows of [1, 2, 3, 1001, 1329]) {
        it(`takes ${rows} outputs`, () => checkQ8(kernels(), 2, [rows], 64, 32, uniform));
      }
      for (const [groups, groupSize] of LONG_ROWS) {
        for (const n of FEW) {
          it(`multiplies ${n} rows of ${groups} groups of ${groupSize}`, () =>
            checkQ8(kernels(), n, [21, 16], groups * groupSize, groupSize, uniform));
        }
      }
      it('quantizes once for several matrices', () => checkQ8(kernels(), 5, [64, 16, 16], 128, 32, uniform));
      it('gives the same for zeros, subnormals and extremes', () => checkQ8(kernels(), 5, [33], 256, 32, wideProducts));
      it('takes the maxima of groups for the scales of some', async () => {
        for (const n of [1, 2, 33]) await checkQ8(kernels(), n, [21, 16, 5], 1024, 64, uniform, [true, false, true]);
      });
      it('is exact where every product is extreme', async () => {
        await compute(kernels(), (arena) => {
          const cols = 2048;
          const x = arena.float32(new Float32Array(cols).map((_, i) => (i % 3 === 0 ? -1 : 1)));
          const values = new Int8Array(cols * 2).map((_, i) => (i % 3 === 0 ? -127 : 127));
          const scales = new Float32Array(4).fill(1);
          const weight = { dtype: 'Q8_0', rows: 2, cols, groupSize: 1024, values, scales } as const;
          const out = arena.out(2);
          kernels().linear([out], [{ ...weight, values: arena.int8(values), scales: arena.float32(scales) }], x);
          return { out, expected: expectedQ8(weight, x) };
        }).then(({ out, expected }) => assertSameBits(out, expected));
      });
    });
  });
});

type Numbers = (length: number, seed: number) => Float32Array;

/** Products of two stay finite, and their sums too. */
const wideProducts: Numbers = (length, seed) => wide(length, seed, 180);

async function checkFloat32(kernels: Kernels, n: number, rows: number, cols: number, numbers: Numbers): Promise<void> {
  const { out, expected } = await compute(kernels, (arena) => {
    const weight: Float32Matrix = { dtype: 'F32', rows, cols, values: arena.float32(numbers(rows * cols, 2)) };
    const x = arena.float32(numbers(n * cols, 3));
    const out = arena.out(n * rows);
    kernels.linear([out], [weight], x);
    const lists = literal.chunk(weight.values, cols);
    return { out, expected: literal.chunk(x, cols).flatMap((row) => lists.map((w) => literal.dot(w, row))) };
  });
  assertSameBits(out, expected);
}

async function checkQ8(
  kernels: Kernels,
  n: number,
  rowCounts: readonly number[],
  cols: number,
  groupSize: number,
  numbers: Numbers,
  haveMaxima: readonly boolean[] = [],
): Promise<void> {
  const { outputs, expected } = await compute(kernels, (arena) => {
    const found = rowCounts.map((rows, i) => numbers(rows * cols, 4 + i));
    const floats = found.map((x, i) => (haveMaxima[i] ? toBFloat16(x) : x));
    const weights = rowCounts.map((rows, i) => q8Matrix(arena, rows, cols, groupSize, floats[i]!));
    const given = weights.map((weight, i) =>
      haveMaxima[i] ? { ...weight, scales: arena.uint16(maximaOf(floats[i]!, groupSize)) } : weight,
    );
    const x = arena.float32(numbers(n * cols, 5));
    const outputs = rowCounts.map((rows) => arena.out(n * rows));
    kernels.linear(outputs, given, x);
    return { outputs, expected: weights.map((weight) => expectedQ8(weight, x)) };
  });
  outputs.forEach((out, i) => {
    assertSameBits(out, expected[i]!, `outputs[${i}]`);
  });
}

function q8Matrix(arena: Arena, rows: number, cols: number, groupSize: number, x: Float32Array): Q8Matrix {
  const { values, scales } = literal.quantize([...x], groupSize);
  return { dtype: 'Q8_0', rows, cols, groupSize, values: arena.int8(values), scales: arena.float32(scales) };
}

/** Largest magnitudes of bfloat16 groups. */
function maximaOf(x: Float32Array, groupSize: number): number[] {
  return literal.chunk(x, groupSize).map((group) => bitsOf(Math.max(...group.map(Math.abs))) >>> 16);
}

function expectedQ8({ cols, groupSize, values, scales }: Q8Matrix, x: Float32Array): number[] {
  const rowScales = literal.chunk(scales, cols / groupSize);
  const rows = literal.chunk(values, cols).map((row, r) => ({ values: row, scales: rowScales[r]! }));
  return literal.chunk(x, cols).flatMap((row) => {
    const quantized = literal.quantize(row, groupSize);
    return rows.map((weight) => literal.q8Dot(weight, quantized, groupSize));
  });
}
