// Reading tensors and ranges of them, from paths and from Blobs.

import { strict as assert } from 'node:assert';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobLike } from '@llama-ts/base';
import { openSafetensors } from '@llama-ts/safetensors';
import { failureOf, fileOf, withFolder } from './support.js';

const HEADER =
  '{"x":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]},"e":{"dtype":"F32","shape":[0],"data_offsets":[6,6]},' +
  '"y":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}}';
const FILE = fileOf(HEADER, '0123456789');
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** A Blob that notes the ranges it is asked for. */
function recorded(bytes: Uint8Array): { blob: BlobLike; ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  const slice = (start: number, end: number) => {
    ranges.push([start, end]);
    return new Blob([bytes]).slice(start, end);
  };
  return { blob: { size: bytes.byteLength, slice }, ranges };
}

describe('the safetensors reader', () => {
  it('reads the same tensors and ranges from a path and from a Blob', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'model.safetensors');
      await writeFile(path, FILE);
      for (const source of [path, new Blob([FILE])]) {
        const file = await openSafetensors(source);
        assert.equal(file.byteLength, FILE.byteLength);
        assert.equal(text(await file.read('x')), '012345');
        assert.equal(text(await file.read('y')), '6789');
        assert.equal(text(await file.read('e')), '');
        assert.equal(text(await file.read('x', { start: 3 })), '345');
        assert.equal(text(await file.read('y', { start: 1, end: 3 })), '78');
        assert.equal(text(await file.read('y', { start: 4 })), '');
        await file.close();
      }
    }));

  it('reads nothing of a Blob but the header and the requested range', async () => {
    const big = fileOf('{"x":{"dtype":"U8","shape":[100000],"data_offsets":[0,100000]}}', new Uint8Array(100_000));
    const { blob, ranges } = recorded(big);
    const file = await openSafetensors(blob);
    const dataStart = file.headerByteLength;
    assert.deepEqual(ranges, [
      [0, 512],
      [0, dataStart],
    ]);
    await file.read('x', { start: 90_000, end: 90_010 });
    assert.deepEqual(ranges.at(-1), [dataStart + 90_000, dataStart + 90_010]);
  });

  it('reads into the start of a longer buffer and leaves the rest of it unchanged', async () => {
    const file = await openSafetensors(new Blob([FILE]));
    const into = new Uint8Array(8).fill(0x2d);
    const result = await file.read('y', { start: 1, into });
    assert.equal(result.buffer, into.buffer);
    assert.equal(text(result), '789');
    assert.equal(text(into), '789-----');
  });

  it('reads a tensor that takes several reads from a path completely', () =>
    withFolder(async (folder) => {
      const size = 40 * 1024 * 1024 + 1;
      const data = new Uint8Array(size);
      for (let i = 0; i < size; i += 4093) data[i] = i % 251;
      const path = join(folder, 'big.safetensors');
      await writeFile(path, fileOf(`{"x":{"dtype":"I8","shape":[${size}],"data_offsets":[0,${size}]}}`, data));
      const file = await openSafetensors(path);
      assert.equal(Buffer.compare(await file.read('x'), data), 0);
      await file.close();
    }));

  it('reads raw bytes of the file, header included, and none outside it', async () => {
    const file = await openSafetensors(new Blob([FILE]));
    const into = new Uint8Array(FILE.byteLength - 3);
    await file.readBytes(3, into);
    assert.deepEqual(into, FILE.slice(3));
    for (const start of [-1, 4, 0.5, Number.NaN]) {
      assert.equal((await failureOf(() => file.readBytes(start, into))).code, 'INVALID_ARGUMENT');
    }
    await file.close();
    assert.equal((await failureOf(() => file.readBytes(0, into))).code, 'FILE_UNREADABLE');
  });

  it('refuses unknown tensors, ranges outside the tensor and buffers too short', async () => {
    const file = await openSafetensors(new Blob([FILE]));
    assert.equal((await failureOf(() => file.read('z'))).code, 'TENSOR_NOT_FOUND');
    assert.equal((await failureOf(() => file.read('toString'))).code, 'TENSOR_NOT_FOUND');
    for (const range of [{ end: 7 }, { start: -1 }, { start: 3, end: 2 }, { start: 0.5 }, { start: Number.NaN }]) {
      assert.equal((await failureOf(() => file.read('x', range))).code, 'INVALID_ARGUMENT');
    }
    assert.equal((await failureOf(() => file.read('x', { into: new Uint8Array(5) }))).code, 'INVALID_ARGUMENT');
  });

  it('refuses reads after close, and can be closed twice', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'model.safetensors');
      await writeFile(path, FILE);
      const file = await openSafetensors(path);
      await file.close();
      await file.close();
      assert.equal((await failureOf(() => file.read('x'))).code, 'FILE_UNREADABLE');
      const blob = await openSafetensors(new Blob([FILE]));
      await blob.close();
      assert.equal((await failureOf(() => blob.read('x'))).code, 'FILE_UNREADABLE');
    }));

  it('reports a file that shrinks while it is open', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'model.safetensors');
      await writeFile(path, FILE);
      const file = await openSafetensors(path);
      await truncate(path, FILE.byteLength - 2);
      const error = await failureOf(() => file.read('y'));
      assert.equal(error.code, 'FILE_SHRANK');
      assert.match(error.message, new RegExp(`ends at byte ${FILE.byteLength - 2}, expected ${FILE.byteLength} bytes`));
      await file.close();
    }));

  it('refuses a Blob that returns too few or too many bytes, fails, or has no size', async () => {
    const answer = (arrayBuffer: () => Promise<ArrayBuffer>, size = FILE.byteLength) =>
      failureOf(() => openSafetensors({ size, slice: () => ({ arrayBuffer }) }, { name: 'remote' }));
    assert.equal((await answer(async () => new ArrayBuffer(3))).code, 'FILE_SHRANK');
    assert.equal((await answer(async () => new ArrayBuffer(5000))).code, 'FILE_SHRANK');
    const failed = await answer(() => Promise.reject(new Error('connection\u001b lost')));
    assert.equal(failed.code, 'FILE_UNREADABLE');
    assert.match(failed.message, /^remote: .*connection\\u001b lost/);
    assert.equal((await answer(async () => new ArrayBuffer(3), Number.NaN)).code, 'INVALID_ARGUMENT');
  });

  it('reports why a path cannot be opened', () =>
    withFolder(async (folder) => {
      const missing = await failureOf(() => openSafetensors(join(folder, 'none.safetensors')));
      assert.equal(missing.code, 'FILE_NOT_FOUND');
      assert.match(missing.message, /none\.safetensors: no such file/);
      const directory = await failureOf(() => openSafetensors(folder));
      assert.equal(directory.code, 'FILE_UNREADABLE');
      assert.match(directory.message, /not a regular file/);
      assert.deepEqual(directory.suggestions, [`open the folder: openSafetensorsFolder(${JSON.stringify(folder)})`]);
    }));

  it('rethrows the reason of a signal that is aborted before or during a read', async () => {
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    const isReason = (error: unknown) => error === reason;
    await assert.rejects(openSafetensors(new Blob([FILE]), { signal: aborted }), isReason);
    const file = await openSafetensors(new Blob([FILE]));
    await assert.rejects(file.read('x', { signal: aborted }), isReason);

    const controller = new AbortController();
    const size = 33 * 1024 * 1024;
    const header = fileOf(`{"x":{"dtype":"U8","shape":[${size}],"data_offsets":[0,${size}]}}`);
    let parts = 0;
    const slice = (start: number, end: number) => ({
      arrayBuffer: async () => {
        if (start >= header.byteLength && ++parts === 2) controller.abort(reason);
        const answer = new Uint8Array(end - start);
        answer.set(header.subarray(start, end));
        return answer.buffer;
      },
    });
    const large = await openSafetensors({ size: header.byteLength + size, slice });
    await assert.rejects(large.read('x', { signal: controller.signal }), isReason);
    assert.equal(parts, 2);
  });
});
