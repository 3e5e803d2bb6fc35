// The writer's quantization, its inverse, and the widening of checkpoint elements.

import { strict as assert } from 'node:assert';
import type { Kernels } from '@llama-ts/kernels';
import fc from 'fast-check';
import { compute } from './support/arena.js';
import { assertSameBits, bitsOf, fromBits } from './support/assert-bits.js';
import { onEveryBackend } from './support/backends.js';
import { assertFails } from './support/failure.js';
import * as literal from './support/literal.js';
import { indices, uniform, wide } from './support/random.js';

const SMALLEST = fromBits(1); // the smallest subnormal
const LARGEST = fromBits(0x7f7fffff);

const dtypes = ['F32', 'F16', 'BF16'] as const;
type Dtype = (typeof dtypes)[number];

describe('quantizeWeights', () => {
  onEveryBackend((kernels) => {
    for (const dtype of dtypes) {
      for (const groupSize of [1, 7, 8, 15, 16, 17, 33, 64, 100, 1000, 1024]) {
        it(`gives the exact bits for ${dtype} in groups of ${groupSize}`, () =>
          checkQuantizeWeights(kernels(), elements(uniform(13 * groupSize, 21), dtype), dtype, groupSize));
      }
      it(`gives the exact bits for more ${dtype} values than a thread takes at a time`, () =>
        checkQuantizeWeights(kernels(), elements(uniform(150_016, 22), dtype), dtype, 64));
      for (const groupSize of [1, 12, 64]) {
        it(`gives the exact bits for zeros, subnormals and extremes of ${dtype} in groups of ${groupSize}`, () =>
          checkQuantizeWeights(kernels(), edges(40 * groupSize, dtype), dtype, groupSize));
      }
      for (const bad of [Number.NaN, Infinity, -Infinity]) {
        for (const at of [0, 29, 65, 98]) {
          it(`reports ${bad} among ${dtype} values at ${at}`, () => checkNonFinite(kernels(), dtype, bad, at));
        }
      }
    }
    it('gives the exact bits for every finite float16', async () => {
      const halves = Uint16Array.from({ length: 0x7c00 * 2 }, (_, i) => (i >> 1) | ((i & 1) << 15));
      await checkQuantizeWeights(kernels(), new Uint8Array(halves.buffer), 'F16', 31);
    });
    it('reports an error of 0 for a group that it quantizes exactly', async () => {
      const { largest } = await quantizedWeights(kernels(), elements(Float32Array.of(-63.5, 1.5), 'F32'), 'F32', 2);
      assertSameBits(largest, [0]);
    });
    it('reports the largest weight as the error where the scale underflows', async () => {
      const x = Float32Array.of(63 * SMALLEST, -SMALLEST, 0, -0);
      const { values, scales, largest } = await quantizedWeights(kernels(), elements(x, 'F32'), 'F32', 4);
      assert.deepEqual([...values, ...scales], [0, 0, 0, 0, 0]);
      assertSameBits(largest, [63 * SMALLEST]);
    });
    it('clamps values where a subnormal scale is too small', async () => {
      const x = Float32Array.of(190 * SMALLEST, -190 * SMALLEST, SMALLEST, 0);
      const { values, largest } = await quantizedWeights(kernels(), elements(x, 'F32'), 'F32', 4);
      assert.deepEqual([...values], [127, -127, 1, 0]);
      assertSameBits(largest, [63 * SMALLEST]);
    });
    it('reports an infinite error, not NaN, for the largest float32', async () => {
      for (const [x, error] of [
        [LARGEST, Infinity],
        [-LARGEST, Infinity],
        [fromBits(0x7f7ffffe), 0],
      ] as const) {
        const { scales, largest } = await quantizedWeights(kernels(), elements(Float32Array.of(x), 'F32'), 'F32', 1);
        assert.ok(Number.isFinite(scales[0]!));
        assertSameBits(largest, [error]);
      }
    });
    it('refuses arrays whose lengths do not match', () => {
      const call =
        (n: number, scales: number, largest: number, bytes: number, dtype: string, groupSize: number) => () =>
          kernels().quantizeWeights(
            ...([
              new Int8Array(n),
              new Float32Array(scales),
              new Float32Array(largest),
              new Uint8Array(bytes),
            ] as const),
            ...([dtype as Dtype, groupSize] as const),
          );
      assertFails('INVALID_ARGUMENT', call(4, 2, 2, 8, 'F16', 2));
      assertFails('INVALID_ARGUMENT', call(4, 2, 1, 8, 'F32', 2));
      assertFails('INVALID_ARGUMENT', call(4, 2, 1, 8, 'F8', 2));
      assertFails('INVALID_ARGUMENT', call(4, 2, 1, 8, 'BF16', 4));
      assertFails('INVALID_ARGUMENT', call(4, 2, 1, 8, 'BF16', 3));
      assertFails('INVALID_ARGUMENT', call(2048, 1, 1, 4096, 'BF16', 2048));
    });
  });
});

