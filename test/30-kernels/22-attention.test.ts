// RoPE, the key/value cache and attention, over batches of several sequences.

import { strict as assert } from 'node:assert';
import { type Kernels, type KeyValueCache, ropeTable, type Segment } from '@llama-ts/kernels';
import { type Arena, compute } from './support/arena.js';
import { assertSameBits, fromBits } from './support/assert-bits.js';
import { onEveryBackend } from './support/backends.js';
import * as literal from './support/literal.js';
import { indices, uniform, wide } from './support/random.js';
import { remember } from './support/remember.js';

interface Shape {
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
}

/** Rows a sequence adds in one batch, after `position` earlier ones. */
interface Part {
  readonly position: number;
  readonly nRows: number;
}

const N_LAYERS = 2;
const SPARE_POSITIONS = 3;

describe('rope', () => {
  onEveryBackend((kernels) => {
    for (const n of [1, 2, 3, 7, 12, 13, 33]) {
      for (const [nHeads, headDim] of [
        [1, 2],
        [3, 6],
        [4, 64],
      ] as const) {
        it(`rotates ${n} rows of ${nHeads} heads of ${headDim}`, async () => {
          const table = ropeTable({ headDim, seqLen: 50, theta: 10000, scaling: null, allocate: kernels().allocate });
          const x = n === 7 ? wide(n * nHeads * headDim, 1, 250) : uniform(n * nHeads * headDim, 1);
          const positions = indices(n, 2, 50);
          const out = await compute(kernels(), (arena) => {
            const inOut = arena.inOut(x);
            kernels().rope(inOut, table, arena.int32(positions), headDim);
            return inOut;
          });
          const angles = (of: Float32Array) => literal.chunk(of, headDim / 2);
          const [cos, sin] = [angles(table.cos), angles(table.sin)];
          const expected = literal.chunk(x, headDim).flatMap((head, i) => {
            const position = positions[Math.floor(i / nHeads)]!;
            return literal.rope(head, cos[position]!, sin[position]!);
          });
          assertSameBits(out, expected);
        });
      }
    }
  });
});

describe('store and attention', () => {
  onEveryBackend((kernels) => {
    for (const precision of ['float32', 'half'] as const) {
      const check = (shape: Shape, parts: readonly Part[], numbers = uniform) =>
        checkAttention(kernels(), precision, shape, parts, numbers);
      describe(`with a ${precision} cache`, () => {
        for (const n of [1, 2, 3, 7, 12, 13, 33]) {
          it(`give the exact bits for ${n} new positions`, () =>
            check({ nHeads: 4, nKvHeads: 2, headDim: 16 }, [{ position: 0, nRows: n }]));
        }
        for (const headDim of [1, 2, 6, 8, 15, 17, 32, 64, 80, 128]) {
          it(`give the exact bits for heads of ${headDim}`, () =>
            check({ nHeads: 3, nKvHeads: 3, headDim }, [{ position: 4, nRows: 3 }]));
        }
        for (const headDim of [64, 128]) {
          for (const nHeads of [1, 2, 3, 4, 7]) {
            it(`give the exact bits for ${nHeads} queries of ${headDim} over more positions than are prefetched`, () =>
              check({ nHeads, nKvHeads: 1, headDim }, [{ position: 37, nRows: 1 }]));
          }
        }
        for (const nKvHeads of [1, 2, 3, 6]) {
          it(`give the exact bits where 6 heads share ${nKvHeads} key/value heads`, () =>
            check({ nHeads: 6, nKvHeads, headDim: 8 }, [{ position: 2, nRows: 2 }]));
        }
        it('give each sequence of a batch the exact bits of its own positions', () =>
          check({ nHeads: 4, nKvHeads: 2, headDim: 12 }, [
            { position: 20, nRows: 1 },
            { position: 0, nRows: 5 },
            { position: 100, nRows: 2 },
            { position: 3, nRows: 1 },
          ]));
        it('give the exact bits for keys of every exponent', () =>
          check({ nHeads: 2, nKvHeads: 1, headDim: 20 }, [{ position: 9, nRows: 4 }], keySizes));
      });
    }
    it('give the value vector itself at the first position', async () => {
      const shape = { nHeads: 1, nKvHeads: 1, headDim: 16 };
      const value = uniform(16, 3);
      const out = await compute(kernels(), (arena) => {
        const segments = [{ cache: newCache(arena, 'float32', shape, 4), row: 0, nRows: 1, position: 0 }];
        const out = arena.out(16);
        kernels().store(1, arena.float32(uniform(16, 4)), arena.float32(value), segments);
        kernels().attention(out, arena.float32(uniform(16, 5)), 1, segments);
        return out;
      });
      assertSameBits(out, value);
    });
  });
});

