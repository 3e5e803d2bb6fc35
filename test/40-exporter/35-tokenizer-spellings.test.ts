// A tokenizer.json is read alike however its JSON is spelled. The oracle is JSON.parse and a reading that trusts the file.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTokenizerJson, readTokenizerJson } from '@llama-ts/exporter';
import type { TokenizerData } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import fc from 'fast-check';
import { pick, type Random, seededRandom } from '../helpers/random-text.js';
import { tokenizerDataFromJson } from '../helpers/tokenizer-json.js';

/** GPT-2's alphabet, as the bytes' own order has it. */
const SYMBOLS = Array.from({ length: 256 }, (_, byte) => byte).map((byte, _, bytes) => {
  const isPrintable = (value: number): boolean => /[!-~¡-¬®-ÿ]/.test(String.fromCharCode(value));
  const nOthers = bytes.slice(0, byte).filter((value) => !isPrintable(value)).length;
  return String.fromCharCode(isPrintable(byte) ? byte : 0x100 + nOthers);
});

const sample = JSON.parse(readFileSync(join(sampleModelPath, 'tokenizer.json'), 'utf8')) as { pre_tokenizer: object };
const PRE_TOKENIZER = JSON.stringify(sample.pre_tokenizer);

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}

/** Every byte, and what a few random merges make of them. */
const vocabulary: fc.Arbitrary<Vocabulary> = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 40 }).map((pairs) => {
  const tokens = [...SYMBOLS];
  const merges = pairs.map(([a, b]): [string, string] => {
    const merge: [string, string] = [tokens[a % tokens.length]!, tokens[b % tokens.length]!];
    if (!tokens.includes(merge.join(''))) tokens.push(merge.join(''));
    return merge;
  });
  return { tokens, merges };
});

/** How often something is spelled in an unusual way, from 0 to 1. */
interface Habits {
  readonly escapes: number;
  readonly fractions: number;
  readonly isListingSpecials: boolean;
  readonly isPaired: boolean;
}

const habits: fc.Arbitrary<Habits> = fc.record({
  escapes: fc.constantFrom(0, 0, 0.01, 1),
  fractions: fc.constantFrom(0, 0, 0.01),
  isListingSpecials: fc.boolean(),
  isPaired: fc.boolean(),
});

function spell({ tokens, merges }: Vocabulary, habit: Habits, random: Random): string {
  const space = (): string => pick(random, ['', '', ' ', '\n  ', '\r\n', '\t']);
  const list = (parts: readonly string[]): string => parts.map((part) => space() + part + space()).join(',');
  const character = (unit: string): string =>
    random() < habit.escapes
      ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      : JSON.stringify(unit).slice(1, -1);
  const string = (text: string): string => `"${text.split('').map(character).join('')}"`;
  const id = (value: number): string => (random() < habit.fractions ? `${value}.0` : String(value));
  const entry = (token: string, value: number): string => `${string(token)}${space()}:${space()}${id(value)}`;

  const added_tokens = ['<|begin|>', '<|"end"|>'].map((content, i) => ({ id: tokens.length + i, content }));
  const entries = tokens.map(entry);
  if (habit.isListingSpecials) for (const { content, id: value } of added_tokens) entries.push(entry(content, value));
  const shuffled = entries.map((text) => ({ text, key: random() })).sort((a, b) => a.key - b.key);
  const merged = merges.map(([a, b]) => (habit.isPaired ? `[${list([string(a), string(b)])}]` : string(`${a} ${b}`)));
  return `{"added_tokens":${JSON.stringify(added_tokens)},"pre_tokenizer":${PRE_TOKENIZER},"model":{
    "type":"BPE","vocab"${space()}:${space()}{${list(shuffled.map(({ text }) => text))}},"merges":${space()}[${list(merged)}]}}`;
}

describe('readTokenizerJson', () => {
  it('reads any vocabulary and merges as JSON.parse does, also with escapes, white space, fractions and special tokens', () => {
    fc.assert(
      fc.property(vocabulary, habits, fc.nat(), (tokens, habit, seed) => {
        const text = spell(tokens, habit, seededRandom(seed));
        assert.deepEqual(readTokenizerJson(Buffer.from(text), 'f'), tokenizerDataFromJson(JSON.parse(text)));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  /** Entries after a vocabulary of every byte, with ids from 0, and 256 for two zero bytes; its specials are 257 and 258. */
  const doubles: readonly [title: string, entries: string][] = [
    ['an id twice', ',"ĀĀĀ":3'],
    ['an id of a special token', ',"ĀĀĀ":257'],
    ['a special token under its id and another', ',"<|begin|>":259,"<|begin|>":257'],
    ['a special token under another id', ',"<|begin|>":259'],
    ['a token under two ids', ',"Ā":259'],
    ['a token twice', ',"Ā":0'],
    ['an empty token', ',"":259'],
    ['an id past every limit', ',"ĀĀĀ":4194304'],
    ['an id with a zero before it', ',"ĀĀĀ":0259'],
    ['a comma after its last entry', ','],
  ];
  for (const [title, entries] of doubles) {
    it(`refuses a vocabulary with ${title} in the words it has for a parsed one`, () => {
      const usual: Habits = { escapes: 0, fractions: 0, isListingSpecials: false, isPaired: true };
      const merged: Vocabulary = { tokens: [...SYMBOLS, 'ĀĀ'], merges: [['Ā', 'Ā']] };
      const text = spell(merged, usual, () => 0).replace('},"merges"', `${entries}},"merges"`);
      assert.ok(text.includes(entries));
      assert.deepEqual(
        outcome(() => readTokenizerJson(Buffer.from(text), 'f')),
        outcome(() => parseTokenizerJson(JSON.parse(text), 'f')),
      );
    });
  }
});

/** The data, or the error's message; "no JSON" for a text that is not JSON. */
function outcome(read: () => TokenizerData): TokenizerData | string {
  try {
    return read();
  } catch (error) {
    const { message } = error as Error;
    return error instanceof SyntaxError || message.includes('is not JSON') ? 'no JSON' : message;
  }
}
