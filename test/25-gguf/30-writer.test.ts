// Writing: padding, exact lengths, streaming, no file left behind on failure.

import { strict as assert } from 'node:assert';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serializeHeader, type TensorSource, writeGguf } from '@llama-ts/gguf';
import { failureOf, parseGguf, withFolder } from './support.js';

const tensor = (name: string, bytes: readonly number[]): TensorSource => ({
  name,
  type: 'F16',
  shape: [bytes.length / 2],
  data: Uint8Array.from(bytes),
});

async function written(tensors: readonly TensorSource[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await writeGguf({ write: (bytes) => void parts.push(new Uint8Array(bytes)) }, tensors);
  return Buffer.concat(parts);
}

describe('the GGUF writer', () => {
  it('writes each tensor where the header says, with zeros between tensors and after the last', async () => {
    const file = await written([tensor('a', [1, 2, 3, 4]), tensor('b', new Array(64).fill(9)), tensor('c', [5, 6])]);
    const { dataStart, tensors } = parseGguf(file);
    const at = (i: number, length: number) => {
      const start = dataStart + Number(tensors[i]!.offset);
      return [...file.subarray(start, start + length)];
    };
    assert.deepEqual(at(0, 32), [1, 2, 3, 4, ...new Array(28).fill(0)]);
    assert.deepEqual(at(1, 64), new Array(64).fill(9));
    assert.deepEqual(at(2, 32), [5, 6, ...new Array(30).fill(0)]);
    assert.equal(file.byteLength, dataStart + 32 + 64 + 32);
  });

  it('streams parts of a tensor, which may be one buffer used again', async () => {
    const source: TensorSource = {
      ...tensor('a', [1, 2, 3, 4]),
      data: function* () {
        const part = new Uint8Array(2);
        yield Uint8Array.from([1]);
        part.set([2, 3]);
        yield part;
        part.set([4, 4]);
        yield part.subarray(1);
      },
    };
    assert.deepEqual(await written([source]), await written([tensor('a', [1, 2, 3, 4])]));
  });

  it('writes a file of the size the header promises, replacing what was there', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'm.gguf');
      await writeFile(path, 'old');
      const tensors = [tensor('a', [1, 2])];
      await writeGguf(path, tensors);
      const file = await readFile(path);
      assert.equal(file.byteLength, serializeHeader(tensors).fileByteLength);
      assert.deepEqual(file, await written(tensors));
      assert.deepEqual(await readdir(folder), ['m.gguf']);
    });
  });

  for (const [title, bytes, found] of [
    ['too few', [1, 2], /yielded 2 bytes, expected 4/],
    ['too many', [1, 2, 3, 4, 5], /at least 5 bytes, expected 4/],
  ] as const) {
    it(`refuses a source with ${title} bytes and leaves no file`, async () => {
      await withFolder(async (folder) => {
        const source: TensorSource = { ...tensor('a', [0, 0, 0, 0]), data: Uint8Array.from(bytes) };
        const error = await failureOf(() => writeGguf(join(folder, 'm.gguf'), [source]));
        assert.equal(error.code, 'INVALID_ARGUMENT');
        assert.match(error.message, found);
        assert.deepEqual(await readdir(folder), []);
      });
    });
  }

  it('names the path it cannot write', async () => {
    await withFolder(async (folder) => {
      const error = await failureOf(() => writeGguf(join(folder, 'absent', 'm.gguf'), []));
      assert.equal(error.code, 'FILE_UNWRITABLE');
      assert.match(error.message, /absent\/m\.gguf: cannot be written: ENOENT/);
    });
  });

  it('stops with the reason of a signal, before the first byte or between parts, and leaves no file', async () => {
    await withFolder(async (folder) => {
      const reason = new Error('enough');
      const path = join(folder, 'm.gguf');
      await assert.rejects(writeGguf(path, [], { signal: AbortSignal.abort(reason) }), reason);
      const controller = new AbortController();
      const source: TensorSource = {
        ...tensor('a', [0, 0, 0, 0]),
        data: function* () {
          yield new Uint8Array(2);
          controller.abort(reason);
          yield new Uint8Array(2);
        },
      };
      await assert.rejects(writeGguf(path, [source], { signal: controller.signal }), reason);
      assert.deepEqual(await readdir(folder), []);
    });
  });
});
