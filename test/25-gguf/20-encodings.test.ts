// F32, F16, BF16 and Q8_0 data against exhaustive inverses and a literal transcription of llama.cpp's rule.

import { strict as assert } from 'node:assert';
import { bfloat16Bits, encodeBf16, encodeF16, encodeF32, float16Bits, quantizeQ8_0 } from '@llama-ts/gguf';
import fc from 'fast-check';
import { failureOf } from './support.js';

/** The value of a float16, from its definition. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function fromBfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}

/** The float32 next to a positive one, `steps` representable values away. */
function neighbour(value: number, steps: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]! += steps;
  return new Float32Array(bits.buffer)[0]!;
}

describe('the encoders of GGUF data', () => {
  it('give back every float16 and every bfloat16 that is not NaN', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      if (!Number.isNaN(fromFloat16(bits))) assert.equal(float16Bits(fromFloat16(bits)), bits);
      if (!Number.isNaN(fromBfloat16(bits))) assert.equal(bfloat16Bits(fromBfloat16(bits)), bits);
    }
  });

  it('round the middle of any two adjacent float16 to even, and its neighbours to the nearest', () => {
    for (let low = 0; low < 0x7c00; low++) {
      // The value that would follow the largest finite one stands for infinity.
      const high = low === 0x7bff ? 65536 : fromFloat16(low + 1);
      const middle = (fromFloat16(low) + high) / 2;
      assert.equal(float16Bits(middle), low + (low & 1), `halfway above ${low}`);
      assert.equal(float16Bits(neighbour(middle, -1)), low);
      assert.equal(float16Bits(neighbour(middle, 1)), low + 1);
      assert.equal(float16Bits(-neighbour(middle, 1)), 0x8000 | (low + 1));
    }
  });

  it('round the middle of any two adjacent bfloat16 to even, and its neighbours to the nearest', () => {
    for (let low = 0; low < 0x7f80; low++) {
      const middle = new Float32Array(Uint32Array.of((low << 16) | 0x8000).buffer)[0]!;
      assert.equal(bfloat16Bits(middle), low + (low & 1));
      assert.equal(bfloat16Bits(neighbour(middle, -1)), low);
      assert.equal(bfloat16Bits(-neighbour(middle, 1)), 0x8000 | (low + 1));
    }
  });

  it('keep NaN a NaN in float16 and bfloat16', () => {
    for (const bits of [0x7f800001, 0x7fffffff, 0xff800001]) {
      const value = new Float32Array(Uint32Array.of(bits).buffer)[0]!;
      assert.ok(Number.isNaN(fromFloat16(float16Bits(value))));
      assert.ok(Number.isNaN(fromBfloat16(bfloat16Bits(value))));
    }
  });

  it('write little-endian float32, float16 and bfloat16', () => {
    assert.deepEqual([...encodeF32(Float32Array.of(1, -2))], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
    assert.deepEqual([...encodeF16(Float32Array.of(1, -2))], [0, 0x3c, 0, 0xc0]);
    assert.deepEqual([...encodeBf16(Float32Array.of(1, -2))], [0x80, 0x3f, 0, 0xc0]);
  });

  it("quantize any finite block to Q8_0 by llama.cpp's rule", () => {
    // quantize_row_q8_0_ref: d = amax / 127; id = d ? 1 / d : 0; q = roundf(x * id); the scale is stored as float16.
    const values = fc.array(fc.float({ noNaN: true, min: Math.fround(-8e6), max: Math.fround(8e6) }), {
      minLength: 32,
      maxLength: 32,
    });
    const scaled = fc.tuple(values, fc.integer({ min: -30, max: 0 }));
    fc.assert(
      fc.property(scaled, ([drawn, exponent]) => {
        const x = Float32Array.from(drawn, (value) => value * 2 ** exponent);
        const d = Math.fround(Math.max(...x.map(Math.abs)) / 127);
        const id = d === 0 ? 0 : Math.fround(1 / d);
        fc.pre(Number.isFinite(id));
        const bytes = quantizeQ8_0(x);
        assert.equal(bytes[0]! | (bytes[1]! << 8), float16Bits(d));
        const q = new Int8Array(bytes.buffer, 2, 32);
        for (let i = 0; i < 32; i++) {
          const product = Math.fround(x[i]! * id);
          assert.equal(q[i], Math.trunc(product + Math.sign(product) * 0.5) | 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('round halves away from zero in Q8_0 and write adjacent blocks of 34 bytes', () => {
    // A maximum of 127 makes the scale exactly 1.
    const x = new Float32Array(64);
    x.set([127, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997], 0);
    x.set([-254], 32);
    const bytes = quantizeQ8_0(x);
    assert.equal(bytes.byteLength, 68);
    assert.deepEqual([...bytes.subarray(0, 2)], [0, 0x3c]);
    assert.deepEqual([...new Int8Array(bytes.buffer, 2, 7)], [127, 1, -1, 2, 3, -3, 0]);
    assert.deepEqual([...bytes.subarray(34, 36)], [0, 0x40]);
    assert.equal(new Int8Array(bytes.buffer, 36, 1)[0], -127);
  });

  it('write zeros for a Q8_0 block of zeros and for one whose scale is subnormal', () => {
    assert.ok(quantizeQ8_0(new Float32Array(32)).every((byte) => byte === 0));
    assert.ok(quantizeQ8_0(new Float32Array(32).fill(1e-40)).every((byte) => byte === 0));
  });

  it('refuse NaN, infinity and Q8_0 scales beyond float16, and name the value', async () => {
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const x = new Float32Array(64);
      x[40] = odd;
      const error = await failureOf(() => quantizeQ8_0(x));
      assert.equal(error.code, 'NON_FINITE');
      assert.match(error.message, /value 40 is/);
    }
    assert.equal((await failureOf(() => quantizeQ8_0(new Float32Array(32).fill(9e6)))).code, 'NON_FINITE');
  });

  it('refuse a number of values for Q8_0 that is no multiple of 32', async () => {
    assert.equal((await failureOf(() => quantizeQ8_0(new Float32Array(33)))).code, 'INVALID_ARGUMENT');
  });

  it('write the same bytes into a given buffer, whatever it held, as into a new one', () => {
    const x = Float32Array.from({ length: 96 }, (_, i) => (i < 32 || i >= 64 ? Math.sin(i) : 0));
    for (const encode of [encodeF32, encodeF16, encodeBf16, quantizeQ8_0]) {
      const fresh = encode(x);
      const used = new Uint8Array(fresh.byteLength + 8).fill(0x5a).subarray(4, -4);
      assert.equal(encode(x, used), used);
      assert.deepEqual(used, fresh, encode.name);
    }
  });
});
