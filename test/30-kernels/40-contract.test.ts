// What calls refuse, and what run() reports: the same on every backend.

import { strict as assert } from 'node:assert';
import { type Kernels, type Matrix, panelsByteLength, type Segment } from '@llama-ts/kernels';
import { onEveryBackend } from './support/backends.js';
import { assertFails } from './support/failure.js';
import { uniform } from './support/random.js';

/** Calls that must throw at once, by what is wrong with them. */
const refusals: Readonly<Record<string, (kernels: Kernels) => void>> = {
  'embed: a token past the table': (k) => k.embed(floats(k, 8), float32Matrix(k, 3, 8), ints(k, [3])),
  'embed: a negative token': (k) => k.embed(floats(k, 8), float32Matrix(k, 3, 8), ints(k, [-1])),
  'embed: no tokens': (k) => k.embed(floats(k, 0), float32Matrix(k, 3, 8), ints(k, [])),
  'embed: a short output': (k) => k.embed(floats(k, 7), float32Matrix(k, 3, 8), ints(k, [0])),
  'embed: a table without all its values': (k) =>
    k.embed(floats(k, 8), { ...float32Matrix(k, 3, 8), rows: 4 }, ints(k, [0])),
  'rmsNorm: half a row': (k) => k.rmsNorm(floats(k, 12), floats(k, 12), floats(k, 8), 1e-5),
  'rmsNorm: an output of another length': (k) => k.rmsNorm(floats(k, 16), floats(k, 8), floats(k, 8), 1e-5),
  'rmsNorm: a NaN epsilon': (k) => k.rmsNorm(floats(k, 8), floats(k, 8), floats(k, 8), Number.NaN),
  'linear: no weights': (k) => k.linear([], [], floats(k, 8)),
  'linear: no output for a matrix': (k) => k.linear([], [float32Matrix(k, 3, 8)], floats(k, 8)),
  'linear: half a row': (k) => k.linear([floats(k, 3)], [float32Matrix(k, 3, 8)], floats(k, 12)),
  'linear: a long output': (k) => k.linear([floats(k, 4)], [float32Matrix(k, 3, 8)], floats(k, 8)),
  'linear: matrices of two widths': (k) =>
    k.linear([floats(k, 3), floats(k, 3)], [float32Matrix(k, 3, 8), float32Matrix(k, 3, 4)], floats(k, 8)),
  'linear: matrices of two types': (k) =>
    k.linear([floats(k, 3), floats(k, 3)], [float32Matrix(k, 3, 8), q8Matrix(k, 3, 8, 4)], floats(k, 8)),
  'linear: matrices of two group sizes': (k) =>
    k.linear([floats(k, 3), floats(k, 3)], [q8Matrix(k, 3, 8, 8), q8Matrix(k, 3, 8, 4)], floats(k, 8)),
  'linear: groups that do not divide a row': (k) => k.linear([floats(k, 3)], [q8Matrix(k, 3, 8, 3)], floats(k, 8)),
  'linear: groups of more than 1024': (k) => k.linear([floats(k, 1)], [q8Matrix(k, 1, 2048, 2048)], floats(k, 2048)),
  'linear: a missing scale': (k) =>
    k.linear([floats(k, 3)], [{ ...q8Matrix(k, 3, 8, 4), scales: floats(k, 5) } as Matrix], floats(k, 8)),
  'linear: a missing maximum': (k) =>
    k.linear([floats(k, 3)], [{ ...q8Matrix(k, 3, 8, 4), scales: k.allocate.uint16(5) } as Matrix], floats(k, 8)),
  'linear: panels whose columns are no whole groups': (k) =>
    k.linear([floats(k, 3)], [{ ...q8Panels(k, 3, 32), cols: 48 }], floats(k, 48)),
  'linear: a missing panel': (k) => k.linear([floats(k, 17)], [{ ...q8Panels(k, 16, 32), rows: 17 }], floats(k, 32)),
  'linear: panels beside rows': (k) =>
    k.linear([floats(k, 3), floats(k, 3)], [q8Panels(k, 3, 32), q8Matrix(k, 3, 32, 32)], floats(k, 32)),
  'linear: a codebook of 15': (k) =>
    k.linear([floats(k, 3)], [{ ...q4Panels(k, 3, 32), codebook: new Int8Array(15) }], floats(k, 32)),
  'linear: a codebook with -128': (k) =>
    k.linear([floats(k, 3)], [{ ...q4Panels(k, 3, 32), codebook: new Int8Array(16).fill(-128) }], floats(k, 32)),
  'groupMaxima: too few of them': (k) => k.groupMaxima(k.allocate.uint16(3), ints(k, [0]), floats(k, 4)),
  'groupMaxima: two answers': (k) => k.groupMaxima(k.allocate.uint16(4), ints(k, [0, 0]), floats(k, 4)),
  'rope: a position past the table': (k) => k.rope(floats(k, 8), ropeTableOf(k, 4, 3), ints(k, [3]), 4),
  'rope: an odd head': (k) => k.rope(floats(k, 9), ropeTableOf(k, 4, 3), ints(k, [0]), 3),
  'rope: half a head': (k) => k.rope(floats(k, 6), ropeTableOf(k, 4, 3), ints(k, [0]), 4),
  'store: a layer past the last': (k) => k.store(2, floats(k, 8), floats(k, 8), [segment(k)]),
  'store: a position past the end': (k) => k.store(0, floats(k, 8), floats(k, 8), [segment(k, { position: 5 })]),
  'store: a short value': (k) => k.store(0, floats(k, 8), floats(k, 4), [segment(k)]),
  'store: no segments': (k) => k.store(0, floats(k, 8), floats(k, 8), []),
  'attention: rows that no segment has': (k) => k.attention(floats(k, 8), floats(k, 8), 0, [segment(k, { row: 1 })]),
  'attention: rows of two segments': (k) =>
    k.attention(floats(k, 16), floats(k, 16), 0, [segment(k), segment(k, { row: 0 })]),
  'attention: a segment without rows': (k) => k.attention(floats(k, 8), floats(k, 8), 0, [segment(k, { nRows: 0 })]),
  'attention: half a head': (k) => k.attention(floats(k, 6), floats(k, 6), 0, [segment(k)]),
  'attention: a fractional position': (k) =>
    k.attention(floats(k, 8), floats(k, 8), 0, [segment(k, { position: 0.5 })]),
  'swiGlu: two lengths': (k) => k.swiGlu(floats(k, 8), floats(k, 7)),
  'add: two lengths': (k) => k.add(floats(k, 8), floats(k, 9)),
  'gather: a row past the last': (k) => k.gather(floats(k, 4), floats(k, 8), ints(k, [2]), 4),
  'gather: a short output': (k) => k.gather(floats(k, 4), floats(k, 8), ints(k, [0, 1]), 4),
  'softmax: half a row': (k) => k.softmax(floats(k, 12), floats(k, 12), 8, 1),
  'softmax: a temperature of 0': (k) => k.softmax(floats(k, 8), floats(k, 8), 8, 0),
  'softmax: a temperature that rounds to 0': (k) => k.softmax(floats(k, 8), floats(k, 8), 8, 1e-46),
  'softmax: a NaN temperature': (k) => k.softmax(floats(k, 8), floats(k, 8), 8, Number.NaN),
  'widen: half an element': (k) => k.widen(floats(k, 2), k.allocate.uint8(3), 'F16'),
  'quantize: half a group': (k) => k.quantize(k.allocate.int8(12), floats(k, 1), floats(k, 12), 8),
  'quantize: a group size of 0': (k) => k.quantize(k.allocate.int8(8), floats(k, 1), floats(k, 8), 0),
  'quantize: too few scales': (k) => k.quantize(k.allocate.int8(16), floats(k, 1), floats(k, 16), 8),
  'dequantize: a short output': (k) => k.dequantize(floats(k, 8), k.allocate.int8(16), floats(k, 2), 8),
};