describe('a half-precision KV cache', () => {
  onEveryBackend((kernels) => {
    it('rounds to the nearest float16, ties to even, and clamps', async () => {
      const values = halfProbes();
      const keys = await storeAsHalves(kernels(), values);
      values.forEach((x, i) => {
        assert.equal(keys[i], literal.nearestHalf(x), `${x} became ${keys[i]!.toString(16)}`);
      });
    });
    it('clamps infinities and keeps NaN', async () => {
      const keys = await storeAsHalves(kernels(), Float32Array.of(Infinity, -Infinity, Number.NaN));
      assert.deepEqual([keys[0], keys[1]], [0x7bff, 0xfbff]);
      assert.ok((keys[2]! & 0x7c00) === 0x7c00 && (keys[2]! & 0x3ff) !== 0);
    });
  });
});

/** Every finite half, and the float32 numbers at, just below and just above the middle to the next. */
function halfProbes(): Float32Array {
  const probes: number[] = [];
  for (let bits = 0; bits < 0x7bff; bits++) {
    const middle = (literal.halfValue(bits) + literal.halfValue(bits + 1)) / 2;
    const sign = bits % 2 === 0 ? 1 : -1;
    probes.push(
      sign * literal.halfValue(bits),
      -sign * middle,
      sign * middle * (1 - 2 ** -23),
      sign * middle * (1 + 2 ** -23),
    );
  }
  return Float32Array.from([...probes, 65504, 65519.996, 65520, 1e30, -1e30, fromBits(1), -0, 2 ** -25, -(2 ** -26)]);
}

async function storeAsHalves(kernels: Kernels, values: Float32Array): Promise<Uint16Array> {
  return compute(kernels, (arena) => {
    const shape = { nHeads: 1, nKvHeads: 1, headDim: values.length };
    const cache = newCache(arena, 'half', shape, 1);
    const x = arena.float32(values);
    kernels.store(0, x, x, [{ cache, row: 0, nRows: 1, position: 0 }]);
    return cache.keys as Uint16Array;
  });
}

/** Scores stay finite. */
function keySizes(length: number, seed: number): Float32Array {
  return wide(length, seed, 185);
}

async function checkAttention(
  kernels: Kernels,
  precision: 'float32' | 'half',
  shape: Shape,
  parts: readonly Part[],
  numbers: (length: number, seed: number) => Float32Array,
): Promise<void> {
  const { nHeads, nKvHeads, headDim } = shape;
  const layer = 1;
  const { out, expected } = await compute(kernels, (arena) => {
    let row = 0;
    const segments: Segment[] = [];
    const expected: number[] = [];
    const q: number[] = [];
    const keys: number[] = [];
    const values: number[] = [];
    parts.forEach(({ position, nRows }, i) => {
      const length = position + nRows;
      const cache = newCache(arena, precision, shape, length + SPARE_POSITIONS);
      const allKeys = numbers(length * nKvHeads * headDim, 6 + 3 * i);
      const allValues = numbers(length * nKvHeads * headDim, 7 + 3 * i);
      const newQ = numbers(nRows * nHeads * headDim, 8 + 3 * i);
      const earlier = position * nKvHeads * headDim;
      if (position > 0) {
        const past = { cache, row: 0, nRows: position, position: 0 };
        kernels.store(
          layer,
          arena.float32(allKeys.subarray(0, earlier)),
          arena.float32(allValues.subarray(0, earlier)),
          [past],
        );
      }
      segments.push({ cache, row, nRows, position });
      row += nRows;
      q.push(...newQ);
      keys.push(...allKeys.subarray(earlier));
      values.push(...allValues.subarray(earlier));
      const key = [precision, nHeads, nKvHeads, headDim, numbers.name, i, position, nRows];
      const make = () => expectedAttention(precision, shape, allKeys, allValues, newQ, position);
      expected.push(...remember(key, make));
    });
    const out = arena.out(q.length);
    kernels.store(layer, arena.float32(keys), arena.float32(values), segments);
    kernels.attention(out, arena.float32(q), layer, segments);
    return { out, expected };
  });
  assertSameBits(out, expected);
}

function expectedAttention(
  precision: 'float32' | 'half',
  { nHeads, nKvHeads, headDim }: Shape,
  keys: Float32Array,
  values: Float32Array,
  q: Float32Array,
  position: number,
): number[] {
  const kept = (x: number) => (precision === 'half' ? literal.halfValue(literal.nearestHalf(x)) : x);
  const vectors = (of: Float32Array, kvHead: number, nPositions: number) =>
    literal
      .chunk(of, headDim)
      .filter((_, i) => i % nKvHeads === kvHead)
      .slice(0, nPositions)
      .map((vector) => vector.map(kept));
  return literal.chunk(q, headDim).flatMap((head, i) => {
    const kvHead = Math.floor((i % nHeads) / (nHeads / nKvHeads));
    const nPositions = position + Math.floor(i / nHeads) + 1;
    return literal.attention(head, vectors(keys, kvHead, nPositions), vectors(values, kvHead, nPositions));
  });
}

function newCache(arena: Arena, precision: 'float32' | 'half', shape: Shape, seqLen: number): KeyValueCache {
  const { nKvHeads, headDim } = shape;
  const length = N_LAYERS * nKvHeads * seqLen * headDim;
  const allocate = () => (precision === 'half' ? arena.outUint16(length) : arena.out(length));
  return { nLayers: N_LAYERS, nKvHeads, seqLen, headDim, keys: allocate(), values: allocate() };
}
