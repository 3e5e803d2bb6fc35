// Kernels that work row by row or element by element.

import { strict as assert } from 'node:assert';
import { type Kernels, readSpeed } from '@llama-ts/kernels';
import { compute } from './support/arena.js';
import { assertSameBits, bitsOf, fromBits } from './support/assert-bits.js';
import { onEveryBackend, probes } from './support/backends.js';
import { assertFails } from './support/failure.js';
import * as literal from './support/literal.js';
import { indices, seededRandom, uniform, wide } from './support/random.js';

const BATCHES = [1, 2, 3, 7, 12, 13, 33];
const LENGTHS = [1, 3, 15, 16, 17, 64, 1001, 1329];

describe('xorAll', () => {
  onEveryBackend((kernels) => {
    for (const n of [0, 1, 15, 64, 65, 1001, 200_000]) {
      it(`gives the XOR of ${n} words`, async () => {
        const words = Int32Array.from(indices(n, 9, 2 ** 31 - 1), (value, i) => (i % 2 === 0 ? value : ~value));
        const found = await compute(kernels(), (arena) => {
          const out = arena.outInt32(1);
          kernels().xorAll(out, arena.int32(words));
          return out;
        });
        const folded = words.reduce((before, word) => before ^ word, 0);
        assert.equal(found[0], folded);
      });
    }
    it('refuses an output of another length', () =>
      assertFails('INVALID_ARGUMENT', () => kernels().xorAll(new Int32Array(2), new Int32Array(1))));
  });
});

describe('largestMagnitude', () => {
  onEveryBackend((kernels) => {
    const largestOf = async (x: Float32Array): Promise<number> => {
      const found = await compute(kernels(), (arena) => {
        const out = arena.out(1);
        kernels().largestMagnitude(out, arena.float32(x));
        return out;
      });
      return found[0]!;
    };
    for (const n of [1, 15, 16, 17, 1001, 200_000]) {
      it(`finds the largest magnitude among ${n} values at any place`, async () => {
        for (const at of [0, n >> 1, n - 1]) {
          const x = uniform(n, 12);
          x[at] = at % 2 === 0 ? -3 : 3;
          assert.equal(await largestOf(x), 3);
        }
      });
    }
    it('is 0 for an empty array and for zeros', async () => {
      assert.equal(await largestOf(new Float32Array(0)), 0);
      assert.equal(await largestOf(Float32Array.of(-0, 0)), 0);
    });
    it('distinguishes subnormals', async () => {
      assert.equal(await largestOf(Float32Array.of(2 ** -149, -(2 ** -148))), 2 ** -148);
    });
    it('is infinite or NaN where one of the values is', async () => {
      const x = uniform(200_000, 13);
      x[100_003] = -Infinity;
      assert.equal(await largestOf(x), Infinity);
      x[70_001] = Number.NaN;
      assert.equal(await largestOf(x), Number.NaN);
    });
    it('refuses an output of another length', () =>
      assertFails('INVALID_ARGUMENT', () => kernels().largestMagnitude(new Float32Array(2), new Float32Array(1))));
  });
});

describe('groupMaxima', () => {
  onEveryBackend((kernels) => {
    const check = async (scales: Float32Array) => {
      const found = await compute(kernels(), (arena) => {
        const [maxima, inexact] = [arena.outUint16(scales.length), arena.outInt32(1)];
        kernels().groupMaxima(maxima, inexact, arena.float32(scales));
        return { maxima, inexact };
      });
      return { maxima: [...found.maxima], isExact: found.inexact[0] === 0 };
    };
    /** All magnitudes up to infinity. */
    const magnitudes = Array.from({ length: 0x7f81 }, (_, bits) => bits);
    const scaleOf = (maximum: number) => Math.fround(fromBits((maximum << 16) >>> 0) / 127);

    it('recovers every bfloat16 maximum from its scale', async () => {
      const certain = magnitudes.filter((maximum) => maximum === 0 || scaleOf(maximum) > 2e-36);
      assert.deepEqual(await check(Float32Array.from(certain, scaleOf)), { maxima: certain, isExact: true });
    });
    it('gives a maximum with the same scale, or reports the scale as inexact', async () => {
      const doubtful = magnitudes.filter((maximum) => maximum > 0 && scaleOf(maximum) <= 2e-36);
      const n = doubtful.length;
      // One call for each, all in one run: runs of threads that share cores are slow.
      const { maxima, inexact } = await compute(kernels(), (arena) => {
        const found = { maxima: arena.outUint16(n), inexact: arena.outInt32(n) };
        const scales = arena.float32(Float32Array.from(doubtful, scaleOf));
        for (let i = 0; i < n; i++) {
          const at = [i, i + 1] as const;
          kernels().groupMaxima(found.maxima.subarray(...at), found.inexact.subarray(...at), scales.subarray(...at));
        }
        return found;
      });
      const exact = [...maxima].filter((_, i) => inexact[i] === 0);
      const scales = doubtful.filter((_, i) => inexact[i] === 0).map(scaleOf);
      assertSameBits(await dequantized(kernels(), exact), scales);
    });
    for (const n of [1, 15, 16, 17, 1001, 200_000]) {
      it(`reports one scale among ${n} that is of no bfloat16 maximum`, async () => {
        for (const at of [0, n >> 1, n - 1]) {
          const scales = new Float32Array(n).fill(scaleOf(0x3f81));
          scales[at] = fromBits(bitsOf(scales[at]!) + 1);
          assert.equal((await check(scales)).isExact, false);
        }
      });
    }
    it('reports an empty array as exact', async () => {
      assert.deepEqual(await check(new Float32Array(0)), { maxima: [], isExact: true });
    });
  });
});