describe('quantize and dequantize', () => {
  onEveryBackend((kernels) => {
    for (const groupSize of [1, 2, 7, 8, 12, 16, 32, 64, 100, 128, 1024]) {
      it(`give the exact bits for groups of ${groupSize}`, () =>
        checkQuantize(kernels(), uniform(13 * groupSize, 1), groupSize));
    }
    for (const groupSize of [1, 8, 64]) {
      it(`give the exact bits for zeros, subnormals and extremes in groups of ${groupSize}`, () =>
        checkQuantize(kernels(), wide(40 * groupSize, 2), groupSize));
    }
    it('give the exact bits for a group of subnormals alone', () => checkQuantize(kernels(), wide(64 * 16, 3, 1), 16));

    it('round ties to even', async () => {
      const x = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5];
      const { values, scales } = await quantized(kernels(), Float32Array.from(x), 8);
      assert.deepEqual([...scales], [1]);
      assert.deepEqual([...values], [127, 0, 2, 2, 0, -2, -2, 126]);
    });
    it('give zeros where the scale underflows', async () => {
      const { values, scales } = await quantized(kernels(), Float32Array.of(63 * SMALLEST, -SMALLEST, 0, -0), 4);
      assert.deepEqual([...values, ...scales], [0, 0, 0, 0, 0]);
    });
    it('clamp values where a subnormal scale is too small', async () => {
      const { values, scales } = await quantized(
        kernels(),
        Float32Array.of(190 * SMALLEST, -190 * SMALLEST, SMALLEST, 0),
        4,
      );
      assert.equal(scales[0], SMALLEST);
      assert.deepEqual([...values], [127, -127, 1, 0]);
    });
    it('give the exact bits for groups with the largest float32 and its negative', async () => {
      const { values } = await quantized(kernels(), Float32Array.of(LARGEST, -LARGEST), 2);
      assert.deepEqual([...values], [127, -127]);
    });
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      it(`give the group that holds ${bad}, and no other, a non-finite scale`, async () => {
        const x = uniform(96, 4);
        x[40] = bad;
        const { scales } = await quantized(kernels(), x, 32);
        assert.deepEqual([...scales].map(Number.isFinite), [true, false, true]);
      });
    }
    it('give values within half a step of the input', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 100), max: 2 ** 100 }), {
            minLength: 1,
            maxLength: 40,
          }),
          async (list) => {
            const x = Float32Array.from(list);
            const { values, scales } = await quantized(kernels(), x, x.length);
            const scale = scales[0]!;
            // Below this, the scale itself is a rough subnormal.
            if (scale < 2 ** -120) return;
            x.forEach((v, i) => {
              assert.ok(Math.abs(v - values[i]! * scale) <= scale * 0.5001);
            });
          },
        ),
        { seed: 1, numRuns: 100 },
      ));
  });
});

describe('widen', () => {
  onEveryBackend((kernels) => {
    it('widens every float16 exactly', async () => {
      const out = await widened(
        kernels(),
        new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer),
        'F16',
      );
      assertSameBits(
        out,
        Array.from(out, (_, i) => literal.halfValue(i)),
      );
      assert.equal(bitsOf(out[0x8000]!), 0x80000000);
    });
    it('widens every bfloat16 exactly', async () => {
      const out = await widened(
        kernels(),
        new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer),
        'BF16',
      );
      assertSameBits(
        out,
        Array.from(out, (_, i) => fromBits(i * 65536)),
      );
    });
    it('copies float32 unchanged', async () => {
      const x = wide(1001, 5);
      assertSameBits(await widened(kernels(), new Uint8Array(x.buffer), 'F32'), x);
    });
    for (const n of [1, 2, 3, 7, 12, 13, 33]) {
      it(`widens ${n} elements`, async () => {
        const bits = Uint16Array.from(indices(n, 6, 0x7c00));
        assertSameBits(await widened(kernels(), new Uint8Array(bits.buffer), 'F16'), [...bits].map(literal.halfValue));
        const upper = [...bits].map((b) => fromBits(b * 65536));
        assertSameBits(await widened(kernels(), new Uint8Array(bits.buffer), 'BF16'), upper);
      });
    }
  });
});

