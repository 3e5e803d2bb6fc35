// Every malformed header gets its code and a message that says where. Bytes are literal.

import { strict as assert } from 'node:assert';
import { MAX_TENSORS, openSafetensors, parseHeader } from '@llama-ts/safetensors';
import { failureOf, fileOf } from './support.js';

const U8 = (shape: string, offsets: string) => `{"dtype":"U8","shape":${shape},"data_offsets":${offsets}}`;
const one = (entry: string) => `{"x":${entry}}`;

type Case = [what: string, bytes: Uint8Array, code: string, message: RegExp];
const bytes = (...values: number[]) => Uint8Array.from(values);
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

const LENGTH: Case[] = [
  ['an empty file', bytes(), 'NOT_SAFETENSORS', /0 bytes, expected at least 8/],
  ['a file under 8 bytes', bytes(2, 0, 0, 0, 0, 0, 0), 'SAFETENSORS_TRUNCATED', /7 bytes, expected at least 8/],
  ['a length without a header', bytes(2, 0, 0, 0, 0, 0, 0, 0), 'SAFETENSORS_TRUNCATED', /length 2 at byte 0/],
  ['a length past the end', bytes(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d), 'SAFETENSORS_TRUNCATED', /at most the 2 bytes/],
  ['a length over the cap', bytes(1, 0xe1, 0xf5, 5, 0, 0, 0, 0), 'LIMIT_EXCEEDED', /100000001 .* at most 100000000/],
  ['a length of 2^63', bytes(0, 0, 0, 0, 0, 0, 0, 0x80), 'LIMIT_EXCEEDED', /length 9223372036854775808/],
  ['a length of 0', bytes(0, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d), 'SAFETENSORS_HEADER', /length 0 .* at least 2/],
  ['a length of 1', fileOf('{'), 'SAFETENSORS_HEADER', /length 1 .* at least 2/],
];

