// The rotary table against the engine's own sine and cosine, exact integers, and transformers' scaling.

import { strict as assert } from 'node:assert';
import { growingRopeTable, type Llama3Scaling, openKernels, ropeFrequencies, ropeTable } from '@llama-ts/kernels';
import { assertFails } from './support/failure.js';
import { seededRandom } from './support/random.js';

const { allocate } = await openKernels({ backend: 'reference' });
const llama32: Llama3Scaling = {
  factor: 32,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositionEmbeddings: 8192,
};

describe('ropeFrequencies', () => {
  for (const [headDim, theta] of [
    [64, 500000],
    [128, 500000],
    [128, 10000],
    [80, 1000000],
    [6, 10000],
    [256, 3],
    [2, 1],
  ] as const) {
    it(`are the float64 nearest to the powers of ${theta} for heads of ${headDim}`, () => {
      const nPairs = headDim / 2;
      ropeFrequencies({ headDim, theta, scaling: null }).forEach((frequency, i) => {
        // (w (1 + e))^nPairs * theta^i = (1 + e)^nPairs, about 1 + nPairs * e, in exact integers; |e| is at most 2^-53.
        const error = powerError(frequency, nPairs, theta, i) / nPairs;
        assert.ok(Math.abs(error) < 2 ** -53 * 1.001, `pair ${i} is off by ${error}`);
      });
    });
  }
});

describe('ropeTable', () => {
  it('holds the float32 nearest to sine and cosine up to position 131071', () => {
    const { cos, sin } = ropeTable({ headDim: 2, seqLen: 131072, theta: 500000, scaling: null, allocate });
    for (let position = 0; position < 131072; position++) {
      assert.equal(cos[position], Math.fround(Math.cos(position)));
      assert.equal(sin[position], Math.fround(Math.sin(position)));
    }
  });

  it('uses the frequency of each pair of dimensions', () => {
    for (const [headDim, theta] of [
      [64, 500000],
      [128, 10000],
      [80, 1e6],
      [6, 10000],
    ] as const) {
      const { cos, sin } = ropeTable({ headDim, seqLen: 500, theta, scaling: null, allocate });
      const next = seededRandom(headDim);
      for (let sample = 0; sample < 3000; sample++) {
        const i = Math.floor(next() * (headDim / 2));
        const position = Math.floor(next() * 500);
        const angle = position * theta ** ((-2 * i) / headDim);
        // Two float64 roundings of a power may part, so one float32 step is allowed here; the golden logits allow none.
        assert.ok(Math.abs(cos[(position * headDim) / 2 + i]! - Math.cos(angle)) < 2 ** -24);
        assert.ok(Math.abs(sin[(position * headDim) / 2 + i]! - Math.sin(angle)) < 2 ** -24);
      }
    }
  });

  it('starts at the angle 0', () => {
    const { cos, sin } = ropeTable({ headDim: 64, seqLen: 1, theta: 500000, scaling: llama32, allocate });
    assert.deepEqual([...cos, ...sin], [...Array(32).fill(1), ...Array(32).fill(0)]);
  });

  it('has frequencies that are exact to the last bit of a float32 after llama3 scaling', () => {
    // At position 1 and a small frequency w, sin(w) is w within w³/6: the table shows the frequency itself.
    const { sin } = ropeTable({ headDim: 64, seqLen: 2, theta: 500000, scaling: llama32, allocate });
    for (let i = 0; i < 32; i++) {
      assert.equal(sin[32 + i], Math.fround(Math.sin(scaledFrequency(500000 ** (-i / 32), llama32))), `pair ${i}`);
    }
  });

  it('leaves high frequencies unchanged, divides low ones, and interpolates between them', () => {
    const plain = ropeTable({ headDim: 64, seqLen: 2, theta: 500000, scaling: null, allocate }).sin.subarray(32);
    const scaled = ropeTable({ headDim: 64, seqLen: 2, theta: 500000, scaling: llama32, allocate }).sin.subarray(32);
    assert.equal(scaled[0], plain[0]);
    assert.ok(Math.abs(scaled[31]! * 32 - plain[31]!) < 1e-12);
    const blended = [...plain].filter((w, i) => scaled[i]! < w * 0.99 && scaled[i]! > (w / 32) * 1.01);
    assert.ok(blended.length > 0);
  });

  it('refuses settings that it cannot compute exactly', async () => {
    const good = { headDim: 64, seqLen: 10, theta: 500000, scaling: llama32, allocate };
    const bad = [
      { headDim: 63 },
      { headDim: 0 },
      { seqLen: 0 },
      { seqLen: 1.5 },
      { headDim: 2, seqLen: 2 ** 20 + 2 },
      { theta: 0.5 },
      { theta: Number.NaN },
      { theta: Infinity },
      { scaling: { ...llama32, factor: 0 } },
      { scaling: { ...llama32, factor: Number.NaN } },
      { scaling: { ...llama32, highFreqFactor: 1 } },
      { scaling: { ...llama32, originalMaxPositionEmbeddings: -1 } },
    ];
    for (const change of bad) await assertFails('INVALID_ARGUMENT', () => ropeTable({ ...good, ...change }));
  });
});

/** frequency^exponent * theta^i - 1, computed exactly and rounded once. */
function powerError(frequency: number, exponent: number, theta: number, i: number): number {
  // A frequency of 2^-60 or more is a whole number of 2^-113.
  const scaleBits = 113n;
  const whole = BigInt(frequency * 2 ** 113);
  const power = whole ** BigInt(exponent) * BigInt(theta) ** BigInt(i);
  const one = 1n << (scaleBits * BigInt(exponent));
  return Number(((power - one) << 200n) / one) / 2 ** 200;
}

/** The formula of transformers, for one frequency. */
function scaledFrequency(frequency: number, scaling: Llama3Scaling): number {
  const wavelength = (2 * Math.PI) / frequency;
  const original = scaling.originalMaxPositionEmbeddings;
  const longest = original / scaling.lowFreqFactor;
  const shortest = original / scaling.highFreqFactor;
  const smooth = (original / wavelength - scaling.lowFreqFactor) / (scaling.highFreqFactor - scaling.lowFreqFactor);
  const low = wavelength > longest ? frequency / scaling.factor : frequency;
  const isMedium = !(wavelength < shortest) && !(wavelength > longest);
  return isMedium ? ((1 - smooth) * low) / scaling.factor + smooth * low : low;
}

describe('growingRopeTable', () => {
  const options = { headDim: 6, seqLen: 1000, theta: 10000, scaling: null, allocate };
  const rows = (table: { cos: Float32Array; sin: Float32Array }, begin: number, end: number) =>
    [table.cos, table.sin].map((values) => values.slice(3 * begin, 3 * end));

  it('equals the whole table in the positions that were filled, in any order', () => {
    const whole = ropeTable(options);
    for (const ranges of [
      [[0, 1000]],
      [
        [999, 1000],
        [0, 1],
        [255, 257],
        [400, 900],
      ],
      [[700, 700]],
    ] as const) {
      const table = growingRopeTable(options);
      for (const [begin, end] of ranges) table.fill(begin, end);
      for (const [begin, end] of ranges) assert.deepEqual(rows(table, begin, end), rows(whole, begin, end));
    }
  });

  it('computes no positions far from those that were asked for', () => {
    const table = growingRopeTable(options);
    table.fill(600, 700);
    assert.ok(rows(table, 0, 500).every((values) => values.every((value) => value === 0)));
  });
});
