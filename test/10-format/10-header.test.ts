import assert from 'node:assert/strict';
import { type BinHeader, chooseGroupSize, decodeHeader, encodeHeader, layout } from '@llama-ts/format';
import { assertCode, dimensions, v2 } from './support.js';

const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(256);
  whole.set(bytes);
  return whole;
};

const changed = (byteOffset: number, value: number, header: BinHeader = v2): Uint8Array => {
  const bytes = encodeHeader(header);
  new DataView(bytes.buffer).setInt32(byteOffset, value, true);
  return bytes;
};

describe('the header of a .bin file', () => {
  for (const version of [0, 1, 2] as const) {
    for (const sharedClassifier of [true, false]) {
      it(`(v${version}, with${sharedClassifier ? '' : 'out'} a shared classifier) reads back as it was written`, () => {
        const groupSize = version === 2 ? 4 : null;
        const header = { version, dimensions: { ...dimensions, sharedClassifier }, groupSize };
        assert.deepEqual(decodeHeader(padded(encodeHeader(header)), 'm.bin'), header);
      });
    }
  }

  it('holds the group size of v2 at byte 37', () => {
    assert.equal(new DataView(encodeHeader(v2).buffer).getInt32(37, true), 4);
  });

  const refused: readonly [string, Uint8Array, string][] = [
    ['under 256 bytes', encodeHeader(v2).subarray(0, 255), 'NOT_A_MODEL'],
    ['a byte-swapped magic', changed(0, 0x32346b61), 'NOT_A_MODEL'],
    ['a GGUF file', padded(Buffer.from('GGUF')), 'NOT_A_MODEL'],
    ['an HTML page', padded(Buffer.from('<!doctype html>')), 'NOT_A_MODEL'],
    ['a git-lfs pointer', padded(Buffer.from('version https://git-lfs.github.com/spec/v1')), 'NOT_A_MODEL'],
    ['only zeros', new Uint8Array(256), 'NOT_A_MODEL'],
    ['version 4', changed(4, 4), 'BAD_VERSION'],
    ['dim 0', changed(8, 0), 'BAD_HEADER'],
    ['a negative layer count', changed(16, -1), 'BAD_HEADER'],
    ['INT32_MAX as hidden_dim', changed(12, 0x7fffffff), 'BAD_HEADER'],
    ['heads that do not divide dim', changed(20, 3), 'BAD_HEADER'],
    ['key/value heads that do not divide heads', changed(24, 3), 'BAD_HEADER'],
    ['a shared flag of 2', Uint8Array.from(encodeHeader(v2), (b, i) => (i === 36 ? 2 : b)), 'BAD_HEADER'],
    ['group size 0', changed(37, 0), 'BAD_HEADER'],
    ['a negative group size', changed(37, -4), 'BAD_HEADER'],
    ['group size 2,048', changed(37, 2048), 'BAD_HEADER'],
    ['a group size that does not divide', changed(37, 3), 'BAD_HEADER'],
    ['padding that is not zero', changed(200, 1), 'BAD_HEADER'],
  ];
  for (const [what, bytes, code] of refused) {
    it(`with ${what} is refused`, () => assertCode(() => decodeHeader(bytes, 'm.bin'), code));
  }
});

describe('the layout of a .bin file', () => {
  const sizes: readonly [string, number[], number, number, number][] = [
    ['1B', [2048, 8192, 16, 32, 8], 4_976_812_060, 4_943_257_856, 1_313_251_584],
    ['3B', [3072, 8192, 28, 24, 8], 0, 12_850_999_552, 3_414_061_312],
  ];
  for (const [name, [dim, hiddenDim, nLayers, nHeads, nKvHeads], ...expected] of sizes) {
    it(`ends the weights of Llama 3.2 ${name} where the reference implementation does`, () => {
      const big = {
        dim: dim!,
        hiddenDim: hiddenDim!,
        nLayers: nLayers!,
        nHeads: nHeads!,
        nKvHeads: nKvHeads!,
        vocabSize: 128256,
        maxSeqLen: 131072,
        sharedClassifier: true,
      };
      expected.forEach((bytes, version) => {
        if (bytes === 0) return;
        const header = { version: version as 0 | 1 | 2, dimensions: big, groupSize: version === 2 ? 64 : null };
        assert.equal(layout(header).weightsEnd, bytes);
      });
    });
  }

  it('leaves no gap between tensors', () => {
    for (const version of [0, 1, 2] as const) {
      let end = version === 0 ? 28 : 256;
      const places = layout({ version, dimensions, groupSize: version === 2 ? 4 : null });
      for (const tensor of places.tensors) {
        assert.equal(tensor.byteOffset, end, tensor.name);
        end += tensor.byteLength;
      }
      assert.equal(places.weightsEnd, end);
    }
  });
});

describe('the group size', () => {
  it('is halved until it divides dim', () => {
    assert.equal(chooseGroupSize({ ...dimensions, dim: 288, hiddenDim: 768 }), 32);
  });
  it('is refused when it does not divide hidden_dim, which the reference implementation does not check', () =>
    assertCode(() => chooseGroupSize({ ...dimensions, dim: 128, hiddenDim: 352 }), 'BAD_GROUP_SIZE'));
  it('is never changed when the caller chose it', () =>
    assertCode(() => chooseGroupSize(dimensions, 64), 'BAD_GROUP_SIZE'));
  for (const groupSize of [0, -8, 1.5, Number.NaN, 2048]) {
    it(`${groupSize} is refused`, () => assertCode(() => chooseGroupSize(dimensions, groupSize), 'BAD_GROUP_SIZE'));
  }
});
