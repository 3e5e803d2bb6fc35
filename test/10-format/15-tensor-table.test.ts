// The header of v3: its table of tensors, their places, and what is refused in them.

import assert from 'node:assert/strict';
import { bytesSource, isToolkitError } from '@llama-ts/base';
import {
  type BinHeader,
  bitsPerWeightOf,
  decodeHeader,
  encodeHeader,
  float32Encoding,
  layout,
  type ModelDimensions,
  neededHeaderBytes,
  type PanelEncoding,
  panelBytes,
  panelScaleBytes,
  q4Encoding,
  q8Encoding,
  readBinFile,
  tensorShapes,
} from '@llama-ts/format';
import { panelByteLength } from '@llama-ts/kernels';
import { assertCode, modelBytes, v3 } from './support.js';

const CODEBOOK = Array.from({ length: 16 }, (_, i) => i - 8);
const bytes = encodeHeader(v3);
const RECORD = 64;
const { dimensions } = v3;
const tensors = tensorShapes(3, dimensions);
const recordOf = (name: string): number => 256 + RECORD * tensors.findIndex((tensor) => tensor.name === name);
const NORM = recordOf('layers.1.ffn_norm.weight');
const EMBEDDING = recordOf('tok_embeddings.weight');
const WQ = recordOf('layers.0.attention.wq.weight');

const changed = (change: (view: DataView) => void): Uint8Array => {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  return copy;
};

