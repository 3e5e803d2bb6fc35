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

describe('quantizationError', () => {
  onEveryBackend((kernels) => {
    const errorOf = async (values: Int8Array, scales: Float32Array, x: Float32Array): Promise<Float32Array> =>
      compute(kernels(), (arena) => {
        const out = arena.out(1);
        const groupSize = x.length / scales.length;
        kernels().quantizationError(out, arena.int8(values), arena.float32(scales), arena.float32(x), groupSize);
        return out;
      });
    for (const groupSize of [1, 7, 16, 64, 100, 1024]) {
      it(`is the largest over groups of ${groupSize}`, async () => {
        const n = groupSize * Math.ceil(150_000 / groupSize);
        const values = Int8Array.from(indices(n, 21, 255), (value) => value - 127);
        const scales = uniform(n / groupSize, 22);
        const x = uniform(n, 23, 100);
        const errors = x.map((weight, i) => {
          const stored = Math.fround(values[i]! * scales[Math.floor(i / groupSize)]!);
          return Math.abs(Math.fround(weight - stored));
        });
        const largest = errors.reduce((a, b) => Math.max(a, b));
        assertSameBits(await errorOf(values, scales, x), [largest]);
      });
    }
    it('is 0 for weights that are exact', async () => {
      assertSameBits(await errorOf(Int8Array.of(-127, 3), Float32Array.of(0.5), Float32Array.of(-63.5, 1.5)), [0]);
    });
    it('is NaN where a weight is', async () => {
      const [error] = await errorOf(new Int8Array(2), Float32Array.of(1), Float32Array.of(Number.NaN, 1));
      assert.equal(error, Number.NaN);
    });
    it('refuses arrays that do not fit one another', () => {
      const [values, scales, x] = [new Int8Array(4), new Float32Array(2), new Float32Array(4)];
      const call = (out: number, groupSize: number) => () =>
        kernels().quantizationError(new Float32Array(out), values, scales, x, groupSize);
      assertFails('INVALID_ARGUMENT', call(2, 2));
      assertFails('INVALID_ARGUMENT', call(1, 4));
    });
  });
});

describe('quantize and dequantize', () => {
  onEveryBackend((kernels) => {
    for (const groupSize of [1, 2, 7, 8, 12, 16, 32, 64, 100, 128, 1024]) {
      it(`work in groups of ${groupSize}`, () => checkQuantize(kernels(), uniform(13 * groupSize, 1), groupSize));
    }
    for (const groupSize of [1, 8, 64]) {
      it(`take zeros, subnormals and extremes in groups of ${groupSize}`, () =>
        checkQuantize(kernels(), wide(40 * groupSize, 2), groupSize));
    }
    it('take subnormals alone', () => checkQuantize(kernels(), wide(64 * 16, 3, 1), 16));

    it('round halves to even', async () => {
      const x = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5];
      const { values, scales } = await quantized(kernels(), Float32Array.from(x), 8);
      assert.deepEqual([...scales], [1]);
      assert.deepEqual([...values], [127, 0, 2, 2, 0, -2, -2, 126]);
    });
    it('give zeros where the scale underflows', async () => {
      const { values, scales } = await quantized(kernels(), Float32Array.of(63 * SMALLEST, -SMALLEST, 0, -0), 4);
      assert.deepEqual([...values, ...scales], [0, 0, 0, 0, 0]);
    });
    it('clamp where a subnormal scale is too small', async () => {
      const { values, scales } = await quantized(
        kernels(),
        Float32Array.of(190 * SMALLEST, -190 * SMALLEST, SMALLEST, 0),
        4,
      );
      assert.equal(scales[0], SMALLEST);
      assert.deepEqual([...values], [127, -127, 1, 0]);
    });
    it('reach from the largest number to its negative', async () => {
      const { values } = await quantized(kernels(), Float32Array.of(LARGEST, -LARGEST), 2);
      assert.deepEqual([...values], [127, -127]);
    });
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      it(`give ${bad} a non-finite scale, and only its group`, async () => {
        const x = uniform(96, 4);
        x[40] = bad;
        const { scales } = await quantized(kernels(), x, 32);
        assert.deepEqual([...scales].map(Number.isFinite), [true, false, true]);
      });
    }
    it('stay within half a step of the input', () =>
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
    it('takes every half', async () => {
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
    it('takes every bfloat16', async () => {
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
    it('takes float32 as it is', async () => {
      const x = wide(1001, 5);
      assertSameBits(await widened(kernels(), new Uint8Array(x.buffer), 'F32'), x);
    });
    for (const n of [1, 2, 3, 7, 12, 13, 33]) {
      it(`takes ${n} elements`, async () => {
        const bits = Uint16Array.from(indices(n, 6, 0x7c00));
        assertSameBits(await widened(kernels(), new Uint8Array(bits.buffer), 'F16'), [...bits].map(literal.halfValue));
        const upper = [...bits].map((b) => fromBits(b * 65536));
        assertSameBits(await widened(kernels(), new Uint8Array(bits.buffer), 'BF16'), upper);
      });
    }
  });
});

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

function widened(kernels: Kernels, source: Uint8Array, dtype: 'F32' | 'F16' | 'BF16'): Promise<Float32Array> {
  return compute(kernels, (arena) => {
    const out = arena.out(source.length / (dtype === 'F32' ? 4 : 2));
    kernels.widen(out, arena.uint8(source), dtype);
    return out;
  });
}
