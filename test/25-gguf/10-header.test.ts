// The header: literal bytes, every kind of metadata, the tensor table, and what is refused.

import { strict as assert } from 'node:assert';
import { type GgufMetadata, type GgufValue, serializeHeader, type TensorSpec } from '@llama-ts/gguf';
import fc from 'fast-check';
import { failureOf, parseGguf } from './support.js';

const nested = (depth: number): GgufValue =>
  depth === 1
    ? { kind: 'array', of: 'u8', values: [1] }
    : { kind: 'array', of: 'array', values: [nested(depth - 1) as GgufValue & { kind: 'array' }] };

describe('a GGUF header', () => {
  it('for one key and one tensor consists of the bytes that the format prescribes', () => {
    const { bytes, tensors, fileByteLength } = serializeHeader(
      [{ name: 'w', type: 'F32', shape: [3, 2] }],
      [['k', { kind: 'u32', value: 7 }]],
    );
    const expected = [
      ...Buffer.from('GGUF'),
      ...[3, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0, 0x6b, 4, 0, 0, 0, 7, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0, 0x77],
      ...[2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0],
      ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    assert.deepEqual([...bytes], [...expected, ...new Array(96 - expected.length).fill(0)]);
    assert.deepEqual(tensors, [{ name: 'w', type: 'F32', shape: [3, 2], byteOffset: 96, byteLength: 24 }]);
    assert.equal(fileByteLength, 96 + 32);
  });

  it('is complete wherever its buffer has to grow, whatever type of number comes next', () => {
    for (const kind of ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'bool', 'u64', 'i64', 'f64'] as const) {
      const one = kind === 'bool' ? true : kind === 'u64' || kind === 'i64' ? 1n : 1;
      for (let padding = 4030; padding < 4060; padding++) {
        const metadata = [
          ['k', { kind: 'string', value: 'x'.repeat(padding) }],
          ['v', { kind, value: one } as GgufValue],
          ['w', { kind: 'array', of: kind, values: new Array(3000).fill(one) } as GgufValue],
        ] as const;
        const { bytes } = serializeHeader([], metadata);
        const [, value, items] = parseGguf(bytes).metadata.map(([, , found]) => found);
        assert.deepEqual(value, one, `${kind} after ${padding} characters`);
        assert.equal((items as unknown[]).length, 3000);
      }
    }
  });

  it('reads back with every type of value, in order, up to the limits of each type', () => {
    const metadata: [string, GgufValue, number, unknown][] = [
      ['u8', { kind: 'u8', value: 255 }, 0, 255],
      ['i8', { kind: 'i8', value: -128 }, 1, -128],
      ['u16', { kind: 'u16', value: 65535 }, 2, 65535],
      ['i16', { kind: 'i16', value: -32768 }, 3, -32768],
      ['u32', { kind: 'u32', value: 4294967295 }, 4, 4294967295],
      ['i32', { kind: 'i32', value: -2147483648 }, 5, -2147483648],
      ['f32', { kind: 'f32', value: 0.1 }, 6, Math.fround(0.1)],
      ['yes', { kind: 'bool', value: true }, 7, true],
      ['no', { kind: 'bool', value: false }, 7, false],
      ['text', { kind: 'string', value: 'Ġ😀\n\0' }, 8, 'Ġ😀\n\0'],
      ['empty', { kind: 'array', of: 'string', values: [] }, 9, []],
      ['texts', { kind: 'array', of: 'string', values: ['a', '', 'é'] }, 9, ['a', '', 'é']],
      ['ints', { kind: 'array', of: 'i32', values: Int32Array.of(1, -1) }, 9, [1, -1]],
      ['flags', { kind: 'array', of: 'bool', values: [true, false] }, 9, [true, false]],
      ['longs', { kind: 'array', of: 'i64', values: BigInt64Array.of(-5n) }, 9, [-5n]],
      ['nested', nested(8), 9, [[[[[[[[1]]]]]]]]],
      ['u64', { kind: 'u64', value: 2n ** 64n - 1n }, 10, 2n ** 64n - 1n],
      ['i64', { kind: 'i64', value: -(2n ** 63n) }, 11, -(2n ** 63n)],
      ['f64', { kind: 'f64', value: 0.1 }, 12, 0.1],
      ['general.alignment', { kind: 'u32', value: 32 }, 4, 32],
    ];
    const { bytes } = serializeHeader(
      [],
      metadata.map(([key, value]) => [key, value] as const),
    );
    const parsed = parseGguf(bytes);
    assert.equal(parsed.version, 3);
    assert.equal(parsed.dataStart, bytes.byteLength);
    assert.deepEqual(
      parsed.metadata,
      metadata.map(([key, , kindId, value]) => [key, kindId, value]),
    );
  });

  it('places tensors in the given order, each at the next multiple of 32', () => {
    const spec = fc.record({
      type: fc.constantFrom('F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'IQ4_NL'),
      shape: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
    });
    const bytesPerBlock = { F32: 4, F16: 2, BF16: 2, Q8_0: 34, Q4_0: 18, IQ4_NL: 18 };
    const typeIds = { F32: 0, F16: 1, BF16: 30, Q8_0: 8, Q4_0: 2, IQ4_NL: 20 };
    fc.assert(
      fc.property(fc.array(spec), (drawn) => {
        const specs = drawn.map(({ type, shape }, i): TensorSpec => {
          const scaled = /^I?Q/.test(type) ? [...shape.slice(0, -1), shape.at(-1)! * 32] : shape;
          return { name: `blk.${i}`, type, shape: scaled };
        });
        const { bytes, tensors, fileByteLength } = serializeHeader(specs);
        const parsed = parseGguf(bytes);
        let offset = 0;
        for (const [i, { name, type, shape }] of specs.entries()) {
          const blocks = drawn[i]!.shape.reduce((product, length) => product * length, 1);
          const byteLength = blocks * bytesPerBlock[type];
          assert.deepEqual(parsed.tensors[i], {
            name,
            dims: [...shape].reverse().map(BigInt),
            typeId: typeIds[type],
            offset: BigInt(offset),
          });
          assert.deepEqual(tensors[i], { name, type, shape, byteOffset: bytes.byteLength + offset, byteLength });
          offset += Math.ceil(byteLength / 32) * 32;
        }
        assert.equal(fileByteLength, bytes.byteLength + offset);
      }),
    );
  });

  const refusedTensors: [string, string, unknown, RegExp][] = [
    ['an empty name', 'INVALID_ARGUMENT', { name: '' }, /well-formed text/],
    ['a name with a lone surrogate', 'INVALID_ARGUMENT', { name: 'a\ud800' }, /well-formed text/],
    ['a name of 64 bytes', 'LIMIT_EXCEEDED', { name: 'é'.repeat(32) }, /64 bytes, expected at most 63/],
    ['an unknown type', 'INVALID_ARGUMENT', { type: 'Q4_K' }, /"Q4_K", expected F32, F16, Q4_0, Q8_0, IQ4_NL, BF16/],
    ['a type named like a method', 'INVALID_ARGUMENT', { type: 'toString' }, /"toString"/],
    ['no dimensions', 'INVALID_ARGUMENT', { shape: [] }, /0 dimensions, expected 1 to 4/],
    ['five dimensions', 'INVALID_ARGUMENT', { shape: [1, 1, 1, 1, 1] }, /5 dimensions/],
    ['a zero dimension', 'INVALID_ARGUMENT', { shape: [2, 0] }, /shape has 0/],
    ['a fractional dimension', 'INVALID_ARGUMENT', { shape: [1.5] }, /shape has 1.5/],
    ['Q8_0 rows that are no multiple of 32', 'INVALID_ARGUMENT', { type: 'Q8_0', shape: [32, 48] }, /rows of 48/],
    ['a size past 2^53', 'INVALID_ARGUMENT', { shape: [2 ** 30, 2 ** 30] }, /at most 2\^53/],
  ];
  for (const [title, code, odd, message] of refusedTensors) {
    it(`with ${title} is refused`, async () => {
      const spec = { name: 'w', type: 'F32', shape: [2], ...(odd as object) } as TensorSpec;
      const error = await failureOf(() => serializeHeader([spec]));
      assert.equal(error.code, code);
      assert.match(error.message, message);
    });
  }

  it('with two tensors of one name, or of more than 2^53 bytes in all, is refused', async () => {
    const w: TensorSpec = { name: 'w', type: 'F32', shape: [2] };
    assert.match((await failureOf(() => serializeHeader([w, w]))).message, /"w" twice/);
    const half: TensorSpec = { name: 'half', type: 'F32', shape: [2 ** 50] };
    const error = await failureOf(() => serializeHeader([half, { ...half, name: 'other' }]));
    assert.match(error.message, /past 2\^53 − 1 bytes at "other"/);
  });

  const refusedMetadata: [string, string, GgufMetadata, RegExp][] = [
    ['a key with a space', 'INVALID_ARGUMENT', [['a b', { kind: 'u8', value: 1 }]], /printable ASCII/],
    ['an empty key', 'INVALID_ARGUMENT', [['', { kind: 'u8', value: 1 }]], /printable ASCII/],
    ['a key of 65,536 bytes', 'LIMIT_EXCEEDED', [['k'.repeat(65536), { kind: 'u8', value: 1 }]], /at most 65535/],
    ['a u8 of 256', 'INVALID_ARGUMENT', [['k', { kind: 'u8', value: 256 }]], /"256", expected a whole number from 0/],
    ['an i32 of 0.5', 'INVALID_ARGUMENT', [['k', { kind: 'i32', value: 0.5 }]], /"0.5"/],
    ['a u64 of −1', 'INVALID_ARGUMENT', [['k', { kind: 'u64', value: -1n }]], /a bigint from 0/],
    ['a NaN', 'INVALID_ARGUMENT', [['k', { kind: 'f32', value: Number.NaN }]], /expected a number/],
    ['a lone surrogate', 'INVALID_ARGUMENT', [['k', { kind: 'string', value: '\udc00' }]], /well-formed text/],
    [
      'a bad item of an array, by its index',
      'INVALID_ARGUMENT',
      [['k', { kind: 'array', of: 'u16', values: [1, -1] }]],
      /"k"\[1\]/,
    ],
    ['arrays nested nine deep', 'LIMIT_EXCEEDED', [['k', nested(9)]], /nested over 8 deep/],
    ['another alignment', 'INVALID_ARGUMENT', [['general.alignment', { kind: 'u32', value: 64 }]], /expected u32 32/],
    [
      'a kind named like a method',
      'INVALID_ARGUMENT',
      [['k', { kind: 'toString', value: 1 } as unknown as GgufValue]],
      /kind "toString"/,
    ],
  ];
  for (const [title, code, metadata, message] of refusedMetadata) {
    it(`whose metadata has ${title} is refused`, async () => {
      const error = await failureOf(() => serializeHeader([], metadata));
      assert.equal(error.code, code);
      assert.match(error.message, message);
    });
  }

  it('with a key that occurs twice is refused', async () => {
    const entry = ['k', { kind: 'u8', value: 1 }] as const;
    assert.match((await failureOf(() => serializeHeader([], [entry, entry]))).message, /"k" twice/);
  });
});
