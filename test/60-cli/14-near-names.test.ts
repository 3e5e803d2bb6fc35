// What a mistyped name most likely meant: words, files, and files that are no model.

import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byteSize, freeSpace, isText, nearest } from '@llama-ts/base';
import { nearFiles } from '../../packages/cli/src/sources/near-files.js';
import { withFolder } from './support.js';

describe('the nearest word', () => {
  const cases: readonly (readonly [string, readonly string[], string | null])[] = [
    ['rnu', ['run', 'eval'], 'run'],
    ['exprot', ['report', 'export'], 'export'],
    ['temp', ['top-p', 'temperature', 'template'], 'template'],
    ['temper', ['top-p', 'temperature', 'template'], 'temperature'],
    ['quant', ['run', 'quantize'], 'quantize'],
    ['a', ['abc'], null],
    ['xyzzy', ['run', 'eval'], null],
  ];
  for (const [word, candidates, expected] of cases) {
    it(`to ${word} of ${candidates.join(', ')} is ${expected ?? 'none'}`, () =>
      assert.equal(nearest(word, candidates), expected));
  }
});

describe('near files', () => {
  it('are told by what comes before the ending, and of equal ones the one with the same ending is first', () =>
    withFolder(async (folder) => {
      for (const name of ['sample.bin', 'sample.gguf', 'talk.bin', 'a.bin']) await writeFile(join(folder, name), '');
      const near = async (name: string): Promise<string[]> =>
        (await nearFiles(join(folder, name))).map((path) => path.slice(folder.length + 1));
      assert.deepEqual(await near('smaple.bin'), ['sample.bin', 'sample.gguf']);
      assert.deepEqual(await near('sample.safetensors'), ['sample.bin', 'sample.gguf']);
      assert.deepEqual(await near('bench.bin'), []);
      assert.deepEqual(await near('sam'), ['sample.bin', 'sample.gguf']);
    }));
});

describe('a text', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  it('is recognised, also where its last character is cut off', () => {
    for (const text of [
      bytes('hello world'),
      bytes('{"a": 1}').subarray(1),
      bytes(`${'é'.repeat(300)}`).subarray(0, 511),
    ])
      assert(isText(text));
  });
  it('is none with a control character, and none in another encoding', () => {
    for (const other of [bytes('hello\0'), Uint8Array.of(0xe9, 0x20, 0x41), new Uint8Array(0)]) assert(!isText(other));
  });
});

describe('sizes', () => {
  it('are read in decimal units', () =>
    assert.deepEqual([0, 999, 1000, 4_646_304, 1.3e9].map(byteSize), [
      '0 bytes',
      '999 bytes',
      '1.0 kB',
      '4.6 MB',
      '1.3 GB',
    ]));
  it('of space say what is missing where the two read alike', () => {
    assert.equal(freeSpace(1e6, 2e6, ' there'), '1.0 MB free there, expected 2.0 MB');
    assert.equal(freeSpace(1_000_000, 1_010_000), '1.0 MB free, expected 1.0 MB, 10.0 kB more');
  });
});