describe("the kernels' calls", () => {
  onEveryBackend((kernels) => {
    for (const [title, call] of Object.entries(refusals)) {
      it(`refuse ${title}`, () => assertFails('INVALID_ARGUMENT', () => call(kernels())));
    }
    it('allocate arrays of zeros', () => {
      const { float32, int8, int32, uint16, uint8, filled } = kernels().allocate;
      for (const allocate of [float32, int8, int32, uint16, uint8, filled]) {
        const array = allocate(1001);
        assert.equal(array.length, 1001);
        assert.ok(array.every((x) => x === 0));
      }
    });
  });
});

describe('run', () => {
  onEveryBackend((kernels) => {
    it('gives zeros as large memory to be filled, and computes on what is written there', async () => {
      const k = kernels();
      const { buffer, byteOffset, byteLength } = k.allocate.filled(3_000_000);
      const words = new Int32Array(buffer, byteOffset, byteLength / 4);
      assert.ok(words.every((word) => word === 0));
      words.forEach((_, i) => {
        words[i] = i;
      });
      const folded = k.allocate.int32(1);
      k.xorAll(folded, words);
      await k.run();
      assert.equal(
        folded[0],
        words.reduce((all, word) => all ^ word),
      );
    });
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      for (const matrix of [float32Matrix, q8Matrix]) {
        it(`reports ${bad} in the input of a ${matrix === q8Matrix ? 'quantized' : 'float32'} matrix`, async () => {
          const k = kernels();
          const x = floats(k, 3 * 64);
          x[100] = bad;
          k.linear([floats(k, 3 * 5)], [matrix(k, 5, 64, 32)], x);
          await assertFails('NON_FINITE', () => k.run());
        });
      }
    }
    it('reports a non-finite scale of a weight', async () => {
      const k = kernels();
      const weight = q8Matrix(k, 5, 64, 32);
      weight.scales[9] = Number.NaN;
      k.linear([floats(k, 5)], [weight], floats(k, 64));
      await assertFails('NON_FINITE', () => k.run());
    });
    for (const panelsOf of [q8Panels, q4Panels]) {
      for (const [name, bits] of [
        ['an infinite', 0xfc00],
        ['a NaN', 0x7e01],
      ] as const) {
        it(`reports ${name} scale in ${panelsOf === q8Panels ? 'Q8' : 'Q4'} panels`, async () => {
          const k = kernels();
          for (const n of [1, 3, 13]) {
            const weight = panelsOf(k, 17, 64);
            // Row 16 is the first of the second panel.
            new DataView(weight.panels.buffer, weight.panels.byteOffset).setUint16(
              weight.panels.length / 2,
              bits,
              true,
            );
            k.linear([floats(k, 17 * n)], [weight], floats(k, 64 * n));
            await assertFails('NON_FINITE', () => k.run());
          }
        });
      }
    }
    it('reports an infinity that is multiplied by zeros alone', async () => {
      const k = kernels();
      const x = floats(k, 64);
      x[3] = Infinity;
      const weight = q8Matrix(k, 5, 64, 32);
      weight.values.fill(0);
      weight.scales.fill(0);
      k.linear([floats(k, 5)], [weight], x);
      await assertFails('NON_FINITE', () => k.run());
    });
    it('reports a float32 sum that overflows', async () => {
      const k = kernels();
      const x = floats(k, 32);
      x.fill(3e38);
      const weight = float32Matrix(k, 2, 32);
      weight.values.fill(1);
      k.linear([floats(k, 2)], [weight], x);
      await assertFails('NON_FINITE', () => k.run());
    });
    it('reports NaN that attention passes on', async () => {
      const k = kernels();
      for (const half of [false, true]) {
        const part = segment(k, {}, half);
        const q = floats(k, 8);
        const key = floats(k, 8);
        key[2] = Number.NaN;
        k.store(0, key, floats(k, 8), [part]);
        k.attention(q, q, 0, [part]);
        k.linear([floats(k, 4)], [float32Matrix(k, 4, 8)], q);
        await assertFails('NON_FINITE', () => k.run());
      }
    });
    for (const bad of [Number.NaN, Infinity]) {
      it(`reports ${bad} among the logits of a softmax`, async () => {
        const k = kernels();
        const logits = floats(k, 30);
        logits[17] = bad;
        k.softmax(floats(k, 30), logits, 10, 1);
        await assertFails('NON_FINITE', () => k.run());
      });
    }
    it('reports logits that a tiny temperature makes infinite', async () => {
      const k = kernels();
      k.softmax(floats(k, 10), k.allocate.float32(10).fill(10), 10, 1e-38);
      await assertFails('NON_FINITE', () => k.run());
    });
    it('reports a failure once, and then runs again', async () => {
      const k = kernels();
      const x = floats(k, 8).fill(Number.NaN);
      k.linear([floats(k, 5)], [float32Matrix(k, 5, 8)], x);
      await assertFails('NON_FINITE', () => k.run());
      k.linear([floats(k, 5)], [float32Matrix(k, 5, 8)], floats(k, 8));
      await k.run();
    });
    it('checks a file of weights and a residual only when a matrix is multiplied with them', async () => {
      const k = kernels();
      const x = floats(k, 8).fill(Infinity);
      k.add(x, floats(k, 8));
      k.rmsNorm(floats(k, 8), x, floats(k, 8), 1e-5);
      await k.run();
    });
    it('rejects with the reason of a signal that is aborted', async () => {
      const reason = new Error('enough');
      kernels().add(floats(kernels(), 8), floats(kernels(), 8));
      await assert.rejects(kernels().run(AbortSignal.abort(reason)), (error) => error === reason);
    });
    it('works again after an abort, without the calls that were dropped', async () => {
      const k = kernels();
      k.linear([floats(k, 5)], [float32Matrix(k, 5, 8)], floats(k, 8).fill(Number.NaN));
      await assert.rejects(k.run(AbortSignal.abort()));
      const x = floats(k, 8).fill(1);
      k.add(x, floats(k, 8).fill(2));
      await k.run();
      assert.deepEqual([...x], Array(8).fill(3));
    });
    it('computes nothing when nothing was queued', () => kernels().run());
    it('lets other tasks of the event loop run', async () => {
      let turned = false;
      setImmediate(() => {
        turned = true;
      });
      await kernels().run();
      assert.ok(turned);
    });
  });
});

