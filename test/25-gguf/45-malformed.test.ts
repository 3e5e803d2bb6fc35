// What the reader refuses: headers that say too little, too much or something else than the file holds.

import { strict as assert } from 'node:assert';
import { bytesSource } from '@llama-ts/base';
import { openGguf } from '@llama-ts/gguf';
import { failureOf, ggufBytes } from './support.js';

const u8 = (...values: number[]) => Uint8Array.from(values);
const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: bigint | number) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string) => new Uint8Array(Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]));
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const padTo = (bytes: Uint8Array, length: number) =>
  join(bytes, new Uint8Array(Math.max(0, length - bytes.byteLength)));
const MAGIC = Buffer.from('GGUF');

/** A header with these entries and this table. */
function header(entries: readonly Uint8Array[], tensors: readonly Uint8Array[] = [], version = 3): Uint8Array {
  return join(MAGIC, u32(version), u64(tensors.length), u64(entries.length), ...entries, ...tensors);
}
const entry = (key: string, kind: number, ...value: readonly Uint8Array[]) => join(text(key), u32(kind), ...value);
const tensor = (name: string, dims: readonly (bigint | number)[], type: number, offset: bigint | number) =>
  join(text(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset));
/** A file with these tensors and `dataBytes` of data. */
function file(tensors: readonly Uint8Array[], dataBytes: number, entries: readonly Uint8Array[] = []): Uint8Array {
  const head = header(entries, tensors);
  return padTo(padTo(head, Math.ceil(head.byteLength / 32) * 32), Math.ceil(head.byteLength / 32) * 32 + dataBytes);
}
const repeat = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