describe('header of v3', () => {
  for (const sharedClassifier of [true, false]) {
    it(`with${sharedClassifier ? '' : 'out'} a shared classifier reads back as it was written`, () => {
      const header = headerOf({ ...dimensions, sharedClassifier });
      assert.deepEqual(decodeHeader(encodeHeader(header), 'm.bin'), header);
    });
  }

  it('starts with the fields of the other versions, and has a record for each tensor from byte 256 on', () => {
    const view = new DataView(bytes.buffer);
    assert.equal(view.getUint32(0, true), 0x616b3432);
    assert.deepEqual(
      Array.from({ length: 8 }, (_, i) => view.getInt32(4 + 4 * i, true)),
      [3, 32, 96, 2, 2, 1, 5, 32],
    );
    assert.equal(bytes.length, 4096);
    assert.deepEqual(
      [view.getUint32(WQ, true), view.getBigUint64(WQ + 8, true), view.getBigUint64(WQ + 16, true)],
      [2, BigInt(layout(v3).tensors[6]!.byteOffset), 4096n],
    );
    assert.deepEqual([...new Int8Array(bytes.buffer, WQ + 24, 16)], [...CODEBOOK]);
    assert.deepEqual([view.getUint32(EMBEDDING, true), view.getUint32(NORM, true)], [1, 0]);
  });

  it('says how many bytes of a file it takes by its first 256', () => {
    assert.equal(neededHeaderBytes(bytes.subarray(0, 256), 'm.bin'), 4096);
    const large = { ...dimensions, nLayers: 16 };
    assert.equal(neededHeaderBytes(encodeHeader(headerOf(large)).subarray(0, 256), 'm.bin'), 12_288);
  });

  const refused: readonly [string, Uint8Array, string][] = [
    ['a width that 32 does not divide', changed((view) => view.setInt32(12, 80, true)), 'BAD_HEADER'],
    ['a group size', changed((view) => view.setInt32(37, 32, true)), 'BAD_HEADER'],
    ['a table that is cut', bytes.subarray(0, 4095), 'BAD_LENGTH'],
    ['no table', bytes.subarray(0, 256), 'BAD_LENGTH'],
    ['an unknown encoding of a matrix', changed((view) => view.setUint32(WQ, 3, true)), 'BAD_HEADER'],
    ['a matrix of float32', changed((view) => view.setUint32(WQ, 0, true)), 'BAD_HEADER'],
    ['a vector of 8 bits', changed((view) => view.setUint32(NORM, 1, true)), 'BAD_HEADER'],
    ['another encoding than the length fits', changed((view) => view.setUint32(WQ, 1, true)), 'BAD_HEADER'],
    ['a reserved field', changed((view) => view.setUint32(WQ + 4, 1, true)), 'BAD_HEADER'],
    ['a reserved byte', changed((view) => view.setUint8(WQ + 63, 1)), 'BAD_HEADER'],
    ['a codebook of 8 bits', changed((view) => view.setInt8(EMBEDDING + 30, 1)), 'BAD_HEADER'],
    ['an entry of -128', changed((view) => view.setInt8(WQ + 24, -128)), 'BAD_HEADER'],
    ['an overlap', changed((view) => view.setBigUint64(WQ + 8, 4096n, true)), 'BAD_HEADER'],
    ['a hole', changed((view) => view.setBigUint64(WQ + 8, 2n ** 40n, true)), 'BAD_HEADER'],
    ['an offset of 2^64 - 1', changed((view) => view.setBigUint64(WQ + 8, 2n ** 64n - 1n, true)), 'BAD_HEADER'],
    ['a length of 0', changed((view) => view.setBigUint64(WQ + 16, 0n, true)), 'BAD_HEADER'],
    ['padding that is not zero', changed((view) => view.setUint8(4095, 1)), 'BAD_HEADER'],
  ];
  for (const [what, damaged, code] of refused) {
    it(`with ${what} is refused`, () => assertCode(() => decodeHeader(damaged, 'm.bin'), code));
  }

  it('with any other byte is refused, but for entries of codebooks, positions and a vocabulary that takes as many pages', () => {
    for (let i = 0; i < bytes.length; i++) {
      const isEntry = i >= WQ && (i - WQ) % RECORD >= 24 && (i - WQ) % RECORD < 40 && i < 256 + RECORD * tensors.length;
      // Bytes 28 and 32 begin vocab_size and max_seq_len, of which only the trailer's checksum knows.
      if (isEntry || i === 28 || (i >= 32 && i < 36)) continue;
      for (const difference of [1, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[i] = damaged[i]! ^ difference;
        assert.throws(() => decodeHeader(damaged, 'm.bin'), isToolkitError, `byte ${i}`);
      }
    }
  });
});

describe('.bin file of v3', () => {
  const open = (file: Uint8Array) => readBinFile(bytesSource(file, 'm.bin'));

  it('with a trailer reads back everything that was written', async () => {
    const { header, trailer } = await open(modelBytes(v3));
    assert.deepEqual(header, v3);
    assert.equal(trailer?.checksums.tensors.length, tensors.length);
  });

  it('with any byte of header, table or footer changed is refused', async () => {
    const whole = modelBytes(v3);
    const places = [
      ...Array(256 + RECORD * tensors.length).keys(),
      ...Array.from({ length: 64 }, (_, i) => whole.length - 64 + i),
    ];
    for (const place of [...places, 4095]) {
      const damaged = whole.slice();
      damaged[place] = damaged[place]! ^ 0x41;
      await assert.rejects(open(damaged), isToolkitError, `byte ${place}`);
    }
  });

  it('that ends within its table, or a byte before its last weight, is refused', async () => {
    const plain = modelBytes(v3, null);
    for (const length of [256, 4095, plain.length - 1])
      await assertCode(() => open(plain.subarray(0, length)), 'BAD_LENGTH');
  });
});

describe('layout of v3', () => {
  it('starts every tensor at a multiple of 4,096, right after the one before', () => {
    let end = 4096;
    for (const { byteOffset, byteLength, scalesByteOffset } of layout(v3).tensors) {
      assert.equal(byteOffset, end);
      assert.ok(scalesByteOffset > byteOffset && scalesByteOffset <= byteOffset + byteLength);
      end += byteLength;
    }
    assert.equal(end % 4096, 0);
  });

  it('gives panels the bytes that the kernels read', () => {
    for (const columns of [32, 64, 96, 2048]) {
      assert.equal(panelBytes(q8Encoding, columns), panelByteLength('Q8', columns));
      assert.equal(panelBytes(q4Encoding(CODEBOOK), columns), panelByteLength('Q4', columns));
      assert.equal(panelScaleBytes(columns) % 64, 0);
    }
  });

  for (const [what, embedding, megabytes, bits] of [
    ['8', q8Encoding, 826, 5.35],
    ['4', q4Encoding(Array.from({ length: 16 }, (_, i) => i)), 695, 4.5],
  ] as const) {
    it(`takes ${megabytes} MB for Llama 3.2 1B with an embedding of ${what} bits`, () => {
      const big: ModelDimensions = {
        ...{ dim: 2048, hiddenDim: 8192, nLayers: 16, nHeads: 32, nKvHeads: 8, vocabSize: 128256, maxSeqLen: 131072 },
        sharedClassifier: true,
      };
      const header = headerOf(big, embedding);
      const places = layout(header);
      assert.equal(Math.floor(places.weightsEnd / 1e6), megabytes);
      assert.equal(Number(bitsPerWeightOf(places).toFixed(2)), bits);
    });
  }
});

/** 4 bits for the layers. */
function headerOf(dimensions: ModelDimensions, embedding: PanelEncoding = q8Encoding): BinHeader {
  const encodings = tensorShapes(3, dimensions).map(({ shape, layer }) => {
    if (shape.length === 1) return float32Encoding;
    return layer === null ? embedding : q4Encoding(CODEBOOK);
  });
  return { version: 3, dimensions, groupSize: 32, encodings };
}
