// Writing: the layout of the reference implementation, exact lengths, no file left behind on failure.

import { strict as assert } from 'node:assert';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Dtype,
  openSafetensors,
  serializeHeader,
  type TensorSource,
  type TensorSpec,
  writeSafetensors,
} from '@llama-ts/safetensors';
import { failureOf, fileOf, withFolder } from './support.js';

const tensor = (name: string, data: string, dtype: Dtype = 'U8'): TensorSource => ({
  name,
  dtype,
  shape: [data.length],
  data: new Uint8Array(Buffer.from(data)),
});

async function written(tensors: readonly TensorSource[], metadata?: Iterable<readonly [string, string]>) {
  const parts: Uint8Array[] = [];
  await writeSafetensors({ write: (bytes) => void parts.push(new Uint8Array(bytes)) }, tensors, { metadata });
  return Buffer.concat(parts);
}

describe('the safetensors writer', () => {
  it('writes the very bytes of the reference implementation for every dtype it can save', async () => {
    // Written by the Python package safetensors 0.8.0, safetensors.serialize, from tensors in another order.
    const reference = new URL('fixtures/reference-0.8.0.safetensors', import.meta.url).pathname;
    const file = await openSafetensors(reference);
    const sources = await Promise.all(
      [...file.tensors.values()].reverse().map(async (info) => ({ ...info, data: await file.read(info.name) })),
    );
    assert.equal(new Set(sources.map(({ dtype }) => dtype)).size, 20);
    const ours = await written(sources, file.metadata ?? undefined);
    await file.close();
    assert.equal(ours.toString('latin1'), (await readFile(reference)).toString('latin1'));
  });

  it('pads the header with spaces so that data begins at a multiple of eight', async () => {
    assert.deepEqual(await written([]), Buffer.from(fileOf('{}      ')));
    for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh']) {
      const { bytes, tensors, fileByteLength } = serializeHeader([{ name, dtype: 'U8', shape: [3] }]);
      assert.equal(bytes.byteLength % 8, 0);
      assert.equal(tensors[0]?.byteOffset, bytes.byteLength);
      assert.equal(fileByteLength, bytes.byteLength + 3);
    }
  });

  it('orders tensors by alignment, then by code points rather than UTF-16 units', () => {
    const specs: TensorSpec[] = ['😀', '～', 'b', 'a'].map((name) => ({ name, dtype: 'U8', shape: [] }));
    specs.push({ name: 'z', dtype: 'F32', shape: [] }, { name: 'y', dtype: 'I64', shape: [] });
    assert.deepEqual(
      serializeHeader(specs).tensors.map(({ name }) => name),
      ['y', 'z', 'a', 'b', '～', '😀'],
    );
  });

  it('calls the functions that give tensors one after another in file order', async () => {
    const calls: string[] = [];
    const source = (name: string, dtype: Dtype, parts: string[]): TensorSource => ({
      name,
      dtype,
      shape: [parts.join('').length],
      data: async function* () {
        calls.push(name);
        // One buffer for all parts, as a caller that counts its memory has.
        const buffer = Buffer.alloc(8);
        for (const part of parts) yield buffer.subarray(0, buffer.write(part));
        calls.push(`${name} done`);
      },
    });
    const bytes = await written([source('a', 'BOOL', ['12', '', '3']), source('b', 'U8', ['4567'])]);
    assert.deepEqual(calls, ['b', 'b done', 'a', 'a done']);
    assert.equal(bytes.subarray(-7).toString(), '4567123');
  });

  it('refuses a source that yields too little or too much, and leaves no file', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'out.safetensors');
      const parts = (...texts: string[]) => ({
        ...tensor('x', '12345'),
        data: () => texts.map((text) => new Uint8Array(Buffer.from(text))),
      });
      for (const source of [parts('1234'), parts('123', '456'), parts()]) {
        const error = await failureOf(() => writeSafetensors(path, [source]));
        assert.equal(error.code, 'INVALID_ARGUMENT');
        assert.match(error.message, /tensor "x": its source yielded .* expected 5/);
        assert.deepEqual(await readdir(folder), []);
      }
    }));

  it('replaces a file only when the new one is complete, and never writes through a link named .partial', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'out.safetensors');
      await writeFile(path, 'old');
      await writeFile(join(folder, 'other'), 'untouched');
      await symlink('other', `${path}.partial`);
      const failing = {
        ...tensor('x', '1'),
        data: () => {
          throw new Error('source failed');
        },
      };
      await assert.rejects(writeSafetensors(path, [failing]), /source failed/);
      assert.equal(await readFile(path, 'utf8'), 'old');
      await writeSafetensors(path, [tensor('x', '1')]);
      assert.equal(await readFile(join(folder, 'other'), 'utf8'), 'untouched');
      const file = await openSafetensors(path);
      assert.equal(file.tensors.size, 1);
      await file.close();
      assert.deepEqual((await readdir(folder)).sort(), ['other', 'out.safetensors']);
    }));

  it('reports why a path cannot be written', async () => {
    const error = await failureOf(() => writeSafetensors('no/such/folder/x.safetensors', [tensor('x', '1')]));
    assert.equal(error.code, 'FILE_UNWRITABLE');
    assert.match(error.message, /ENOENT/);
  });

  it('stops at an aborted signal with its reason, and leaves no file', () =>
    withFolder(async (folder) => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const source: TensorSource = {
        ...tensor('x', '12'),
        data: function* () {
          yield new Uint8Array(1);
          controller.abort(reason);
          yield new Uint8Array(1);
        },
      };
      const attempt = () => writeSafetensors(join(folder, 'o'), [source], { signal: controller.signal });
      await assert.rejects(attempt(), (error) => error === reason);
      await assert.rejects(attempt(), (error) => error === reason);
      assert.deepEqual(await readdir(folder), []);
    }));

  const spec = (change: Partial<Record<keyof TensorSpec, unknown>>) =>
    [{ name: 'x', dtype: 'U8', shape: [1], ...change } as TensorSpec] as const;
  const refused: [string, readonly TensorSpec[], Iterable<readonly [string, string]> | undefined, string][] = [
    ['a name twice', [...spec({}), ...spec({ dtype: 'F32' })], undefined, 'INVALID_ARGUMENT'],
    ['the reserved name', spec({ name: '__metadata__' }), undefined, 'INVALID_ARGUMENT'],
    ['a lone surrogate in a name', spec({ name: '\ud800' }), undefined, 'INVALID_ARGUMENT'],
    ['an unknown dtype', spec({ dtype: 'Q8' }), undefined, 'INVALID_ARGUMENT'],
    ['a negative dimension', spec({ shape: [-1] }), undefined, 'INVALID_ARGUMENT'],
    ['a fractional dimension', spec({ shape: [1.5] }), undefined, 'INVALID_ARGUMENT'],
    ['a shape that overflows', spec({ shape: [2 ** 52, 4] }), undefined, 'INVALID_ARGUMENT'],
    ['a tensor that ends within a byte', spec({ dtype: 'F4' }), undefined, 'INVALID_ARGUMENT'],
    ['too many dimensions', spec({ shape: Array(65).fill(1) }), undefined, 'LIMIT_EXCEEDED'],
    [
      'a metadata key twice',
      [],
      [
        ['a', '1'],
        ['a', '2'],
      ],
      'INVALID_ARGUMENT',
    ],
    ['a metadata value that is no string', [], [['a', 1 as unknown as string]], 'INVALID_ARGUMENT'],
    ['a lone surrogate in metadata', [], [['a', '\udc00']], 'INVALID_ARGUMENT'],
    ['a header over the cap', [], [['a', 'a'.repeat(100_000_000)]], 'LIMIT_EXCEEDED'],
  ];
  for (const [what, specs, metadata, code] of refused) {
    it(`refuses ${what}`, async () => {
      assert.equal((await failureOf(() => serializeHeader(specs, metadata))).code, code);
    });
  }
});
