// A folder of Blobs and sources of bytes, read by its path as a folder of this machine is.

import { strict as assert } from 'node:assert';
import { readFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bytesSource, listFolder, type MountedFile, mountFolder, openFile, pathStatus } from '@llama-ts/base';
import { exportModel, openModelSource } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { filesIn } from '../helpers/fake-hub/fake-repo.js';
import { drain, withFolder } from './support.js';

/** The sample, every other file a source of bytes. */
async function sampleFiles(): Promise<Map<string, MountedFile>> {
  const files = Object.entries(await filesIn(sampleModelPath));
  return new Map(
    files.map(([path, bytes], i) => [path, i % 2 === 0 ? new Blob([bytes.slice()]) : bytesSource(bytes, path)]),
  );
}

describe('a mounted folder', () => {
  it('is exported with the bytes of a folder of this machine, until it is unmounted', async () => {
    const { path, unmount } = mountFolder(basename(sampleModelPath), await sampleFiles());
    await withFolder(async (folder) => {
      for (const version of [1, 2, 3] as const) {
        const output = join(folder, 'mounted.bin');
        await drain(exportModel({ source: path, output, version, force: true }));
        await rename(output, join(folder, 'found.bin'));
        await drain(exportModel({ source: sampleModelPath, output, version }));
        assert.ok((await readFile(join(folder, 'found.bin'))).equals(await readFile(output)), `v${version}`);
        await rename(output, join(folder, 'expected.bin'));
      }
    });
    unmount();
    await assert.rejects(openModelSource(path), { code: 'SOURCE_NOT_FOUND' });
  });

  it('lists folders below, tells sizes and times, and has no other files', async () => {
    const file = new File(['abc'], 'a', { lastModified: 7 });
    const { path, unmount } = mountFolder(
      'model',
      new Map([
        ['config.json', file],
        ['original/params.json', file],
      ]),
    );
    assert.deepEqual(await listFolder(path), [
      { name: 'config.json', isFolder: false },
      { name: 'original', isFolder: true },
    ]);
    assert.deepEqual(await listFolder(join(path, 'original')), [{ name: 'params.json', isFolder: false }]);
    const expected = { size: 3, isFolder: false, isFile: true, changed: '7' };
    assert.deepEqual(await pathStatus(join(path, 'config.json')), expected);
    assert.equal((await pathStatus(join(path, 'original'))).isFolder, true);
    await assert.rejects(pathStatus(join(path, 'other')), { code: 'ENOENT' });
    await assert.rejects(openFile(join(path, 'original')), { code: 'FILE_NOT_FOUND' });
    unmount();
    assert.throws(() => mountFolder('a/b', new Map()), { code: 'INVALID_ARGUMENT' });
  });

  it('leaves a source open for its owner', async () => {
    let isClosed = false;
    const close = async (): Promise<void> => {
      isClosed = true;
    };
    const source = { ...bytesSource(Uint8Array.of(1, 2), 'x'), close };
    const { path } = mountFolder('model', new Map([['x', source]]));
    const opened = await openFile(join(path, 'x'));
    assert.deepEqual(await opened.read(1, 1), Uint8Array.of(2));
    await opened.close();
    assert.equal(isClosed, false);
  });
});
