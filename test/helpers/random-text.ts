// Random strings of every script, from a seed: what a tokenizer may be given.

/** A random number in [0, 1). */
export type Random = () => number;

/** @see https://github.com/cprosche/mulberry32 */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: Random, items: ArrayLike<T>): T {
  return items[Math.floor(random() * items.length)]!;
}

/** First and last code points of blocks with letters, digits, marks or signs of their own. */
const BLOCKS: readonly (readonly [number, number])[] = [
  [0x20, 0x7e],
  [0xa0, 0xff],
  [0x100, 0x24f],
  [0x300, 0x36f], // combining marks
  [0x370, 0x3ff],
  [0x400, 0x4ff],
  [0x530, 0x5ff], // Armenian, Hebrew
  [0x600, 0x6ff],
  [0x900, 0x97f],
  [0xe00, 0xe7f],
  [0x1100, 0x11ff], // Hangul jamo
  [0x1680, 0x169f], // Ogham, with its own space
  [0x2000, 0x206f], // spaces, joiners, punctuation
  [0x2150, 0x218f], // number forms
  [0x2460, 0x24ff],
  [0x3000, 0x30ff],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xfe00, 0xfe0f], // variation selectors
  [0xff00, 0xffef],
  [0x10940, 0x1095f], // new in Unicode 17, letters there only
  [0x11de0, 0x11de9],
  [0x1d7ce, 0x1d7ff], // mathematical digits
  [0x1f300, 0x1faff],
  [0x20000, 0x2a6df],
];

const WHITE_SPACE = [
  ...' \t\n\r\v\f\u0085\u00a0\u2003\u2028\u202f\u3000\ufeff\u200b\u001c',
  '\r\n',
  '  ',
  ' \n',
  '\n\n',
];
const CONTRACTIONS = [
  "'s",
  "'S",
  "'ſ",
  "'t",
  "'RE",
  "'re",
  "'vE",
  "'m",
  "'LL",
  "'lL",
  "'d",
  "'x",
  "'",
  "''",
  '’s',
  "'r",
  "'l",
];
const EMOJI = ['😀', '👩‍👩‍👧', '🏳️‍🌈', '👍🏽', '🇫🇷', '🦙', '1️⃣', '\u200d', '\ufe0f'];
const WORDS =
  "the quick brown fox naïve café Straße don't WE'LL I'm 東京 привет γειά σου مرحبا שלום สวัสดี नमस्ते 안녕 x1 3.14 e-mail https://a.b/c?d=e".split(
    ' ',
  );
const CODE = [
  '  ',
  '    ',
  '\t',
  'if (',
  ') {',
  '}\n',
  'return ',
  '=>',
  '===',
  '/*',
  '*/',
  '//',
  '"',
  "'",
  '0x1F',
  ';\n',
  '<|',
  '|>',
  '#',
];

const KINDS: readonly ((random: Random) => string)[] = [
  anyCodePoint,
  ofOneBlock(),
  (random) => String.fromCodePoint(randomIn(random, pick(random, BLOCKS))),
  (random) => pick(random, WHITE_SPACE),
  (random) => pick(random, CONTRACTIONS) + pick(random, ['', 'a', ' ', '1']),
  (random) => String(Math.floor(random() * 10 ** Math.floor(random() * 12))),
  (random) => pick(random, EMOJI),
  (random) => pick(random, WORDS) + pick(random, [' ', ' ', '', ', ', '.\n']),
  (random) => pick(random, CODE),
  (random) => pick(random, ['a', ' ', '\n', '!', '7', 'é']).repeat(1 + Math.floor(random() * 20)),
];

/** A string of one kind or of several mixed, up to some 40 parts long. */
export function randomText(random: Random): string {
  const only = random() < 0.5 ? pick(random, KINDS) : undefined;
  let text = '';
  for (let parts = Math.floor(random() * 40); parts >= 0; parts--) text += (only ?? pick(random, KINDS))(random);
  return text;
}

function anyCodePoint(random: Random): string {
  const code = Math.floor(random() * (random() < 0.5 ? 0x10000 : 0x110000));
  return code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCodePoint(code);
}

function ofOneBlock() {
  let block = BLOCKS[0]!;
  return (random: Random) => {
    if (random() < 0.05) block = pick(random, BLOCKS);
    return String.fromCodePoint(randomIn(random, block));
  };
}

function randomIn(random: Random, [first, last]: readonly [number, number]): number {
  return first + Math.floor(random() * (last - first + 1));
}
