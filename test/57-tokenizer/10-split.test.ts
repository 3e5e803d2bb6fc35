import assert from 'node:assert/strict';
import { splitLlama3 } from '@llama-ts/runtime';
import { randomText, seededRandom } from '../helpers/random-text.js';
import { oracleSplit } from '../helpers/tokenizers.js';

describe('the pre-tokenizer of Llama 3', function () {
  this.timeout(120_000);

  it('gives every code point the class that the oracle gives it', () => {
    // A letter joins the first "a", a number nothing, white space the last "a", another sign the "!".
    compareOverCodePoints((c) => `a${c}!${c}a`);
  });

  it('reads every case folding of a contraction and nothing else as one, over the planes with letter case', () => {
    compareOverCodePoints((c) => `'${c}1`, 0x20000);
    for (const around of [(c: string) => `'${c}e1`, (c: string) => `'${c}l1`]) compareOverCodePoints(around, 0x2200);
    for (const around of ['r', 'R', 'v', 'V', 'l', 'L']) compareOverCodePoints((c) => `'${around}${c}1`, 0x2200);
  });

  it('splits every string of up to five characters of eleven classes as the pattern does', () => {
    const kinds = [' ', '\n', '\r', '\t', '\u3000', 'a', 's', '1', '!', "'", '🦙'];
    let texts = [''];
    for (let length = 1; length <= 5; length++) {
      texts = texts.flatMap((text) => kinds.map((kind) => text + kind));
      for (const text of texts) assert.deepEqual(splitLlama3(text), oracleSplit()(text), JSON.stringify(text));
    }
  });

  it('splits random text as the oracle does, without losing a character', () => {
    const random = seededRandom(1);
    for (let i = 0; i < 5000; i++) {
      const text = randomText(random);
      assert.deepEqual(splitLlama3(text), oracleSplit()(text), JSON.stringify(text));
      assert.equal(splitLlama3(text).join(''), text);
    }
  });

  it('reads U+0085 as white space and U+FEFF as a symbol, unlike JavaScript', () => {
    assert.deepEqual(splitLlama3('1\u0085\u00851'), ['1', '\u0085', '\u0085', '1']);
    assert.deepEqual(splitLlama3('1\ufeff\ufeff1'), ['1', '\ufeff\ufeff', '1']);
  });
});

/** Compares in blocks: one text, and one failure message, for 4,096 code points. */
function compareOverCodePoints(textWith: (character: string) => string, end = 0x110000): void {
  for (let first = 0; first < end; first += 0x1000) {
    let text = '';
    for (let code = first; code < first + 0x1000; code++) {
      if (code < 0xd800 || code > 0xdfff) text += textWith(String.fromCodePoint(code));
    }
    const found = splitLlama3(text);
    const expected = oracleSplit()(text);
    const at = expected.findIndex((piece, i) => piece !== found[i]);
    assert.equal(found[at], expected[at], `between U+${first.toString(16)} and U+${(first + 0xfff).toString(16)}`);
    assert.equal(found.length, expected.length);
  }
}
