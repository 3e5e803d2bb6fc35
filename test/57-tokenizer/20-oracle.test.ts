import assert from 'node:assert/strict';
import { createTokenizer } from '@llama-ts/runtime';
import { pick, randomText, seededRandom } from '../helpers/random-text.js';
import { type TokenizerJson, tokenizerDataFromJson } from '../helpers/tokenizer-json.js';
import {
  llamaFile,
  llamaTokenizer,
  oracleIds,
  oracleTokenizer,
  readJson,
  sampleFile,
  sampleTokenizer,
} from '../helpers/tokenizers.js';

const STRINGS = 20_000;

for (const { name, file, tokenizer, seed } of [
  { name: 'sample', file: sampleFile('tokenizer.json'), tokenizer: sampleTokenizer, seed: 2 },
  { name: 'real Llama 3.2', file: llamaFile('tokenizer.json'), tokenizer: llamaTokenizer, seed: 3 },
]) {
  describe(`the ${name} tokenizer beside the Rust one`, function () {
    this.timeout(120_000);

    it(`gives the same tokens for ${STRINGS} random strings, and decodes them to the strings`, async () => {
      const texts = randomTexts(seed, STRINGS);
      const expected = await oracleIds(oracleTokenizer(file, { specials: 'text' }), texts);
      for (const [i, text] of texts.entries()) {
        const ids = tokenizer().encode(text);
        assert.deepEqual(ids, expected[i], JSON.stringify(text));
        assert.equal(tokenizer().decode(ids), text);
      }
    });

    it('encodes names of special tokens as tokens when asked, where the Rust one does', async () => {
      const random = seededRandom(seed);
      const names = tokenizer().specialTokens.map((special) => special.name);
      const parts = [...names, '<|', '|>', '<|eot_id|', '<<|eot_id|>|>', 'word', ' ', '\n'];
      const texts = Array.from({ length: 2000 }, () => Array.from({ length: 6 }, () => pick(random, parts)).join(''));
      const expected = await oracleIds(oracleTokenizer(file, { specials: 'tokens' }), texts);
      for (const [i, text] of texts.entries()) {
        assert.deepEqual(tokenizer().encode(text, { specials: 'tokens' }), expected[i], JSON.stringify(text));
      }
    });

    it('decodes random tokens to the same text, invalid bytes included', async () => {
      const random = seededRandom(seed);
      const oracle = oracleTokenizer(file, { specials: 'tokens' });
      const { nTokens } = tokenizer();
      const sequences = Array.from({ length: 2000 }, (_, i) =>
        Array.from({ length: i % 12 }, () => Math.floor(random() * (random() < 0.5 ? 256 : nTokens))),
      );
      for (const skipSpecial of [false, true]) {
        const expected = await oracle.decodeBatch(sequences, skipSpecial);
        for (const [i, ids] of sequences.entries()) {
          assert.equal(tokenizer().decode(ids, { skipSpecial }), expected[i], JSON.stringify(ids));
        }
      }
    });
  });
}

describe('a tokenizer without merges', () => {
  it('merges by id as tiktoken does, which gives the same tokens for Llama 3.2', () => {
    const data = tokenizerDataFromJson(readJson<TokenizerJson>(llamaFile('tokenizer.json')));
    const byId = createTokenizer({ ...data, merges: null });
    for (const text of randomTexts(4, 2000)) assert.deepEqual(byId.encode(text), llamaTokenizer().encode(text));
  });
});

describe('the sample tokenizer', () => {
  it('gives the golden tokens', () => {
    const golden = readJson<{ text: string; ids: number[] }[]>('test/fixtures/golden/sample/tokens.json');
    assert.ok(golden.length > 5);
    for (const { text, ids } of golden) assert.deepEqual(sampleTokenizer().encode(text), ids, JSON.stringify(text));
  });
});

function randomTexts(seed: number, count: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => randomText(random));
}
