import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import type { TokenizerData } from '@llama-ts/format';
import { createTokenizer } from '@llama-ts/runtime';
import { packTokens } from '../helpers/tokenizer-json.js';

const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
const utf8 = (text: string) => new TextEncoder().encode(text);
const good: TokenizerData = {
  ...packTokens([...bytes, utf8('ab'), utf8('<|end|>')]),
  splitPattern: 'llama3',
  ignoreMerges: true,
  merges: Uint32Array.of(97, 98),
  specialTokens: [{ id: 257, name: '<|end|>' }],
};

const cases: readonly (readonly [string, Partial<TokenizerData>])[] = [
  ['a missing byte', packTokens([...bytes.slice(0, 255), utf8('cd'), utf8('ab'), utf8('<|end|>')])],
  ['two tokens of the same bytes', { ...packTokens([...bytes, utf8('ab'), utf8('ab')]), specialTokens: [] }],
  ['an empty token', packTokens([...bytes, utf8(''), utf8('<|end|>')])],
  ['no tokens', { ...packTokens([]), specialTokens: [] }],
  ['an offset too few', { tokenOffsets: good.tokenOffsets.slice(1) }],
  ['offsets past the bytes', { tokenBytes: good.tokenBytes.slice(1) }],
  ['a merge of a token that is not there', { merges: Uint32Array.of(97, 258) }],
  ['half a merge', { merges: Uint32Array.of(97) }],
  ['a special id out of range', { specialTokens: [{ id: 258, name: '<|end|>' }] }],
  ['a negative special id', { specialTokens: [{ id: -1, name: '<|end|>' }] }],
  ['a special id given twice', { specialTokens: [...good.specialTokens, { id: 257, name: '<|x|>' }] }],
  ['a special name given twice', { specialTokens: [...good.specialTokens, { id: 256, name: '<|end|>' }] }],
  ['a special name unlike its bytes', { specialTokens: [{ id: 257, name: '<|start|>' }] }],
  ['an empty special name', { specialTokens: [{ id: 257, name: '' }] }],
];

describe('createTokenizer on malformed data', () => {
  it('accepts the data before it is malformed', () => {
    const tokenizer = createTokenizer(good);
    assert.deepEqual(tokenizer.encode('ab<|end|>', { specials: 'tokens' }), [256, 257]);
    assert.equal(tokenizer.specialId('<|end|>'), 257);
    assert.equal(tokenizer.specialId('<|other|>'), undefined);
  });

  for (const [what, fault] of cases) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => createTokenizer({ ...good, ...fault }),
        (error) => isToolkitError(error) && error.code === 'BAD_TOKENIZER' && error.suggestions.length > 0,
      );
    });
  }

  it('refuses a merge whose result is no token when a text first needs it', () => {
    const tokenizer = createTokenizer({ ...good, merges: Uint32Array.of(98, 97) });
    assert.throws(
      () => tokenizer.encode('ba'),
      (error) => isToolkitError(error) && error.code === 'BAD_TOKENIZER',
    );
  });

  it('refuses an unknown split pattern', () => {
    const data = { ...good, splitPattern: '(a+)+$' } as unknown as TokenizerData;
    assert.throws(
      () => createTokenizer(data),
      (error) => isToolkitError(error) && error.code === 'UNKNOWN_SPLIT_PATTERN',
    );
  });
});
