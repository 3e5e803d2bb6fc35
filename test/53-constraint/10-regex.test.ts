import assert from 'node:assert/strict';
import { regex } from '@llama-ts/runtime';
import fc from 'fast-check';
import { byteVocabulary, chooser, isWhole, judge, sayByChance } from './support.js';

/** What JavaScript says. */
const matches = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`, 'u').test(text);

const characters = ['a', 'b', 'é', '€', '😀', '-', ' ', '\n', '0', '7', '_', '\u2028', '\ud7ff', '\ue000'];
const atom = fc.oneof(
  fc.constantFrom('a', 'b', 'é', '€', '😀', '-', '.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\.', '\\u00e9'),
  fc.constantFrom('[ab]', '[^a]', '[a-z0-9]', '[^\\d\\s]', '[€-😀]', '[\\u{1f600}-]', '\\x61', '\\ud83d\\ude00'),
);
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    atom,
    fc.array(tie('node'), { maxLength: 3 }).map((items) => items.join('')),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '{1,3}?'))
      .map(([item, count]) => `(${item})${count}`),
    fc.tuple(fc.constantFrom('(?=', '(?!'), tie('node'), tie('node')).map(([open, a, b]) => `${open}${a})${b}`),
    fc
      .tuple(fc.constantFrom('^', '$'), tie('node'))
      .map(([anchor, item]) => (anchor === '^' ? `^${item}` : `${item}$`)),
  ),
})).node;

describe('a regular expression', () => {
  it('accepts a text exactly where JavaScript matches the whole of it', () => {
    const text = fc.array(fc.constantFrom(...characters), { maxLength: 6 }).map((all) => all.join(''));
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 10, maxLength: 10 }), (source, texts) => {
        const constraint = constraintOf(source);
        for (const one of texts) {
          assert.equal(constraint !== null && isWhole(constraint, one), matches(source, one), JSON.stringify(one));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('allows no beginning that JavaScript does not match once it is complete', () => {
    fc.assert(
      fc.property(pattern, fc.nat(), (source, seed) => {
        const constraint = constraintOf(source);
        if (constraint === null) return;
        const { text, isComplete } = sayByChance(constraint, byteVocabulary, chooser(seed));
        if (isComplete) assert(matches(source, text), JSON.stringify(text));
      }),
      { numRuns: 150 },
    );
  });

  it('matches every character as JavaScript does, of all lengths in UTF-8, and no surrogate', () => {
    const set = '[\\0-\\x08\\x7f-\\u00a0\\u07ff\\u0800\\ufffe-\\u{10000}\\u{10fffe}]';
    const constraint = regex(set);
    const edges = [
      0, 8, 9, 0x7e, 0x7f, 0x80, 0xa0, 0xa1, 0x7fe, 0x7ff, 0x800, 0x801, 0xd7ff, 0xe000, 0xfffd, 0xfffe, 0xffff,
    ];
    for (const code of [...edges, 0x10000, 0x10001, 0x10fffd, 0x10fffe, 0x10ffff]) {
      const text = String.fromCodePoint(code);
      assert.equal(isWhole(constraint, text), matches(set, text), code.toString(16));
    }
    assert.equal(judge(regex('.'), Uint8Array.of(0xed, 0xa0)).isAllowed, false);
    assert.equal(judge(regex('.'), Uint8Array.of(0xc0)).isAllowed, false);
    assert.equal(judge(regex('.'), Uint8Array.of(0xf4, 0x90)).isAllowed, false);
  });

  it('is refused with the name of a construct that is not supported', () => {
    for (const [source, problem] of [
      ['(?<=a)b', /lookbehind at character 1/],
      ['a(?<!b)', /lookbehind at character 2/],
      ['(a)\\1', /back reference/],
      ['\\bword', /word boundary/],
      ['\\p{L}', /Unicode property/],
      ['[\\P{L}]', /Unicode property/],
      ['(a', /Unterminated group/],
    ] as const) {
      assert.throws(() => regex(source), { code: 'BAD_PATTERN', message: problem });
    }
    assert.throws(() => regex('a$b'), { code: 'BAD_PATTERN', message: /matches no text/ });
    assert.throws(() => regex('.{100000}'), { code: 'LIMIT_EXCEEDED' });
    assert.throws(() => regex(`${'('.repeat(20_000)}a${')'.repeat(20_000)}`), { code: 'LIMIT_EXCEEDED' });
    assert.throws(() => regex('a'.repeat(2_000_000)), { code: 'LIMIT_EXCEEDED' });
    assert(isWhole(regex(`${'('.repeat(200)}a${')'.repeat(200)}`), 'a'));
    assert(isWhole(regex('(){1000000000}a'), 'a'));
  });

  it('refuses lone surrogates by name, and reads a pair as one character', () => {
    for (const source of ['\\ud83d', 'a\\ude00', '\\u{d800}', '[\\ud800-\\udbff]', '[\\ud83d]', '\ud83d']) {
      assert.throws(() => regex(source), { code: 'BAD_PATTERN', message: /lone surrogate/ }, source);
    }
    for (const source of ['\\ud83d\\ude00', '\\u{1f600}', '😀', '[\\ud83d\\ude00]', '[^\\ud800-\\udfff]']) {
      assert(isWhole(regex(source), '😀'), source);
    }
    const spanning = regex('[\\ud7ff-\\ue000]');
    assert(isWhole(spanning, '\ud7ff') && isWhole(spanning, '\ue000'));
    assert.equal(judge(spanning, Uint8Array.of(0xed, 0xa0)).isAllowed, false);
  });
});

/** Null where nothing can match. */
function constraintOf(source: string) {
  try {
    return regex(source);
  } catch (error) {
    assert.match(String(error), /matches no text/);
    return null;
  }
}