const cases: readonly (readonly [title: string, bytes: Uint8Array, code: string, message: RegExp])[] = [
  [
    'millions of values of true or false',
    header([entry('k', 9, u32(7), u64(100_001), new Uint8Array(100_001))]),
    'LIMIT_EXCEEDED',
    /metadata "k" is an array of 100001 values of kind bool, expected at most 100000/,
  ],
  ['an empty file', u8(), 'NOT_GGUF', /is empty, expected a GGUF file/],
  ['three bytes of the magic', MAGIC.subarray(0, 3), 'NOT_GGUF', /is not GGUF/],
  ['a safetensors file', join(u64(2), Buffer.from('{}')), 'NOT_GGUF', /is a safetensors file, expected/],
  ['a git-lfs pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'NOT_GGUF', /git-lfs pointer/],
  ['an HTML page', Buffer.from('<!doctype html><p>sign in'), 'NOT_GGUF', /an HTML page/],
  ['a pickle', u8(0x80, 2, 0x7d), 'NOT_GGUF', /a Python pickle/],
  ['magic of the old ggml', Buffer.from('tjgg\x01\0\0\0'), 'NOT_GGUF', /is not GGUF/],
  ['magic turned around', Buffer.from('FUGG\x03\0\0\0'), 'NOT_GGUF', /expected a GGUF file/],
  ['the magic alone', MAGIC, 'GGUF_TRUNCATED', /4 bytes, expected at least 24/],
  ['no counts', join(MAGIC, u32(3), u64(0)), 'GGUF_TRUNCATED', /16 bytes, expected at least 24/],
  ['version 0', header([], [], 0), 'GGUF_HEADER', /version 0 at byte 4, expected 2 or 3/],
  ['version 1, whose counts are shorter', header([], [], 1), 'GGUF_HEADER', /version 1 at byte 4/],
  ['version 4', header([], [], 4), 'GGUF_HEADER', /version 4 at byte 4/],
  ['big-endian bytes', header([], [], 0x03000000), 'GGUF_HEADER', /is a big-endian GGUF file/],
  [
    'more tensors than the file has bytes for',
    join(MAGIC, u32(3), u64(1000), u64(0)),
    'GGUF_TRUNCATED',
    /1000 tensors/,
  ],
  [
    '2^64 − 1 tensors',
    join(MAGIC, u32(3), u64(2n ** 64n - 1n), u64(0)),
    'GGUF_TRUNCATED',
    /18446744073709551615 tensors/,
  ],
  ['2^63 entries', join(MAGIC, u32(3), u64(0), u64(2n ** 63n)), 'GGUF_TRUNCATED', /metadata entries/],
  [
    'over 100,000 tensors',
    padTo(join(MAGIC, u32(3), u64(100_001), u64(0)), 3_000_000),
    'LIMIT_EXCEEDED',
    /100001 tensors, expected at most 100000/,
  ],
  [
    'over 10,000 entries',
    padTo(join(MAGIC, u32(3), u64(0), u64(10_001)), 3_000_000),
    'LIMIT_EXCEEDED',
    /10001 metadata entries, expected at most 10000/,
  ],
  ['a key of no bytes', padTo(header([entry('', 4, u32(1))]), 99), 'GGUF_HEADER', /a key of 0 bytes at byte 24/],
  ['a key of 65,536 bytes', header([entry('k'.repeat(65_536), 4, u32(1))]), 'GGUF_HEADER', /a key of 65536 bytes/],
  ['a key longer than the file', header([join(u64(10_000), u32(1), u32(1))]), 'GGUF_TRUNCATED', /10000 bytes of a key/],
  ['a key that is not UTF-8', header([join(u64(1), u8(0xff), u32(4), u32(1))]), 'GGUF_HEADER', /not UTF-8/],
  ['the same key twice', header([entry('k', 4, u32(1)), entry('k', 4, u32(1))]), 'GGUF_HEADER', /metadata "k" twice/],
  ['a key with an escape sequence', header([entry('\u001b[2J', 13, u32(1))]), 'GGUF_HEADER', /\\u001b\[2J" of kind 13/],
  ['an unknown value type', header([entry('k', 13, u32(1))]), 'GGUF_HEADER', /of kind 13 at byte 33, expected 0 to 12/],
  ['a bool of 2', header([entry('k', 7, u8(2))]), 'GGUF_HEADER', /is 2 at byte 37, expected 0 or 1/],
  [
    'a string longer than the file',
    header([entry('k', 8, u64(2n ** 40n))]),
    'GGUF_TRUNCATED',
    /1099511627776 bytes of/,
  ],
  [
    'a string of 2^64 − 1 bytes',
    header([entry('k', 8, u64(2n ** 64n - 1n))]),
    'GGUF_TRUNCATED',
    /18446744073709551615/,
  ],
  ['a string that is not UTF-8', header([entry('k', 8, u64(2), u8(0xc3, 0x28))]), 'GGUF_HEADER', /"k" is not UTF-8/],
  ['a value cut off', header([entry('k', 12, u32(1))]), 'GGUF_TRUNCATED', /within its header/],
  ['an array longer than the file', header([entry('k', 9, u32(0), u64(2n ** 50n))]), 'GGUF_TRUNCATED', /values of/],
  [
    'an array of strings longer than the file',
    header([entry('k', 9, u32(8), u64(2n ** 33n), new Uint8Array(4096))]),
    'GGUF_TRUNCATED',
    /8589934592 values of metadata "k"/,
  ],
  ['an array of arrays', header([entry('k', 9, u32(9), u64(1), u32(0), u64(0))]), 'GGUF_HEADER', /array of arrays/],
  ['an array of no known kind', header([entry('k', 9, u32(99), u64(0))]), 'GGUF_HEADER', /of kind 99/],
  ['an array of bools with a 3', header([entry('k', 9, u32(7), u64(1), u8(3))]), 'GGUF_HEADER', /is 3/],
  ['an alignment of 0', header([entry('general.alignment', 4, u32(0))]), 'GGUF_HEADER', /general\.alignment 0/],
  ['an alignment of 24', header([entry('general.alignment', 4, u32(24))]), 'GGUF_HEADER', /power of two/],
  ['an alignment of 2^17', header([entry('general.alignment', 4, u32(131_072))]), 'GGUF_HEADER', /up to 65536/],
  ['an alignment of 64 bits', header([entry('general.alignment', 10, u64(32))]), 'GGUF_HEADER', /of kind u64/],
  ['a tensor without a name', file([tensor('', [1], 0, 0)], 4), 'GGUF_TENSOR', /name of 0 bytes/],
  ['a tensor’s name of 64 bytes', file([tensor('x'.repeat(64), [1], 0, 0)], 4), 'GGUF_TENSOR', /64 bytes .*1 to 63/],
  ['two tensors of one name', file([tensor('x', [8], 0, 0), tensor('x', [8], 0, 32)], 64), 'GGUF_TENSOR', /"x" twice/],
  ['a tensor of no dimension', file([tensor('x', [], 0, 0)], 4), 'GGUF_TENSOR', /0 dimensions, expected 1 to 4/],
  ['a tensor of five dimensions', file([tensor('x', [1, 1, 1, 1, 1], 0, 0)], 4), 'GGUF_TENSOR', /5 dimensions/],
  ['2^32 − 1 dimensions', file([join(text('x'), u32(0xffffffff), u64(1), u64(1))], 4), 'GGUF_TENSOR', /4294967295 dim/],
  ['a length of 0', file([tensor('x', [0, 4], 0, 0)], 4), 'GGUF_TENSOR', /shape \[4, 0\]/],
  ['a length of 2^63', file([tensor('x', [2n ** 63n], 0, 0)], 4), 'GGUF_TENSOR', /9223372036854775808/],
  ['a product over 2^53', file([tensor('x', [2n ** 30n, 2n ** 30n], 0, 0)], 4), 'GGUF_TENSOR', /2\^53/],
  ['a product that wraps around', file([tensor('x', [2n ** 32n, 2n ** 32n], 0, 0)], 4), 'GGUF_TENSOR', /2\^53/],
  [
    'a type that ggml took back',
    file([tensor('x', [32], 4, 0)], 18),
    'GGUF_TENSOR',
    /type 4, expected one that ggml has/,
  ],
  ['a type of the future', file([tensor('x', [32], 4_000_000_000, 0)], 18), 'GGUF_TENSOR', /type 4000000000/],
  [
    'rows that are no whole blocks',
    file([tensor('x', [33], 8, 0)], 70),
    'GGUF_TENSOR',
    /rows of 33, expected a multiple/,
  ],
  [
    'an offset that is not aligned',
    file([tensor('x', [1], 0, 4)], 8),
    'GGUF_TENSOR',
    /at byte 4 of the data, expected 0/,
  ],
  ['a hole between tensors', file([tensor('x', [8], 0, 0), tensor('y', [8], 0, 64)], 96), 'GGUF_TENSOR', /expected 32/],
  ['tensors that overlap', file([tensor('x', [16], 0, 0), tensor('y', [8], 0, 32)], 64), 'GGUF_TENSOR', /expected 64/],
  [
    'an offset of 2^64 − 32',
    file([tensor('x', [8], 0, 2n ** 64n - 32n)], 32),
    'GGUF_TRUNCATED',
    /18446744073709551584/,
  ],
  [
    'data that ends early',
    file([tensor('x', [8], 0, 0)], 31),
    'GGUF_TRUNCATED',
    /ends at byte 96, in a file of 95 bytes/,
  ],
  ['no data', file([tensor('x', [8], 0, 0)], 0), 'GGUF_TRUNCATED', /in a file of 64 bytes/],
  ['bytes after the data', file([tensor('x', [8], 0, 0)], 33), 'GGUF_TENSOR', /1 bytes after its last tensor/],
  [
    'a table cut off',
    header([], [tensor('x', [8], 0, 0).subarray(0, 20)]),
    'GGUF_TRUNCATED',
    /ends at byte 44 within its header/,
  ],
];

describe('a malformed GGUF file', () => {
  for (const [title, bytes, code, message] of cases) {
    it(`is refused: ${title}`, async () => {
      const error = await failureOf(() => openGguf(bytesSource(new Uint8Array(bytes), 'm.gguf')));
      assert.deepEqual([error.code, message.test(error.message)], [code, true], `${error.code} ${error.message}`);
      assert.match(error.message, /^m\.gguf: /);
      assert.ok(error.suggestions.length > 0);
    });
  }

  it('is refused wherever it is cut off', async () => {
    const whole = ggufBytes(
      [{ name: 'x', type: 'F32', shape: [8] }],
      [
        ['k', { kind: 'array', of: 'string', values: ['a', 'bc'] }],
        ['v', { kind: 'f64', value: 1 }],
      ],
    );
    for (let length = 0; length < whole.byteLength; length++) {
      const error = await failureOf(() => openGguf(bytesSource(whole.subarray(0, length), 'm.gguf')));
      assert.match(error.code, /^(?:NOT_GGUF|GGUF_TRUNCATED)$/, `${length} bytes: ${error.message}`);
    }
  });

  it('takes no memory for counts that its bytes cannot hold', async () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const kind of [0, 6, 8, 10]) {
      const bytes = padTo(header([entry('k', 9, u32(kind), u64(2n ** 20n))]), 400_000);
      await failureOf(() => openGguf(bytesSource(bytes, 'm.gguf')));
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
  });

  it('takes names of any text, which are shown without control characters', async () => {
    const bytes = file(
      repeat(2, (i) => tensor(`${i}\u001b[2J__proto__`, [8], 0, 32 * i)),
      64,
    );
    const read = await openGguf(bytesSource(bytes, 'm.gguf'));
    assert.deepEqual([...read.tensors.keys()], ['0\u001b[2J__proto__', '1\u001b[2J__proto__']);
    const error = await failureOf(() => read.read('\u001b'));
    assert.match(error.message, /no tensor "\\u001b"/);
  });
});
