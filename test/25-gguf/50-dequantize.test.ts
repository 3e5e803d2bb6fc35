// Dequantizing: the bits that llama.cpp's formulas give, as the Python package gguf has them.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { dequantize, ggmlTypes, QUANTIZED_TYPES_READ, quantizeQ8_0 } from '@llama-ts/gguf';
import { sha256 } from '../helpers/digests.js';
import { failureOf } from './support.js';

interface Blocks {
  readonly blocks: string;
  readonly 'sha256 of float32': string;
}

const fixture = new URL('../fixtures/gguf/blocks.json', import.meta.url);
const { types } = JSON.parse(readFileSync(fixture, 'utf8')) as { types: Record<string, Blocks> };

describe('dequantizing', () => {
  it('has blocks of every type to compare', () => {
    assert.deepEqual(Object.keys(types).sort(), [...QUANTIZED_TYPES_READ].sort());
  });

  for (const type of QUANTIZED_TYPES_READ) {
    it(`gives the float32 values of the Python package gguf for ${type}, bit for bit`, () => {
      const bytes = new Uint8Array(Buffer.from(types[type]!.blocks, 'base64'));
      const values = dequantize(type, bytes);
      assert.equal(values.length, (bytes.byteLength / ggmlTypes[type].blockBytes) * ggmlTypes[type].blockValues);
      assert.equal(sha256(Buffer.from(values.buffer)), types[type]!['sha256 of float32']);
    });
  }

  it('fills values that it is given, wherever they begin', () => {
    const blocks = quantizeQ8_0(Float32Array.from({ length: 64 }, (_, i) => i - 32));
    const into = new Float32Array(96).subarray(16, 80);
    const unaligned = new Uint8Array(blocks.byteLength + 1);
    unaligned.set(blocks, 1);
    assert.deepEqual(dequantize('Q8_0', unaligned.subarray(1), into), dequantize('Q8_0', blocks));
  });

  for (const [title, bytes, values] of [
    ['half a block', 17, 32],
    ['more values than the blocks have', 34, 64],
    ['fewer values than the blocks have', 68, 32],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const error = await failureOf(async () => dequantize('Q8_0', new Uint8Array(bytes), new Float32Array(values)));
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.match(error.message, /expected whole blocks of 34 bytes and 32 values/);
    });
  }
});
