// Reading: every kind of metadata, tensors and ranges of them, from paths, Blobs and sources of bytes, and split models.

import { strict as assert } from 'node:assert';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobLike, bytesSource } from '@llama-ts/base';
import { type GgufMetadata, openGguf, openGgufFiles, splitFileNames } from '@llama-ts/gguf';
import fc from 'fast-check';
import { failureOf, ggufBytes, metadataOf, withFolder } from './support.js';

const METADATA = [
  ['general.architecture', { kind: 'string', value: 'llama' }],
  ['u8', { kind: 'u8', value: 255 }],
  ['i8', { kind: 'i8', value: -128 }],
  ['u16', { kind: 'u16', value: 65535 }],
  ['i16', { kind: 'i16', value: -32768 }],
  ['u32', { kind: 'u32', value: 4294967295 }],
  ['i32', { kind: 'i32', value: -2147483648 }],
  ['f32', { kind: 'f32', value: 0.5 }],
  ['f64', { kind: 'f64', value: 0.1 }],
  ['u64', { kind: 'u64', value: 2n ** 64n - 1n }],
  ['i64', { kind: 'i64', value: -(2n ** 63n) }],
  ['yes', { kind: 'bool', value: true }],
  ['text', { kind: 'string', value: '\ufeffĠ😀\n\0' }],
  ['texts', { kind: 'array', of: 'string', values: ['a', '', 'é'] }],
  ['none', { kind: 'array', of: 'string', values: [] }],
  ['flags', { kind: 'array', of: 'bool', values: [true, false] }],
  ['ints', { kind: 'array', of: 'i32', values: [1, -1] }],
  ['floats', { kind: 'array', of: 'f32', values: [0.5, -2] }],
  ['longs', { kind: 'array', of: 'i64', values: [-5n] }],
] as const satisfies GgufMetadata;
const TENSORS = [
  { name: 'a', type: 'F16', shape: [2, 3] },
  { name: 'b', type: 'Q8_0', shape: [1, 2, 32] },
] as const;

/** A Blob that notes the ranges it is asked for. */
function recorded(bytes: Uint8Array): { blob: BlobLike; ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  const slice = (start: number, end: number) => {
    ranges.push([start, end]);
    return new Blob([bytes]).slice(start, end);
  };
  return { blob: { size: bytes.byteLength, slice }, ranges };
}

/** The same header with another version. */
function withVersion(bytes: Uint8Array, version: number): Uint8Array {
  const changed = bytes.slice();
  new DataView(changed.buffer).setUint32(4, version, true);
  return changed;
}

describe('the GGUF reader', () => {
  it('reads every kind of metadata', async () => {
    const file = await openGguf(bytesSource(ggufBytes([], METADATA), 'm.gguf'));
    assert.deepEqual(
      metadataOf(file),
      METADATA.map(([key, entry]) => [key, entry]),
    );
  });

  it('reads what was written, whatever lengths strings have and wherever the bytes in memory end', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 40_000 }), { maxLength: 12 }),
        fc.array(fc.string({ unit: 'grapheme', maxLength: 5 }), { maxLength: 3_000 }),
        async (long, short) => {
          const metadata = [
            ...long.map((value, i) => [`s${i}`, { kind: 'string', value }] as const),
            ['texts', { kind: 'array', of: 'string', values: short }] as const,
          ];
          const file = await openGguf(bytesSource(ggufBytes(TENSORS, metadata), 'm.gguf'));
          assert.deepEqual(
            metadataOf(file),
            metadata.map(([key, entry]) => [key, entry]),
          );
          assert.deepEqual([...file.tensors.keys()], ['a', 'b']);
        },
      ),
      { numRuns: 40 },
    )).timeout(60_000);

  it('reads tensors and ranges of them from a path, a Blob and a source of bytes', () =>
    withFolder(async (folder) => {
      const bytes = ggufBytes(TENSORS, METADATA, (i) => i % 251);
      const path = join(folder, 'm.gguf');
      await writeFile(path, bytes);
      for (const from of [path, new Blob([bytes]), bytesSource(bytes, 'm.gguf')]) {
        const file = await openGguf(from);
        assert.deepEqual([file.version, file.alignment, file.byteLength], [3, 32, bytes.byteLength]);
        const [a, b] = [...file.tensors.values()];
        assert.deepEqual([a!.type, a!.shape, a!.byteOffset, a!.byteLength], ['F16', [2, 3], file.dataByteOffset, 12]);
        assert.deepEqual([b!.type, b!.shape, b!.byteLength], ['Q8_0', [1, 2, 32], 68]);
        assert.deepEqual(
          await file.read('a'),
          Uint8Array.from({ length: 12 }, (_, i) => i),
        );
        assert.deepEqual(await file.read('b', { start: 1, end: 3 }), Uint8Array.of(33, 34));
        assert.deepEqual(await file.read('b', { start: 68 }), new Uint8Array(0));
        const into = new Uint8Array(4);
        await file.readBytes(0, into);
        assert.equal(Buffer.from(into).toString(), 'GGUF');
        await file.close();
        await file.close();
      }
    }));

  it('takes version 2 too', async () => {
    const file = await openGguf(bytesSource(withVersion(ggufBytes(TENSORS, METADATA), 2), 'm.gguf'));
    assert.equal(file.version, 2);
    assert.equal(file.tensors.size, 2);
  });

  it('takes a last tensor without its padding, and data after no padding at all', async () => {
    const bytes = ggufBytes([TENSORS[0]], []);
    const file = await openGguf(bytesSource(bytes.subarray(0, bytes.byteLength - 20), 'm.gguf'));
    assert.deepEqual(await file.read('a'), new Uint8Array(12));
    const unaligned = new Uint8Array(
      Buffer.concat([ggufBytes([], [['general.alignment', { kind: 'u32', value: 32 }]])]),
    );
    assert.equal((await openGguf(bytesSource(unaligned, 'm.gguf'))).tensors.size, 0);
  });

  it('reads of a Blob no more than the header and the ranges that are asked for', async () => {
    const bytes = ggufBytes([{ name: 'big', type: 'F32', shape: [1_000_000] }], METADATA);
    const { blob, ranges } = recorded(bytes);
    const file = await openGguf(blob);
    assert.deepEqual(ranges, [
      [0, 512],
      [0, 65_536],
    ]);
    await file.read('big', { start: 3_000_000, end: 3_000_008 });
    assert.deepEqual(ranges.at(-1), [file.dataByteOffset + 3_000_000, file.dataByteOffset + 3_000_008]);
  });

  it('names the tensors and ranges that a file does not have', async () => {
    const file = await openGguf(bytesSource(ggufBytes(TENSORS, []), 'm.gguf'));
    assert.equal((await failureOf(() => file.read('c'))).code, 'TENSOR_NOT_FOUND');
    for (const range of [{ start: -1 }, { end: 13 }, { start: 5, end: 4 }, { start: 0.5 }]) {
      assert.equal((await failureOf(() => file.read('a', range))).code, 'INVALID_ARGUMENT');
    }
  });

  it('ends with the reason of an abort', async () => {
    const reason = new Error('enough');
    await assert.rejects(openGguf(new Blob([]), { signal: AbortSignal.abort(reason) }), reason);
  });
});