/** Dequantized values of 1 in groups of these maxima. */
async function dequantized(kernels: Kernels, maxima: readonly number[]): Promise<Float32Array> {
  const rows = maxima.length;
  return compute(kernels, (arena) => {
    const [values, scales] = [arena.int8(new Array<number>(rows).fill(1)), arena.uint16([...maxima])];
    const out = arena.out(rows);
    kernels.embed(out, { dtype: 'Q8_0', rows, cols: 1, groupSize: 1, values, scales }, arena.int32([...maxima.keys()]));
    return out;
  });
}

describe('rmsNorm', () => {
  onEveryBackend((kernels) => {
    for (const n of BATCHES) it(`normalizes ${n} rows`, () => checkRmsNorm(kernels(), uniform(n * 48, 1), 48, 1e-5));
    for (const dim of LENGTHS)
      it(`normalizes rows of ${dim}`, () => checkRmsNorm(kernels(), uniform(2 * dim, 2), dim, 1e-6));
    it('normalizes zeros, subnormals and huge numbers', () => checkRmsNorm(kernels(), wide(5 * 40, 3, 185), 40, 1e-5));
    it('gives zeros for a row of zeros', () => checkRmsNorm(kernels(), new Float32Array(32), 32, 1e-5));
    it('may write its result over its input', async () => {
      const x = uniform(3 * 20, 4);
      const weight = uniform(20, 5);
      const out = await compute(kernels(), (arena) => {
        const inOut = arena.inOut(x);
        kernels().rmsNorm(inOut, inOut, arena.float32(weight), 1e-5);
        return inOut;
      });
      assertSameBits(out, expectedRmsNorm(x, weight, 1e-5));
    });
  });
});

describe('swiGlu', () => {
  onEveryBackend((kernels) => {
    const check = async (gate: Float32Array, up: Float32Array) => {
      const out = await compute(kernels(), (arena) => {
        const inOut = arena.inOut(gate);
        kernels().swiGlu(inOut, arena.float32(up));
        return inOut;
      });
      assertSameBits(
        out,
        [...gate].map((x, i) => Math.fround(literal.silu(x) * up[i]!)),
      );
    };
    for (const n of [...BATCHES, 1001]) it(`takes ${n} elements`, () => check(uniform(n, 6, 8), uniform(n, 7)));
    it('gives the exact bits for numbers of every exponent', () => check(wide(4000, 8), wide(4000, 9, 120)));
    it("gives the exact bits beyond both ends of the exponential's range", () =>
      check(uniform(4000, 10, 110), uniform(4000, 11)));
    it('has the canonical exponential over the whole range', () => {
      const x = new Float32Array(20000).map((_, i) => (i - 10000) / 95);
      return check(x, new Float32Array(x.length).fill(1));
    });
  });
});

describe('add', () => {
  onEveryBackend((kernels) => {
    for (const n of [...BATCHES, 1001]) {
      it(`adds ${n} elements, subnormals too`, async () => {
        const x = wide(n, 12, 200);
        const y = wide(n, 13, 3);
        const out = await compute(kernels(), (arena) => {
          const inOut = arena.inOut(x);
          kernels().add(inOut, arena.float32(y));
          return inOut;
        });
        assertSameBits(
          out,
          [...x].map((v, i) => Math.fround(v + y[i]!)),
        );
      });
    }
  });
});

