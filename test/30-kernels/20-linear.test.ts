// Matrix products, float32 and quantized.

import type { Float32Matrix, Kernels, Q8Matrix } from '@llama-ts/kernels';
import { compute } from './support/arena.js';
import { assertSameBits, bitsOf } from './support/assert-bits.js';
import { onEveryBackend } from './support/backends.js';
import * as literal from './support/literal.js';
import { toBFloat16, uniform, wide } from './support/random.js';
import { remember } from './support/remember.js';

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
const GROUP_SIZES = [1, 8, 16, 32, 64, 72, 98, 128, 1024];
/** Several tiles of tokens, the last one whole or not, and more of them than have their partial sums in memory at a time. */
const MANY = [16, 17, 130];
/** Groups a row and their size: rows that tokens sweep over range by range, the last range being shorter. */
const SWEPT_ROWS = [
  [19, 64],
  [35, 32],
  [9, 98],
] as const;

describe('linear', () => {
  onEveryBackend((kernels) => {
    describe('with float32 weights', () => {
      for (const n of BATCHES) {
        it(`gives the exact bits for ${n} rows of input`, () => checkFloat32(kernels(), n, 19, 77, uniform));
      }
      for (const cols of [1, 2, 15, 16, 17, 31, 33, 64, 1000]) {
        it(`gives the exact bits for ${cols} columns`, () => checkFloat32(kernels(), 2, 5, cols, uniform));
      }
      for (const rows of [1, 2, 3, 1001, 1329]) {
        it(`gives the exact bits for ${rows} outputs`, () => checkFloat32(kernels(), 2, rows, 24, uniform));
      }
      it('gives the exact bits for subnormals and numbers of every exponent', () =>
        checkFloat32(kernels(), 3, 9, 96, wideProducts));
    });

    describe('with scales as the maxima of groups', () => {
      for (const n of BATCHES) {
        it(`gives the exact bits for ${n} rows of input`, () => checkQ8(kernels(), n, [19], 192, 64, uniform, [true]));
      }
      for (const groupSize of GROUP_SIZES) {
        it(`gives the exact bits for groups of ${groupSize}`, () =>
          checkQ8(kernels(), 3, [21], 3 * groupSize, groupSize, uniform, [true]));
      }
      for (const [groups, groupSize] of LONG_ROWS) {
        for (const n of FEW) {
          it(`gives the exact bits for ${n} rows of ${groups} groups of ${groupSize}`, () =>
            checkQ8(kernels(), n, [21, 16], groups * groupSize, groupSize, uniform, [true, true]));
        }
      }
      it('gives the exact bits for zeros and extremes', () =>
        checkQ8(kernels(), 5, [33], 256, 32, wideProducts, [true]));
    });

    describe('with quantized weights', () => {
      for (const n of MANY) {
        for (const [groups, groupSize] of SWEPT_ROWS) {
          it(`gives the exact bits for ${n} rows of ${groups} groups of ${groupSize}`, () =>
            checkQ8(kernels(), n, [37], groups * groupSize, groupSize, uniform));
        }
      }
      for (const n of BATCHES) {
        it(`gives the exact bits for ${n} rows of input`, () => checkQ8(kernels(), n, [19], 192, 64, uniform));
      }
      for (const groupSize of GROUP_SIZES) {
        it(`gives the exact bits for groups of ${groupSize}`, () =>
          checkQ8(kernels(), 3, [21], 3 * groupSize, groupSize, uniform));
      }
      for (const groupSize of [2, 3, 12, 20, 48, 96]) {
        it(`gives the exact bits for groups of ${groupSize}, which fill no register`, () =>
          checkQ8(kernels(), 2, [10], 5 * groupSize, groupSize, uniform));
      }
      for (const rows of [1, 2, 3, 1001, 1329]) {
        it(`gives the exact bits for ${rows} outputs`, () => checkQ8(kernels(), 2, [rows], 64, 32, uniform));
      }
      for (const [groups, groupSize] of LONG_ROWS) {
        for (const n of FEW) {
          it(`gives the exact bits for ${n} rows of ${groups} groups of ${groupSize}`, () =>
            checkQ8(kernels(), n, [21, 16], groups * groupSize, groupSize, uniform));
        }
      }
      it('gives the exact bits for three matrices in one call', () =>
        checkQ8(kernels(), 5, [64, 16, 16], 128, 32, uniform));
      it('gives the exact bits for zeros, subnormals and extremes', () =>
        checkQ8(kernels(), 5, [33], 256, 32, wideProducts));
      it('gives the exact bits where only some of the matrices have maxima as scales', async () => {
        for (const n of [1, 2, 33]) await checkQ8(kernels(), n, [21, 16, 5], 1024, 64, uniform, [true, false, true]);
      });
      it('gives the exact bits where every product is extreme', async () => {
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
  const { values, x, expected } = remember(['float32', n, rows, cols, numbers.name], () => {
    const [values, x] = [numbers(rows * cols, 2), numbers(n * cols, 3)];
    const lists = literal.chunk(values, cols);
    const outputs = literal.chunk(x, cols).flatMap((row) => lists.map((w) => literal.dot(w, row)));
    return { values, x, expected: Float32Array.from(outputs) };
  });
  const found = await compute(kernels, (arena) => {
    const weight: Float32Matrix = { dtype: 'F32', rows, cols, values: arena.float32(values) };
    const out = arena.out(n * rows);
    kernels.linear([out], [weight], arena.float32(x));
    return out;
  });
  assertSameBits(found, expected);
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
  const { x, weights, expected } = remember(['Q8_0', n, rowCounts, cols, groupSize, numbers.name, haveMaxima], () => {
    const x = numbers(n * cols, 5);
    const weights = rowCounts.map((rows, i) =>
      q8Weight(rows, cols, groupSize, numbers(rows * cols, 4 + i), haveMaxima[i] ?? false),
    );
    return { x, weights, expected: weights.map((weight) => Float32Array.from(expectedQ8(weight, x))) };
  });
  const outputs = await compute(kernels, (arena) => {
    const given = weights.map(({ maxima, values, scales, ...shape }) => ({
      ...shape,
      values: arena.int8(values),
      scales: maxima === null ? arena.float32(scales) : arena.uint16(maxima),
    }));
    const outputs = rowCounts.map((rows) => arena.out(n * rows));
    kernels.linear(outputs, given, arena.float32(x));
    return outputs;
  });
  outputs.forEach((out, i) => {
    assertSameBits(out, expected[i]!, `outputs[${i}]`);
  });
}

/** A quantized matrix whose scales are float32, and where it has any the maxima of its groups. */
interface Q8Weight extends Q8Matrix {
  readonly scales: Float32Array;
  readonly maxima: Uint16Array | null;
}

function q8Weight(rows: number, cols: number, groupSize: number, numbers: Float32Array, hasMaxima: boolean): Q8Weight {
  const floats = hasMaxima ? toBFloat16(numbers) : numbers;
  const { values, scales } = literal.quantize([...floats], groupSize);
  const maxima = hasMaxima ? Uint16Array.from(maximaOf(floats, groupSize)) : null;
  const arrays = { values: Int8Array.from(values), scales: Float32Array.from(scales), maxima };
  return { dtype: 'Q8_0', rows, cols, groupSize, ...arrays };
}

/** Largest magnitudes of bfloat16 groups. */
function maximaOf(x: Float32Array, groupSize: number): number[] {
  return literal.chunk(x, groupSize).map((group) => bitsOf(Math.max(...group.map(Math.abs))) >>> 16);
}

function expectedQ8(weight: Omit<Q8Weight, 'maxima'>, x: Float32Array): number[] {
  const { cols, groupSize, values, scales } = weight;
  const rowScales = literal.chunk(scales, cols / groupSize);
  const rows = literal.chunk(values, cols).map((row, r) => ({ values: row, scales: rowScales[r]! }));
  return literal.chunk(x, cols).flatMap((row) => {
    const quantized = literal.quantize(row, groupSize);
    return rows.map((weight) => literal.q8Dot(weight, quantized, groupSize));
  });
}