const TEXT: Case[] = [
  ['a name that is not UTF-8', fileOf(latin1('{"\xff":1}')), 'SAFETENSORS_HEADER', /not UTF-8 at byte 10/],
  ['an overlong UTF-8 form', fileOf(latin1('{"\xc0\x80":1}')), 'SAFETENSORS_HEADER', /not UTF-8/],
  ['a surrogate encoded in UTF-8', fileOf(latin1('{"\xed\xa0\x80":1}')), 'SAFETENSORS_HEADER', /not UTF-8/],
  ['a lone surrogate escape', fileOf('{"\\ud800":1}'), 'SAFETENSORS_HEADER', /lone surrogate/],
  ['text that is not JSON', fileOf('hello, world'), 'SAFETENSORS_HEADER', /found 'h' at byte 8/],
  ['only white space', fileOf('        '), 'SAFETENSORS_HEADER', /ends at byte 16/],
  ['an unfinished object', fileOf('{"x"'), 'SAFETENSORS_HEADER', /ends at byte 12, expected a colon/],
  ['an unfinished string', fileOf('{"x'), 'SAFETENSORS_HEADER', /does not end at byte 9/],
  ['a comma before the end', fileOf(`{"x":${U8('[0]', '[0,0]')},}`), 'SAFETENSORS_HEADER', /another member/],
  ['a missing comma', fileOf('{"__metadata__":{} "x":1}'), 'SAFETENSORS_HEADER', /expected a comma/],
  ['a raw control character in a name', fileOf('{"\u0001":1}'), 'SAFETENSORS_HEADER', /control byte 0x01/],
  ['an unknown escape', fileOf('{"\\x41":1}'), 'SAFETENSORS_HEADER', /unknown escape/],
  ['a comment', fileOf('{/**/}'), 'SAFETENSORS_HEADER', /found '\/'/],
  ['a byte order mark', fileOf('\ufeff{}'), 'SAFETENSORS_HEADER', /0xef at byte 8/],
  ['UTF-16', fileOf(new Uint8Array(Buffer.from('{}', 'utf16le'))), 'SAFETENSORS_HEADER', /0x00 at byte 9/],
  ['a trailing NUL', fileOf('{}\0'), 'SAFETENSORS_HEADER', /0x00 at byte 10/],
  ['a second value', fileOf('{}{}'), 'SAFETENSORS_HEADER', /expected the end/],
  ['an array at the root', fileOf('[]'), 'SAFETENSORS_HEADER', /found '\[' at byte 8/],
  ['null at the root', fileOf('null'), 'SAFETENSORS_HEADER', /found 'n'/],
  ['nesting 10^5 deep at the root', fileOf('['.repeat(1e5)), 'SAFETENSORS_HEADER', /found '\['/],
  [
    'nesting 10^5 deep',
    fileOf(one(`{"y":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)),
    'SAFETENSORS_TENSOR',
    /deeper than 128/,
  ],
  [
    'a tensor name twice',
    fileOf(`{"x":${U8('[1]', '[0,1]')},"x":${U8('[1]', '[0,1]')}}`, 'a'),
    'SAFETENSORS_HEADER',
    /key "x" a second time/,
  ],
  [
    'a tensor name twice, once escaped',
    fileOf(`{"x":${U8('[0]', '[0,0]')},"\\u0078":${U8('[0]', '[0,0]')}}`),
    'SAFETENSORS_HEADER',
    /key "x" a second time/,
  ],
  ['__proto__ twice', fileOf(`{"__proto__":${U8('[0]', '[0,0]')},"__proto__":1}`), 'SAFETENSORS_HEADER', /second time/],
  ['__metadata__ twice', fileOf('{"__metadata__":{},"__metadata__":null}'), 'SAFETENSORS_HEADER', /second time/],
  [
    'a metadata key twice',
    fileOf('{"__metadata__":{"a":"1","a":"1"}}'),
    'SAFETENSORS_HEADER',
    /"a" of __metadata__ a second/,
  ],
  [
    'a metadata value that is a number',
    fileOf('{"__metadata__":{"a":1}}'),
    'SAFETENSORS_HEADER',
    /__metadata__\["a"\], a string/,
  ],
  ['a metadata value that is null', fileOf('{"__metadata__":{"a":null}}'), 'SAFETENSORS_HEADER', /a string/],
  ['metadata that is a list', fileOf('{"__metadata__":[]}'), 'SAFETENSORS_HEADER', /__metadata__, an object/],
];

const ENTRY: Case[] = [
  ['an entry that is a number', fileOf(one('1')), 'SAFETENSORS_TENSOR', /tensor "x": found '1' at byte 13/],
  ['an entry that is null', fileOf(one('null')), 'SAFETENSORS_TENSOR', /the entry, an object/],
  ['no dtype', fileOf(one('{"shape":[],"data_offsets":[0,1]}'), 'a'), 'SAFETENSORS_TENSOR', /without dtype/],
  ['no shape', fileOf(one('{"dtype":"U8","data_offsets":[0,1]}'), 'a'), 'SAFETENSORS_TENSOR', /without shape/],
  ['no offsets', fileOf(one('{"dtype":"U8","shape":[]}')), 'SAFETENSORS_TENSOR', /without data_offsets/],
  [
    'a field twice',
    fileOf(one('{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}'), 'a'),
    'SAFETENSORS_TENSOR',
    /field "dtype" a second time/,
  ],
  [
    'an unknown field twice',
    fileOf(one('{"z":1,"z":1,"dtype":"U8","shape":[],"data_offsets":[0,1]}'), 'a'),
    'SAFETENSORS_TENSOR',
    /field "z" a second time/,
  ],
  [
    'an unknown field that is no JSON',
    fileOf(one('{"z":[1,{"a":01}],"dtype":"U8","shape":[],"data_offsets":[0,1]}'), 'a'),
    'SAFETENSORS_TENSOR',
    /malformed number/,
  ],
  [
    'an unknown dtype',
    fileOf(one('{"dtype":"Q4_0","shape":[],"data_offsets":[0,1]}'), 'a'),
    'SAFETENSORS_TENSOR',
    /"Q4_0" at byte 22, expected one of BOOL, /,
  ],
  [
    'a dtype in lower case',
    fileOf(one('{"dtype":"u8","shape":[],"data_offsets":[0,1]}'), 'a'),
    'SAFETENSORS_TENSOR',
    /"u8"/,
  ],
  [
    'a dtype named like a method',
    fileOf(one('{"dtype":"toString","shape":[],"data_offsets":[0,1]}'), 'a'),
    'SAFETENSORS_TENSOR',
    /dtype "toString"/,
  ],
  [
    'a dimension of −1',
    fileOf(one(U8('[-1]', '[0,1]')), 'a'),
    'SAFETENSORS_TENSOR',
    /-1 at byte \d+, expected shape\[0\]/,
  ],
  ['a dimension of −0', fileOf(one(U8('[-0]', '[0,0]'))), 'SAFETENSORS_TENSOR', /-0 at byte/],
  ['a dimension of 1.0', fileOf(one(U8('[1.0]', '[0,1]')), 'a'), 'SAFETENSORS_TENSOR', /1\.0 at byte/],
  ['a dimension of 1e0', fileOf(one(U8('[1e0]', '[0,1]')), 'a'), 'SAFETENSORS_TENSOR', /1e0 at byte/],
  ['a dimension of "1"', fileOf(one(U8('["1"]', '[0,1]')), 'a'), 'SAFETENSORS_TENSOR', /found '"'/],
  ['a dimension of 01', fileOf(one(U8('[01]', '[0,1]')), 'a'), 'SAFETENSORS_TENSOR', /malformed number "01/],
  [
    'a dimension past 2^53',
    fileOf(one(U8('[9007199254740993]', '[0,1]')), 'a'),
    'SAFETENSORS_TENSOR',
    /9007199254740993 at/,
  ],
  [
    'a dimension of a thousand digits',
    fileOf(one(U8(`[1${'0'.repeat(999)}]`, '[0,1]')), 'a'),
    'SAFETENSORS_TENSOR',
    /10000000/,
  ],
  ['a shape that is a number', fileOf(one(U8('1', '[0,1]')), 'a'), 'SAFETENSORS_TENSOR', /shape, an array/],
  ['a nested shape', fileOf(one(U8('[[1]]', '[0,1]')), 'a'), 'SAFETENSORS_TENSOR', /shape\[0\]/],
  [
    'a shape product that overflows',
    fileOf(one(U8('[4294967296,4294967296]', '[0,0]'))),
    'SAFETENSORS_TENSOR',
    /overflows/,
  ],
  [
    'a shape product that overflows before a 0',
    fileOf(one(U8('[4294967296,4294967296,0]', '[0,0]'))),
    'SAFETENSORS_TENSOR',
    /overflows/,
  ],
  [
    'a byte count that overflows',
    fileOf(one('{"dtype":"F64","shape":[9007199254740991],"data_offsets":[0,0]}')),
    'SAFETENSORS_TENSOR',
    /overflows/,
  ],
  [
    '65 dimensions',
    fileOf(one(U8(`[${Array(65).fill(1).join()}]`, '[0,1]')), 'a'),
    'LIMIT_EXCEEDED',
    /more than 64 dimensions/,
  ],
  ['three offsets', fileOf(one(U8('[1]', '[0,1,1]')), 'a'), 'SAFETENSORS_TENSOR', /more than two data_offsets/],
  ['one offset', fileOf(one(U8('[1]', '[1]')), 'a'), 'SAFETENSORS_TENSOR', /1 data_offsets/],
  ['offsets that are strings', fileOf(one(U8('[1]', '["0","1"]')), 'a'), 'SAFETENSORS_TENSOR', /data_offsets\[0\]/],
  ['reversed offsets', fileOf(one(U8('[1]', '[1,0]')), 'a'), 'SAFETENSORS_TENSOR', /\[1, 0\] are reversed/],
  ['offsets unlike the shape', fileOf(one(U8('[2]', '[0,1]')), 'a'), 'SAFETENSORS_TENSOR', /span 1 bytes, expected 2/],
  [
    'three elements of four bits',
    fileOf(one('{"dtype":"F4","shape":[3],"data_offsets":[0,2]}'), 'ab'),
    'SAFETENSORS_TENSOR',
    /4 bits each, ends within a byte/,
  ],
  [
    'two elements of six bits',
    fileOf(one('{"dtype":"F6_E3M2","shape":[2],"data_offsets":[0,2]}'), 'ab'),
    'SAFETENSORS_TENSOR',
    /6 bits each, ends within a byte/,
  ],
];

const COVERAGE: Case[] = [
  [
    'overlapping tensors',
    fileOf(`{"x":${U8('[3]', '[0,3]')},"y":${U8('[3]', '[2,5]')}}`, 'abcde'),
    'SAFETENSORS_TENSOR',
    /an overlap of the tensor before with tensor "y"/,
  ],
  [
    'two tensors in one place',
    fileOf(`{"x":${U8('[1]', '[0,1]')},"y":${U8('[1]', '[0,1]')}}`, 'a'),
    'SAFETENSORS_TENSOR',
    /an overlap/,
  ],
  ['a hole at the start', fileOf(one(U8('[1]', '[1,2]')), 'ab'), 'SAFETENSORS_TENSOR', /a hole before tensor "x"/],
  [
    'a hole between tensors',
    fileOf(`{"x":${U8('[1]', '[0,1]')},"y":${U8('[1]', '[2,3]')}}`, 'abc'),
    'SAFETENSORS_TENSOR',
    /a hole before tensor "y"/,
  ],
  [
    'an empty tensor inside another',
    fileOf(`{"x":${U8('[2]', '[0,2]')},"y":${U8('[0]', '[1,1]')}}`, 'ab'),
    'SAFETENSORS_TENSOR',
    /an overlap/,
  ],
  ['data past the end', fileOf(one(U8('[9]', '[0,9]')), 'a'), 'SAFETENSORS_TRUNCATED', /the last 8 are missing/],
  [
    'a body short by two bytes',
    fileOf(one(U8('[4]', '[0,4]')), 'ab'),
    'SAFETENSORS_TRUNCATED',
    /the last 2 are missing/,
  ],
  ['trailing bytes', fileOf(one(U8('[1]', '[0,1]')), 'ab'), 'SAFETENSORS_HEADER', /1 after the last tensor/],
  ['data without tensors', fileOf('{}', 'a'), 'SAFETENSORS_HEADER', /1 after the last tensor/],
];

const LFS = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 2471645608\n';
const FOREIGN: Case[] = [
  ['an HTML page', latin1('<!DOCTYPE html><html><body>Not found</body></html>'), 'NOT_SAFETENSORS', /an HTML page/],
  ['HTML after white space', latin1('\n\n  <html lang="en">'), 'NOT_SAFETENSORS', /an HTML page/],
  ['HTML under 8 bytes', latin1('<html>'), 'NOT_SAFETENSORS', /an HTML page/],
  ['a git-lfs pointer', latin1(LFS), 'NOT_SAFETENSORS', /a git-lfs pointer/],
  ['a zip of pickles', latin1('PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl'), 'NOT_SAFETENSORS', /zip .*pickle/],
  [
    'a pickle of protocol 2',
    latin1('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'),
    'NOT_SAFETENSORS',
    /a Python pickle/,
  ],
  ['a GGUF', latin1('GGUF\x03\x00\x00\x00\x93\x00\x00\x00\x00\x00\x00\x00'), 'NOT_SAFETENSORS', /a GGUF file/],
  [
    'a llama2.c checkpoint',
    latin1('24ka\x01\x00\x00\x00\x80\x00\x00\x00'),
    'NOT_SAFETENSORS',
    /a llama2\.c checkpoint/,
  ],
  ['a JSON text', latin1('{"weight_map": {"x": "y"}}'), 'NOT_SAFETENSORS', /a JSON text/],
  [
    'a gzip whose first bytes pass for a length',
    new Uint8Array(Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), Buffer.alloc(600_000, 1)])),
    'NOT_SAFETENSORS',
    /a gzip file/,
  ],
];

for (const [group, cases] of Object.entries({ LENGTH, TEXT, ENTRY, COVERAGE, FOREIGN })) {
  describe(`the parser of safetensors headers (${group.toLowerCase()})`, () => {
    for (const [what, file, code, message] of cases) {
      it(`refuses ${what} with ${code}`, async () => {
        const error = await failureOf(() => openSafetensors(new Blob([file]), { name: 'model.safetensors' }));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, /^model\.safetensors: /);
        assert.match(error.message, message);
        assert.ok(error.suggestions.length > 0);
      });
    }
  });
}

describe('the parser of safetensors headers (names and limits)', () => {
  it('escapes control sequences of tensor names in its error messages', async () => {
    const file = fileOf('{"\\u001b[2J\\u009b\\u202e\\n":1}');
    const error = await failureOf(() => parseHeader(file, file.byteLength, 'a\u001b[31m.safetensors'));
    assert.match(error.message, /^a\\u001b\[31m\.safetensors: tensor "\\u001b\[2J\\u009b\\u202e\\n": /);
  });

  it('shortens a name of a million characters in its error message', async () => {
    const file = fileOf(`{"${'n'.repeat(1e6)}":1}`);
    const error = await failureOf(() => parseHeader(file, file.byteLength, 'f'));
    assert.ok(error.message.length < 400);
  });

  it('stops at the limit on tensors without reading the entries after it', async () => {
    const entry = U8('[0]', '[0,0]');
    const entries = Array.from({ length: MAX_TENSORS }, (_, i) => `"${i}":${entry}`).join();
    const allowed = fileOf(`{${entries}}`);
    assert.equal(parseHeader(allowed, allowed.byteLength, 'f').tensors.size, MAX_TENSORS);
    const over = fileOf(`{${entries},"more":${entry},"rest":${'!'.repeat(1000)}`);
    assert.equal((await failureOf(() => parseHeader(over, over.byteLength, 'f'))).code, 'LIMIT_EXCEEDED');
  });

  it('stops at the limits on metadata entries and on fields', async () => {
    const pairs = Array.from({ length: 100_001 }, (_, i) => `"${i}":""`).join();
    const metadata = fileOf(`{"__metadata__":{${pairs}}}`);
    assert.equal((await failureOf(() => parseHeader(metadata, metadata.byteLength, 'f'))).code, 'LIMIT_EXCEEDED');
    const fields = fileOf(`{"x":{${Array.from({ length: 257 }, (_, i) => `"${i}":0`).join()}}}`);
    assert.equal((await failureOf(() => parseHeader(fields, fields.byteLength, 'f'))).code, 'LIMIT_EXCEEDED');
  });

  it('refuses fewer bytes than the header has', async () => {
    const file = fileOf('{}      ');
    assert.equal((await failureOf(() => parseHeader(file.subarray(0, 12), 16, 'f'))).code, 'INVALID_ARGUMENT');
  });
});