function floats(kernels: Kernels, length: number): Float32Array {
  return kernels.allocate.float32(length);
}

function ints(kernels: Kernels, list: readonly number[]): Int32Array {
  const array = kernels.allocate.int32(list.length);
  array.set(list);
  return array;
}

function float32Matrix(kernels: Kernels, rows: number, cols: number) {
  const values = floats(kernels, rows * cols);
  values.set(uniform(rows * cols, 1));
  return { dtype: 'F32', rows, cols, values } as const;
}

function q8Matrix(kernels: Kernels, rows: number, cols: number, groupSize: number) {
  const values = kernels.allocate.int8(rows * cols).fill(3);
  const scales = floats(kernels, Math.ceil((rows * cols) / groupSize)).fill(0.5);
  return { dtype: 'Q8_0', rows, cols, groupSize, values, scales } as const;
}

function ropeTableOf(kernels: Kernels, headDim: number, seqLen: number) {
  return { cos: floats(kernels, (seqLen * headDim) / 2), sin: floats(kernels, (seqLen * headDim) / 2) };
}

/** One row of two heads of four, first of five positions, in a cache of two layers. */
function segment(kernels: Kernels, change: Partial<Segment> = {}, half = false): Segment {
  const [nLayers, nKvHeads, seqLen, headDim] = [2, 2, 5, 4];
  const allocate = half ? kernels.allocate.uint16 : kernels.allocate.float32;
  const length = nLayers * nKvHeads * seqLen * headDim;
  const cache = { nLayers, nKvHeads, seqLen, headDim, keys: allocate(length), values: allocate(length) };
  return { cache, row: 0, nRows: 1, position: 0, ...change };
}

function q8Panels(kernels: Kernels, rows: number, cols: number) {
  const panels = kernels.allocate.uint8(panelsByteLength('Q8', rows, cols));
  return { dtype: 'Q8', rows, cols, panels } as const;
}

function q4Panels(kernels: Kernels, rows: number, cols: number) {
  const panels = kernels.allocate.uint8(panelsByteLength('Q4', rows, cols));
  return { dtype: 'Q4', rows, cols, panels, codebook: new Int8Array(16) } as const;
}