describe('a model in several GGUF files', () => {
  const part = (no: number, count: number, tensors: number, names: readonly string[]): Uint8Array =>
    ggufBytes(
      names.map((name) => ({ name, type: 'F32' as const, shape: [8] })),
      [
        ['general.architecture', { kind: 'string', value: 'llama' }],
        ['split.no', { kind: 'u16', value: no }],
        ['split.count', { kind: 'u16', value: count }],
        ['split.tensors.count', { kind: 'i32', value: tensors }],
      ],
      () => no + 1,
    );
  const write = async (folder: string, parts: readonly Uint8Array[]): Promise<string[]> => {
    await mkdir(folder, { recursive: true });
    const names = splitFileNames(join(folder, `m-00001-of-0000${parts.length}.gguf`));
    for (const [i, bytes] of parts.entries()) await writeFile(names[i]!, bytes);
    return [...names];
  };

  it('is opened by the name of any of them', () =>
    withFolder(async (folder) => {
      const paths = await write(folder, [part(0, 3, 3, ['a']), part(1, 3, 3, ['b', 'c']), part(2, 3, 3, [])]);
      for (const path of paths) {
        const model = await openGgufFiles(path);
        assert.deepEqual(
          [...model.tensors.values()].map(({ name, part }) => [name, part]),
          [
            ['a', 0],
            ['b', 1],
            ['c', 1],
          ],
        );
        assert.deepEqual((await model.files[1]!.read('c', { end: 1 }))[0], 2);
        await model.close();
      }
    }));

  it('is the file that is named where its number is past the number of parts', () =>
    withFolder(async (folder) => {
      await write(folder, [part(0, 2, 2, ['a']), part(1, 2, 2, ['b'])]);
      for (const name of ['m-00003-of-00002.gguf', 'm-00000-of-00002.gguf']) {
        assert.deepEqual(splitFileNames(name), [name]);
        await writeFile(join(folder, name), ggufBytes([{ name: 'c', type: 'F32', shape: [8] }], []));
        const model = await openGgufFiles(join(folder, name));
        assert.deepEqual([...model.tensors.keys()], ['c']);
        await model.close();
      }
    }));

  it('is one file where the name is that of one', () =>
    withFolder(async (folder) => {
      const [path] = await write(folder, [part(0, 1, 1, ['a'])]);
      const model = await openGgufFiles(path!);
      assert.equal(model.files.length, 1);
      await model.close();
    }));

  it('is refused where a part is missing, is another part, or holds a tensor of another part', () =>
    withFolder(async (folder) => {
      const [first, second] = await write(join(folder, 'missing'), [part(0, 2, 2, ['a']), part(1, 2, 2, ['b'])]);
      await rename(second!, `${second}.part`);
      const missing = await failureOf(() => openGgufFiles(first!));
      assert.equal(missing.code, 'FILE_NOT_FOUND');
      assert.match(missing.message, /m-00002-of-00002\.gguf: is not there, expected it beside m-00001-of-00002\.gguf/);
      for (const [name, parts, code, message] of [
        ['order', [part(1, 2, 2, ['a']), part(0, 2, 2, ['b'])], 'GGUF_HEADER', /is part 2 of 2, expected part 1 of 2/],
        ['count', [part(0, 3, 2, ['a']), part(1, 3, 2, ['b'])], 'GGUF_HEADER', /is part 1 of 3, expected part 1 of 2/],
        ['twice', [part(0, 2, 2, ['a']), part(1, 2, 2, ['a'])], 'GGUF_TENSOR', /tensor "a" is in two parts/],
        ['total', [part(0, 2, 5, ['a']), part(1, 2, 5, ['b'])], 'GGUF_HEADER', /split\.tensors\.count 5, expected 2/],
      ] as const) {
        const [path] = await write(join(folder, name), parts);
        const error = await failureOf(() => openGgufFiles(path!));
        assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message);
      }
    }));
});
