// Added tokens with their flags, beside the Rust tokenizer.

import assert from 'node:assert/strict';
import { parseTokenizerJson } from '@llama-ts/exporter';
import { createTokenizer } from '@llama-ts/runtime';
import oracle from 'tokenizers';
import { pick, seededRandom } from '../helpers/random-text.js';
import type { TokenizerJson } from '../helpers/tokenizer-json.js';
import { oracleIds, readJson, sampleFile } from '../helpers/tokenizers.js';

type Json = TokenizerJson & Record<string, unknown>;

/** Names that overlap, begin and end with white space or letters, and hold characters of several bytes. */
const NAMES = [
  ...['<a>', '<a', 'a>', '<ab>', '<a><b>', '<b>', 'ab', 'abc', 'b', 'cat', ' cat', 'cat ', '  ', '\n', '\n\n', '_x'],
  ...[
    'é',
    'née',
    '中',
    '中国',
    '🦊',
    '🦊🦊',
    '\u2028',
    '\u00a0',
    '\u200d',
    'Ⓐ',
    '1',
    '12',
    '.',
    '...',
    '</t>',
    'İ',
    '\u0301',
  ],
];
/** Text beside them: Unicode's white space, letters, marks, joiners and other characters. */
const OTHERS = [
  ...[' ', '  ', '\t', '\n', '\r\n', '\u0085', '\u00a0', '\u1680', '\u2003', '\u2028', '\u202f', '\u205f', '\u3000'],
  ...[
    '\ufeff',
    '\u180e',
    '\u200b',
    '\u200c',
    '\u200d',
    'a',
    'Z',
    '0',
    '٣',
    '_',
    '‿',
    '-',
    '.',
    '<',
    '>',
    'é',
    'e\u0301',
  ],
  ...['Ⓐ', 'ⅷ', '²', '中', '🦊', 'word', ' word', "'s", '𝒳', '𐐀', '\u{1d165}'],
];

const base = readJson<Json>(sampleFile('tokenizer.json'));
const nPlain = Object.keys(base.model.vocab).length;

function randomTokenizer(random: () => number): Json {
  const chance = (share: number): boolean => random() < share;
  const names = [...new Set(Array.from({ length: 1 + Math.floor(random() * 10) }, () => pick(random, NAMES)))];
  const added_tokens = names
    .filter((name) => base.model.vocab[name] === undefined)
    .map((content, i) => ({
      id: nPlain + i,
      content,
      single_word: chance(0.3),
      // One that begins with white space and takes more along makes the Rust tokenizer abort.
      lstrip: !/^\s/.test(content) && chance(0.3),
      rstrip: chance(0.3),
      normalized: chance(0.4),
      special: chance(0.4),
    }));
  const listed = names
    .filter((name) => base.model.vocab[name] !== undefined && /^[!-~]+$/.test(name))
    .map((content) => ({
      id: base.model.vocab[content]!,
      content,
      single_word: chance(0.3),
      lstrip: chance(0.3),
      rstrip: chance(0.3),
      normalized: chance(0.5),
      special: false,
    }));
  const ignore_merges = chance(0.5);
  return { ...base, model: { ...base.model, ignore_merges }, added_tokens: [...added_tokens, ...listed] } as Json;
}

function randomText(random: () => number, names: readonly string[]): string {
  const parts = [...names, ...OTHERS];
  return Array.from({ length: Math.floor(random() * 9) }, () => {
    return random() < 0.5 && names.length > 0 ? pick(random, names) : pick(random, parts);
  }).join('');
}

const rust = (json: Json): oracle.Tokenizer =>
  oracle.Tokenizer.fromString(JSON.stringify({ ...json, post_processor: null }));