/** Numbers as elements of a checkpoint, rounded in some way. */
function elements(x: Float32Array, dtype: Dtype): Uint8Array {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  if (dtype === 'F32') return new Uint8Array(x.slice().buffer);
  const shorts = dtype === 'BF16' ? Array.from(bits, (word) => word >>> 16) : Array.from(x, literal.nearestHalf);
  return new Uint8Array(Uint16Array.from(shorts).buffer);
}

/** Elements with all exponents of their type. */
function edges(n: number, dtype: Dtype): Uint8Array {
  if (dtype !== 'F16') return elements(wide(n, 24), dtype);
  return new Uint8Array(
    Uint16Array.from(indices(n, 25, 2 * 0x7c00), (i) => (i % 0x7c00) | (i < 0x7c00 ? 0 : 0x8000)).buffer,
  );
}

function numbersOf(source: Uint8Array, dtype: Dtype): number[] {
  if (dtype === 'F32') return [...new Float32Array(source.slice().buffer)];
  const shorts = new Uint16Array(source.slice().buffer);
  return Array.from(shorts, dtype === 'F16' ? literal.halfValue : (bits) => fromBits(bits * 65536));
}

async function checkQuantizeWeights(
  kernels: Kernels,
  source: Uint8Array,
  dtype: Dtype,
  groupSize: number,
): Promise<void> {
  const x = numbersOf(source, dtype);
  const expected = literal.quantize(x, groupSize);
  const { values, scales, largest } = await quantizedWeights(kernels, source, dtype, groupSize);
  assert.deepEqual([...values], expected.values);
  assertSameBits(scales, expected.scales, 'scales');
  assertSameBits(largest, [literal.quantizationError(x, expected, groupSize)], 'largest');
}

async function checkNonFinite(kernels: Kernels, dtype: Dtype, bad: number, at: number): Promise<void> {
  const groupSize = 33;
  const source = elements(uniform(3 * groupSize, 26), dtype);
  const one = { F32: Float32Array.of(bad), F16: halfOf(bad), BF16: bfloat16Of(bad) }[dtype];
  source.set(new Uint8Array(one.buffer), at * one.BYTES_PER_ELEMENT);
  const { values, scales, largest } = await quantizedWeights(kernels, source, dtype, groupSize);
  assertSameBits(largest, [Number.NaN]);
  const group = Math.floor(at / groupSize);
  assert.deepEqual(
    [...scales].map(Number.isFinite),
    [0, 1, 2].map((g) => g !== group),
  );
  assert.ok(values.subarray(group * groupSize, (group + 1) * groupSize).every((value) => value === 0));
}

/** Checks groups with a number that is not finite. */
function halfOf(bad: number): Uint16Array {
  return Uint16Array.of(Number.isNaN(bad) ? 0x7c01 : bad > 0 ? 0x7c00 : 0xfc00);
}

/** Checks groups with a number that is not finite. */
function bfloat16Of(bad: number): Uint16Array {
  return Uint16Array.of(Number.isNaN(bad) ? 0xff81 : bad > 0 ? 0x7f80 : 0xff80);
}

function quantizedWeights(kernels: Kernels, source: Uint8Array, dtype: Dtype, groupSize: number) {
  return compute(kernels, (arena) => {
    const n = source.length / (dtype === 'F32' ? 4 : 2);
    const values = arena.outInt8(n);
    const scales = arena.out(n / groupSize);
    const largest = arena.out(1);
    kernels.quantizeWeights(values, scales, largest, arena.uint8(source), dtype, groupSize);
    return { values, scales, largest };
  });
}

async function checkQuantize(kernels: Kernels, x: Float32Array, groupSize: number): Promise<void> {
  const expected = literal.quantize([...x], groupSize);
  const { values, scales, back } = await quantized(kernels, x, groupSize);
  assert.deepEqual([...values], expected.values);
  assertSameBits(scales, expected.scales, 'scales');
  const products = expected.values.map((q, i) => Math.fround(q * expected.scales[Math.floor(i / groupSize)]!));
  assertSameBits(back, products, 'dequantized');
}

function quantized(kernels: Kernels, x: Float32Array, groupSize: number) {
  return compute(kernels, (arena) => {
    const values = arena.outInt8(x.length);
    const scales = arena.out(x.length / groupSize);
    const back = arena.out(x.length);
    kernels.quantize(values, scales, arena.float32(x), groupSize);
    kernels.dequantize(back, values, scales, groupSize);
    return { values, scales, back };
  });
}

function widened(kernels: Kernels, source: Uint8Array, dtype: Dtype): Promise<Float32Array> {
  return compute(kernels, (arena) => {
    const out = arena.out(source.length / (dtype === 'F32' ? 4 : 2));
    kernels.widen(out, arena.uint8(source), dtype);
    return out;
  });
}