describe('embed and gather', () => {
  onEveryBackend((kernels) => {
    for (const n of BATCHES) {
      it(`copy ${n} rows of a float32 table`, async () => {
        const [rows, cols] = [1329, 33];
        const values = wide(rows * cols, 14);
        const chosen = Int32Array.from([...indices(n - 1, 15, rows), rows - 1]);
        const { embedded, gathered } = await compute(kernels(), (arena) => {
          const table = arena.float32(values);
          const tokens = arena.int32(chosen);
          const embedded = arena.out(n * cols);
          const gathered = arena.out(n * cols);
          kernels().embed(embedded, { dtype: 'F32', rows, cols, values: table }, tokens);
          kernels().gather(gathered, table, tokens, cols);
          return { embedded, gathered };
        });
        const expected = [...chosen].flatMap((row) => [...values.subarray(row * cols, (row + 1) * cols)]);
        assertSameBits(embedded, expected);
        assertSameBits(gathered, expected);
      });
    }
    for (const groupSize of [1, 8, 64]) {
      it(`dequantize rows in groups of ${groupSize} by their maxima`, async () => {
        const [rows, cols] = [1001, 3 * groupSize];
        const next = seededRandom(26);
        const values = new Int8Array(rows * cols).map(() => Math.floor(next() * 255) - 127);
        const maxima = indices(rows * 3, 27, 0x7f80).map((maximum) => Math.max(maximum, 0x1000));
        const chosen = indices(7, 28, rows);
        const out = await compute(kernels(), (arena) => {
          const table = { rows, cols, groupSize, values: arena.int8(values), scales: arena.uint16(maxima) };
          const embedded = arena.out(7 * cols);
          kernels().embed(embedded, { dtype: 'Q8_0', ...table }, arena.int32(chosen));
          return embedded;
        });
        const scale = (group: number) => Math.fround(fromBits(maxima[group]! << 16) / 127);
        const weight = (at: number) => Math.fround(values[at]! * scale(Math.floor(at / groupSize)));
        assertSameBits(out, rowsOf(chosen, cols, weight));
      });
    }
    for (const groupSize of [1, 8, 12, 64, 128]) {
      it(`dequantize rows in groups of ${groupSize}`, async () => {
        const [rows, cols] = [1001, 2 * groupSize];
        const next = seededRandom(16);
        const values = new Int8Array(rows * cols).map(() => Math.floor(next() * 255) - 127);
        const scales = wide(rows * 2, 17, 240).map(Math.abs);
        const chosen = indices(7, 18, rows);
        const out = await compute(kernels(), (arena) => {
          const table = { rows, cols, groupSize, values: arena.int8(values), scales: arena.float32(scales) };
          const embedded = arena.out(7 * cols);
          kernels().embed(embedded, { dtype: 'Q8_0', ...table }, arena.int32(chosen));
          return embedded;
        });
        const weight = (at: number) => Math.fround(values[at]! * scales[Math.floor(at / groupSize)]!);
        assertSameBits(out, rowsOf(chosen, cols, weight));
      });
    }
  });
});

describe('softmax', () => {
  onEveryBackend((kernels) => {
    const check = async (logits: Float32Array, cols: number, temperature: number) => {
      const { out, inOut } = await compute(kernels(), (arena) => {
        const out = arena.out(logits.length);
        const inOut = arena.inOut(logits);
        kernels().softmax(out, arena.float32(logits), cols, temperature);
        kernels().softmax(inOut, inOut, cols, temperature);
        return { out, inOut };
      });
      const t = Math.fround(temperature);
      const expected = literal
        .chunk(logits, cols)
        .flatMap((row) => literal.softmax(row.map((logit) => Math.fround(logit / t))));
      assertSameBits(out, expected);
      assertSameBits(inOut, expected, 'in place');
    };
    for (const n of BATCHES) it(`takes ${n} rows`, () => check(uniform(n * 101, 19, 10), 101, 0.7));
    for (const cols of LENGTHS) it(`takes rows of ${cols}`, () => check(uniform(2 * cols, 20, 10), cols, 1));
    for (const t of [1e-3, 0.1, 3, 1e6])
      it(`divides by a temperature of ${t}`, () => check(uniform(999, 21, 9), 333, t));
    it('gives subnormal and zero probabilities', () => check(uniform(2000, 22, 70), 1000, 1));
    it('gives the exact bits for logits of every exponent', () => check(wide(600, 23, 250), 60, 1));
    it('gives probabilities that add up to 1', async () => {
      const out = await compute(kernels(), (arena) => {
        const out = arena.out(1329);
        kernels().softmax(out, arena.float32(uniform(1329, 24, 12)), 1329, 0.8);
        return out;
      });
      const sum = out.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 1) < 1e-5, `the sum is ${sum}`);
    });
  });
});

/** Rows of a table by what is at each place of it. */
function rowsOf(chosen: Int32Array, cols: number, valueAt: (at: number) => number): number[] {
  return [...chosen].flatMap((row) => Array.from({ length: cols }, (_, i) => valueAt(row * cols + i)));
}

async function checkRmsNorm(kernels: Kernels, x: Float32Array, dim: number, epsilon: number): Promise<void> {
  const weight = uniform(dim, 25, 2);
  const out = await compute(kernels, (arena) => {
    const out = arena.out(x.length);
    kernels.rmsNorm(out, arena.float32(x), arena.float32(weight), epsilon);
    return out;
  });
  assertSameBits(out, expectedRmsNorm(x, weight, epsilon));
}

function expectedRmsNorm(x: Float32Array, weight: Float32Array, epsilon: number): number[] {
  return literal.chunk(x, weight.length).flatMap((row) => literal.rmsNorm(row, [...weight], epsilon));
}

describe('the measured speed of reading memory', () => {
  for (const { backend, rejection } of probes) {
    if (rejection !== null) continue;
    it(`is above 0 on ${backend}, and its measurement ends with the reason of a signal`, async () => {
      assert((await readSpeed({ backend, threads: 1, byteLength: 2 ** 20 })) > 0);
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      await assert.rejects(readSpeed({ backend, threads: 1, byteLength: 2 ** 20, signal }), reason);
    });
  }
});