describe('added tokens', function () {
  this.timeout(120_000);

  it('are found where the Rust tokenizer finds them, with every combination of flags', async () => {
    const random = seededRandom(61);
    for (let round = 0; round < 60; round++) {
      const json = randomTokenizer(random);
      const tokenizer = createTokenizer(parseTokenizerJson(json, 'tokenizer.json'));
      const names = json.added_tokens.map(({ content }) => content);
      const texts = Array.from({ length: 50 }, () => randomText(random, names));
      const expected = await oracleIds(rust(json), texts);
      for (const [i, text] of texts.entries()) {
        const ids = tokenizer.encode(text, { specials: 'tokens' });
        assert.deepEqual(ids, expected[i], JSON.stringify([text, json.added_tokens]));
        const asText = tokenizer.encode(text);
        assert.ok(!asText.some((id) => tokenizer.isSpecial(id)), 'a special name in text became its token');
      }
    }
  });

  it('that are not special are found in text without special names, as in the Rust tokenizer', async () => {
    const random = seededRandom(62);
    for (let round = 0; round < 20; round++) {
      const json = randomTokenizer(random);
      const plain = { ...json, added_tokens: json.added_tokens.map((token) => ({ ...token, special: false })) } as Json;
      const tokenizer = createTokenizer(parseTokenizerJson(plain, 'tokenizer.json'));
      const texts = Array.from({ length: 40 }, () => randomText(random, NAMES));
      const expected = await oracleIds(rust(plain), texts);
      for (const [i, text] of texts.entries()) assert.deepEqual(tokenizer.encode(text), expected[i], text);
    }
  });

  it('that are special are tokens in the runs that name them, beside the tokens of the joined text', async () => {
    const random = seededRandom(63);
    const texts = OTHERS.filter((text) => !/[<>]/.test(text));
    for (let round = 0; round < 60; round++) {
      const added_tokens = ['<|a|>', '<|b|>', 'cat', ' \n', '中'].map((content, i) => ({
        id: nPlain + i,
        content,
        single_word: random() < 0.3,
        lstrip: content !== ' \n' && random() < 0.4,
        rstrip: random() < 0.4,
        normalized: i > 1 && random() < 0.5,
        special: i < 2,
      }));
      const json = { ...base, added_tokens } as Json;
      const tokenizer = createTokenizer(parseTokenizerJson(json, 'tokenizer.json'));
      const prompts = Array.from({ length: 30 }, () =>
        Array.from({ length: 1 + Math.floor(random() * 7) }, () =>
          random() < 0.4
            ? { special: random() < 0.5 ? '<|a|>' : '<|b|>' }
            : { text: pick(random, [...texts, 'cat', ' \n']) },
        ),
      );
      const joined = prompts.map((runs) => runs.map((run) => run.text ?? run.special).join(''));
      const expected = await oracleIds(rust(json), joined);
      for (const [i, runs] of prompts.entries()) {
        const found = tokenizer.encodeRuns(runs as Parameters<typeof tokenizer.encodeRuns>[0]);
        assert.deepEqual(found, expected[i], JSON.stringify([runs, added_tokens]));
      }
    }
  });

  it('never hide a special token of a run by text that overlaps it', () => {
    const added_tokens = ['<|end|>', 'x<|end|>'].map((content, i) => ({ id: nPlain + i, content, special: true }));
    const tokenizer = createTokenizer(
      parseTokenizerJson({ ...base, added_tokens } as unknown as Json, 'tokenizer.json'),
    );
    const ids = tokenizer.encodeRuns([{ text: 'x' }, { special: '<|end|>' }, { text: '<|end|>' }]);
    assert.deepEqual(
      ids.filter((id) => tokenizer.isSpecial(id)),
      [nPlain],
    );
    assert.equal(tokenizer.decode(ids), 'x<|end|><|end|>');
  });

  it('are shown in decoded text unless they are special', () => {
    const added_tokens = ['<|end|>', '</think>', 'née'].map((content, i) => {
      return { id: nPlain + i, content, special: i === 0 };
    });
    const tokenizer = createTokenizer(
      parseTokenizerJson({ ...base, added_tokens } as unknown as Json, 'tokenizer.json'),
    );
    assert.equal(tokenizer.decode([nPlain + 1, nPlain, nPlain + 2], { skipSpecial: true }), '</think>née');
    assert.deepEqual(
      tokenizer.addedTokens.map(({ name }) => name),
      ['</think>', 'née'],
    );
  });
});
