// A damaged file as a list of edits to a whole one, so that a failure can be made small: fewer edits, shorter ones.

import { pick, type Random } from '../../helpers/random-text.js';

/** Removes bytes and puts others in their place. */
export interface Edit {
  /** Place in the original file; edits are in ascending order and do not overlap. */
  readonly byteOffset: number;
  readonly nRemoved: number;
  readonly inserted: Uint8Array;
}

/** A damaged file. */
export interface Mutant {
  readonly sample: Uint8Array;
  readonly edits: readonly Edit[];
  /** Whether lengths and checksums that the edits broke are made right again, so that readers get further. */
  readonly isRepaired: boolean;
}

const MAX_EDITS = 4;
/** Numbers at which types, signs and caps end. */
const EDGES = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  255n,
  2n ** 15n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
];
const LONG_EDGES = [...EDGES, 2n ** 53n - 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 100_000_000n, 100_000_001n];
/** What JSON may hold in place of anything. */
const VALUES = [
  ...['null', 'true', 'false', '0', '-0', '-1', '1', '2', '3', '0.5', '1.0', '1e3', '1e-400', '1e400', '-1e400'],
  ...['9007199254740991', '9007199254740993', '2147483648', '1000000000000', '01', '+1', '.5', 'NaN', 'Infinity'],
  ...['""', '"1"', '"\\u0000"', '"\\ud800"', '"\\u001b[2J"', '"../x"', '"__proto__"', '"\\x"', '"', '[]', '{}', '[[]]'],
  ...[
    '{"a":1}',
    '[1,2,3]',
    '[null]',
    '{"__proto__":null}',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '\ufeff',
    '\u0000',
    ' ',
    '\n',
  ],
];
/** What can be repeated, and what closes it. */
const LONG = [
  ...([
    ['[', ']'],
    ['{"a":', '}'],
    ['[', ''],
    ['', '}'],
    ['[[],', ']'],
    ['"', ''],
  ] as const),
  ...([
    [' ', ''],
    ['9', ''],
    ['\n', ''],
    ['\\u0000', ''],
    ['{{', ''],
    ['aaaaaaaa', ''],
  ] as const),
] as const;
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[a-z]+|[{}[\],:]/g;

/** Damages a sample. `tokens` are words of its format. */
export function mutate(sample: Uint8Array, tokens: readonly string[], random: Random): Mutant {
  const nEdits = 1 + Math.floor(random() ** 2 * MAX_EDITS);
  const drawn = Array.from({ length: nEdits }, () => drawEdit(sample, tokens, random));
  drawn.sort((a, b) => a.byteOffset - b.byteOffset);
  let end = -1;
  const edits = drawn.filter(({ byteOffset, nRemoved }) => {
    if (byteOffset <= end) return false;
    end = byteOffset + nRemoved;
    return true;
  });
  return { sample, edits, isRepaired: random() < 0.7 };
}

/** The damaged file. */
export function apply({ sample, edits }: Mutant): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { byteOffset, nRemoved, inserted } of edits) {
    parts.push(sample.subarray(at, byteOffset), inserted);
    at = Math.min(sample.byteLength, byteOffset + nRemoved);
  }
  return new Uint8Array(Buffer.concat([...parts, sample.subarray(at)]));
}

/** Makes a mutant smaller for as long as it still fails. */
export async function shrink(mutant: Mutant, fails: (mutant: Mutant) => Promise<boolean>): Promise<Mutant> {
  for (const smaller of smallerThan(mutant)) {
    if (await fails(smaller)) return shrink(smaller, fails);
  }
  return mutant;
}

function* smallerThan({ sample, edits, isRepaired }: Mutant): Generator<Mutant> {
  if (edits.length > 1) {
    for (const dropped of edits) yield { sample, edits: edits.filter((edit) => edit !== dropped), isRepaired };
  }
  for (const [i, { byteOffset, nRemoved, inserted }] of edits.entries()) {
    const half = Math.floor(inserted.byteLength / 2);
    const versions: readonly Edit[] = [
      { byteOffset, nRemoved, inserted: inserted.subarray(0, half) },
      { byteOffset, nRemoved, inserted: inserted.subarray(half) },
      { byteOffset, nRemoved: Math.floor(nRemoved / 2), inserted },
    ];
    for (const edit of versions) {
      if (edit.inserted.byteLength === inserted.byteLength && edit.nRemoved === nRemoved) continue;
      yield { sample, edits: edits.with(i, edit), isRepaired };
    }
  }
}

function drawEdit(sample: Uint8Array, tokens: readonly string[], random: Random): Edit {
  const below = (n: number): number => Math.floor(random() * n);
  const byteOffset = below(sample.byteLength + 1);
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const kinds: readonly (() => Edit)[] = [
    // One bit.
    () => {
      const at = Math.min(byteOffset, sample.byteLength - 1);
      return { byteOffset: at, nRemoved: 1, inserted: Uint8Array.of(sample[at]! ^ (1 << below(8))) };
    },
    // Random bytes.
    () => ({ byteOffset, nRemoved: below(5), inserted: Uint8Array.from({ length: below(5) }, () => below(256)) }),
    // A number at one of its edges, where numbers lie.
    () => {
      const isLong = random() < 0.5;
      const inserted = new Uint8Array(isLong ? 8 : 4);
      const view = new DataView(inserted.buffer);
      if (isLong) view.setBigUint64(0, BigInt.asUintN(64, pick(random, LONG_EDGES)), true);
      else view.setUint32(0, Number(BigInt.asUintN(32, pick(random, EDGES))), true);
      return { byteOffset: byteOffset - (byteOffset % 4), nRemoved: inserted.byteLength, inserted };
    },
    // A word of the format, or of JSON, in place of another.
    ...Array.from({ length: 4 }, () => () => {
      const [start, end] = tokenAt(sample, byteOffset);
      const word = random() < 0.5 && tokens.length > 0 ? pick(random, tokens) : pick(random, VALUES);
      return { byteOffset: start, nRemoved: random() < 0.8 ? end - start : 0, inserted: encode(word) };
    }),
    // A part of the file once more.
    () => {
      const from = below(sample.byteLength);
      return { byteOffset, nRemoved: random() < 0.5 ? 0 : below(64), inserted: sample.slice(from, from + below(200)) };
    },
    // Cut short, or a part missing.
    () => ({ byteOffset, nRemoved: random() < 0.3 ? sample.byteLength : below(200), inserted: new Uint8Array(0) }),
    // Deep, or long.
    () => {
      const [opening, closing] = pick(random, LONG);
      const [start, end] = tokenAt(sample, byteOffset);
      const times = 1 + below(20_000);
      return {
        byteOffset: start,
        nRemoved: end - start,
        inserted: encode(opening.repeat(times) + closing.repeat(times)),
      };
    },
  ];
  // The last kind makes long files, which take long.
  return random() < 0.01 ? kinds.at(-1)!() : pick(random, kinds.slice(0, -1))();
}

/** First byte and end of the JSON token at or after an offset, looked for near it; else of that byte. */
function tokenAt(sample: Uint8Array, byteOffset: number): readonly [number, number] {
  const window = Buffer.from(sample.subarray(byteOffset, byteOffset + 200)).toString('latin1');
  JSON_TOKEN.lastIndex = 0;
  const found = JSON_TOKEN.exec(window);
  if (found === null) return [byteOffset, Math.min(sample.byteLength, byteOffset + 1)];
  return [byteOffset + found.index, byteOffset + found.index + found[0].length];
}
