import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import { createTokenizer } from '@llama-ts/runtime';
import { packTokens } from '../helpers/tokenizer-json.js';
import { llamaTokenizer, oracleIds, oracleTokenizer, sampleFile, sampleTokenizer } from '../helpers/tokenizers.js';

describe('Tokenizer.encode', function () {
  this.timeout(60_000);

  it('gives no token for the empty string', () => {
    assert.deepEqual(sampleTokenizer().encode(''), []);
  });

  it('reads each of the 256 special names as plain text unless asked', () => {
    const tokenizer = sampleTokenizer();
    assert.equal(tokenizer.specialTokens.length, 256);
    for (const { id, name } of tokenizer.specialTokens) {
      const text = tokenizer.encode(`a${name}b`);
      assert.ok(!text.some(tokenizer.isSpecial), name);
      assert.equal(tokenizer.decode(text), `a${name}b`);
      assert.deepEqual(tokenizer.encode(name, { specials: 'tokens' }), [id]);
    }
  });

  it('encodes NUL and other control characters', () => {
    const text = 'a\0b\x1b[31m\x7f';
    assert.equal(sampleTokenizer().decode(sampleTokenizer().encode(text)), text);
  });

  it('refuses half a surrogate pair and names its place', () => {
    for (const [text, position] of [
      ['\ud83d', 0],
      ['ab\udd99', 2],
      ['🦙\ud83d🦙', 2],
    ] as const) {
      assert.throws(
        () => sampleTokenizer().encode(text),
        (error) =>
          isToolkitError(error) && error.code === 'LONE_SURROGATE' && error.message.includes(`position ${position}`),
      );
    }
  });

  it('gives the same tokens again from its cache, and after the cache has started over', () => {
    const first = sampleTokenizer().encode('a most unlikely wordhoard');
    for (let i = 0; i < 40_000; i++) sampleTokenizer().encode(`w${i.toString(36).replace(/\d/g, 'Q')}`);
    assert.deepEqual(sampleTokenizer().encode('a most unlikely wordhoard'), first);
  });

  for (const unit of ['a', ' ', '7', '!', '\n', '🦙', '\u0301', "'s", 'ab']) {
    it(`encodes a megabyte of ${JSON.stringify(unit)} and decodes it to the same text`, () => {
      const text = unit.repeat(1_000_000 / unit.length);
      for (const tokenizer of [sampleTokenizer(), llamaTokenizer()]) {
        assert.ok(tokenizer.decode(tokenizer.encode(text)) === text);
      }
    });
  }

  it('agrees with the Rust tokenizer on long runs of one character', async () => {
    const texts = ['a', ' ', '!', '🦙', 'ab', 'he'].map((unit) => unit.repeat(20_001));
    const expected = await oracleIds(oracleTokenizer(sampleFile('tokenizer.json'), { specials: 'text' }), texts);
    for (const [i, text] of texts.entries()) assert.deepEqual(sampleTokenizer().encode(text), expected[i]);
  });

  it('looks a piece up as a whole token only with ignoreMerges', () => {
    // "abc" is a token that no merge makes from its bytes.
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    const tokens = packTokens([...bytes, new TextEncoder().encode('abc')]);
    const data = { ...tokens, splitPattern: 'llama3', merges: new Uint32Array(0), specialTokens: [] } as const;
    assert.deepEqual(createTokenizer({ ...data, ignoreMerges: true }).encode('abc'), [256]);
    assert.deepEqual(createTokenizer({ ...data, ignoreMerges: false }).encode('abc'), [97, 98, 99]);
  });
});
