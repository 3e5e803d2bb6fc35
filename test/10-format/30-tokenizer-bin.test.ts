import assert from 'node:assert/strict';
import { decodeTokenizerBin, encodeTokenizerBin } from '@llama-ts/format';
import { assertCode, joined, tokenizer } from './support.js';

const bytes = encodeTokenizerBin(tokenizer);
const changed = (byteOffset: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  new DataView(copy.buffer).setInt32(byteOffset, value, true);
  return copy;
};

describe('tokenizer.bin', () => {
  it('starts with the longest length, followed by score, length and bytes of each token', () => {
    assert.deepEqual(
      [...bytes.subarray(0, 22)],
      [5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x61, 0, 0, 0x80, 0x3f, 1, 0, 0, 0, 0x62],
    );
  });

  it('reads back its tokens and scores', () => {
    const { tokens, scores } = decodeTokenizerBin(bytes, 5, 'tokenizer.bin');
    assert.deepEqual(
      tokens.map((token) => Buffer.from(token).toString()),
      ['a', 'b', 'ab', '<|b|>', '<|e|>'],
    );
    assert.deepEqual([...scores], [0, 1, 2, 3, 4]);
  });

  const refused: readonly [string, Uint8Array, number][] = [
    ['a negative length', changed(8, -1), 5],
    ['a huge length', changed(8, 0x7fffffff), 5],
    ['a huge longest token', changed(0, 0x7fffffff), 5],
    ['a score that is not a number', changed(4, 0x7fc00000), 5],
    ['no bytes', new Uint8Array(0), 5],
    ['its last byte missing', bytes.subarray(0, -1), 5],
    ['a byte too many', joined(bytes, new Uint8Array(1)), 5],
    ['fewer tokens than the model', bytes, 6],
    ['more tokens than the model', bytes, 4],
  ];
  for (const [what, damaged, nTokens] of refused) {
    it(`with ${what} is refused`, () =>
      assertCode(() => decodeTokenizerBin(damaged, nTokens, 'tokenizer.bin'), 'BAD_TOKENIZER'));
  }
});
