import assert from 'node:assert/strict';
import { type Constraint, jsonMode, jsonSchema, regex } from '@llama-ts/runtime';
import fc from 'fast-check';
import { llamaTokenizer } from '../helpers/tokenizers.js';
import { schemas } from './schemas.js';
import { allowedTokens, byteVocabulary, chooser, isWhole, judge, sayByChance, vocabulary } from './support.js';

const utf8 = new TextEncoder();
const concat = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Tokens that JSON falls apart into badly: parts of characters, and keys with all that is around them. */
const awkward = [
  '":',
  '","',
  '":1,"',
  '{"',
  '":{"',
  '"a":1,"a":',
  'a":1,"',
  '":"","',
  ', "',
  '\\"',
  '\\u0',
  '}]',
  'é"',
  'true,',
  '😀',
]
  .map((text) => utf8.encode(text))
  .concat([Uint8Array.of(0xf0, 0x9f), Uint8Array.of(0x98, 0x80, 0x22), Uint8Array.of(0xa9, 0xf0)]);

describe('a token mask', () => {
  const constraints: readonly (readonly [string, Constraint])[] = [
    ['any JSON', jsonMode()],
    ['a pattern', regex('(a|é|😀{2}){1,4}(":|😀)*')],
    ...Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema)] as const),
  ];
  const pieces = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc.string({ minLength: 1, maxLength: 6 }).map((text) => utf8.encode(text)),
    fc.constantFrom(...awkward),
    fc.tuple(fc.constantFrom(...awkward), fc.constantFrom(...awkward)).map(concat),
  );

  it('equals the result of trying each token alone, byte by byte', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...constraints),
        fc.uniqueArray(pieces, { maxLength: 40, minLength: 20, selector: (bytes) => bytes.join() }),
        fc.nat(),
        ([, constraint], tokens, seed) => {
          const tokenizer = vocabulary(tokens.filter((token) => token.length > 1));
          const choose = chooser(seed);
          const text = constraint.begin(tokenizer);
          let said = new Uint8Array(0);
          for (let step = 0; step < 10 && text.hasNext; step++) {
            const allowed = allowedTokens(text, tokenizer);
            const byBytes = constraint.begin(byteVocabulary);
            for (const byte of said) byBytes.push(byte);
            const allowedBytes = allowedTokens(byBytes, byteVocabulary);
            for (let id = 0; id < 256; id++) assert.equal(allowed.has(id), allowedBytes.has(id));
            for (let id = 256; id < tokenizer.nTokens - 1; id++) {
              const { isAllowed } = judge(constraint, concat([said, tokenizer.tokenBytes(id)]));
              assert.equal(allowed.has(id), isAllowed, `${said} ${tokenizer.tokenBytes(id)}`);
            }
            assert.equal(allowed.has(tokenizer.nTokens - 1), text.isComplete);
            const ids = [...allowed].filter((id) => id !== tokenizer.nTokens - 1);
            const long = ids.filter((id) => id > 255);
            const id = choose(long.length > 0 ? long : ids);
            text.push(id);
            said = concat([said, tokenizer.tokenBytes(id)]) as Uint8Array<ArrayBuffer>;
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('allows a text however tokens split it, within characters too', () => {
    const value = '{"é😀": ["\\"\\\\", "青\\u0001", -1.5e10, true], "": null}';
    const bytes = utf8.encode(value);
    for (let start = 0; start < bytes.length; start++) {
      for (let end = start + 2; end <= Math.min(bytes.length, start + 9); end++) {
        const tokenizer = vocabulary([bytes.slice(start, end)]);
        const text = jsonMode().begin(tokenizer);
        for (const byte of bytes.subarray(0, start)) text.push(byte);
        assert(allowedTokens(text, tokenizer).has(256), value.slice(start, end));
        text.push(256);
        for (const byte of bytes.subarray(end)) text.push(byte);
        assert(text.isComplete);
      }
    }
  });

  it('never allows a key twice, not even by one token with two keys', () => {
    const constraint = jsonMode();
    for (const text of ['{"a":1,"a":', '{"a":{"a":1},"a":', '{"b":[{"a":1,"a":', '{"a\\n":1,"a\\n":']) {
      assert.equal(judge(constraint, utf8.encode(text)).isAllowed, false, text);
    }
    const tokens = ['":1,"a":', '":1,"b":', 'a":1,"ab":'].map((text) => utf8.encode(text));
    const tokenizer = vocabulary(tokens);
    const text = constraint.begin(tokenizer);
    for (const byte of utf8.encode('{"a')) text.push(byte);
    const allowed = allowedTokens(text, tokenizer);
    assert.deepEqual(
      [256, 257, 258].map((id) => allowed.has(id)),
      [false, true, true],
    );
  });

  it('excludes special tokens, and the end token until the text is complete', () => {
    const constraint = regex('[^]*'.replace('[^]', '(.|\\n)'));
    const name = '<|end|>';
    const text = constraint.begin(byteVocabulary);
    assert(isWhole(constraint, name));
    for (const byte of utf8.encode('a')) text.push(byte);
    const logits = new Float32Array(byteVocabulary.nTokens);
    text.restrict(logits, []);
    assert.equal(logits[256], Number.NEGATIVE_INFINITY);
    const number = regex('\\d{2}').begin(byteVocabulary);
    number.push(0x31);
    assert(!allowedTokens(number, byteVocabulary).has(256));
    number.push(0x32);
    assert(number.isComplete && !number.hasNext);
  });

  it('is exact for the 128,256 tokens of Llama 3', () => {
    const tokenizer = llamaTokenizer();
    const constraint = jsonSchema(schemas.person);
    const ends = [tokenizer.specialId('<|eot_id|>')!];
    const text = constraint.begin(tokenizer);
    const value = '{"name": "Ada 😀 Lovelace", "age": 36}'.replace(' Lovelace', '');
    for (const id of tokenizer.encode(value)) {
      const logits = new Float32Array(tokenizer.nTokens);
      text.restrict(logits, ends);
      assert.equal(logits[id], 0);
      assert(tokenizer.specialTokens.every((special) => logits[special.id] === Number.NEGATIVE_INFINITY));
      text.push(id);
    }
    assert(text.isComplete && !text.hasNext);
    const said = sayByChance(constraint, tokenizer, chooser(5));
    assert(typeof JSON.parse(said.text).age === 'number');
  });
});
