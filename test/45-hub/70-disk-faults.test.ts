// A file layer that fails each of its calls once: an error with a code, no wrong blob, and a next time that works.

import { strict as assert } from 'node:assert';
import * as nodeFiles from 'node:fs/promises';
import type { FileLayer } from '@llama-ts/durable';
import { failingLayer, failure, shortWriteLayer } from '../helpers/failing-files.js';
import { fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import { assertBlobsTrue, assertNothingHalf, assertSame, download, failureOf, treeOf, withHub } from './support.js';

const WEIGHTS = noise(150_000);
const repo = () => fakeRepo({ 'config.json': '{}', 'model.safetensors': WEIGHTS });

describe('a disk that fails during a download', () => {
  for (const [errno, code] of [
    ['ENOSPC', 'DISK_FULL'],
    ['EIO', 'CACHE_FAILED'],
    ['EROFS', 'CACHE_READ_ONLY'],
  ] as const) {
    it(`with ${errno} at any one call is ${code}, leaves right blobs only, and the next download works`, async function () {
      this.timeout(120_000);
      for (let failAt = 0; ; failAt++) {
        const layer = failingLayer(failAt, errno);
        const wasReached = await withHub(repo(), {}, async ({ cacheDir, folder, snapshotBytes, options }) => {
          const running = download(options({ files: layer.files, maxParallel: 1 }));
          const failure = await failureOf(() => running).catch(() => null);
          // Folders need not be synced where they cannot be opened, and what is cleaned up need not go away.
          assert.ok(
            failure === null || failure.code === code,
            `${failure?.code} at call ${failAt}, ${layer.failedCall()}`,
          );
          await assertBlobsTrue(folder);
          const references = await treeOf(`${folder}/refs`);
          if (failure !== null)
            assert.ok(!('main' in references) || layer.failedCall() === 'sync' || layer.failedCall() === 'open');
          assertSame(await snapshotBytes(download(options())), WEIGHTS);
          await assertNothingHalf(cacheDir);
          return layer.failedCall() !== null;
        });
        if (!wasReached) {
          assert.ok(failAt > 20, `${failAt} calls, expected more`);
          return;
        }
      }
    });
  }

  it('and writes a few bytes at a time gets all bytes', () =>
    withHub(repo(), {}, async ({ snapshotBytes, options }) => {
      assertSame(await snapshotBytes(download(options({ files: shortWriteLayer() }))), WEIGHTS);
    }));

  it('and is too small is DISK_FULL before the first file', () =>
    withHub(repo(), {}, async ({ hub, options }) => {
      const statfs = async () => ({ bavail: 10, bsize: 4_096 }) as Awaited<ReturnType<FileLayer['statfs']>>;
      const files = { ...nodeFiles, statfs: statfs as FileLayer['statfs'] };
      const error = await failureOf(() => download(options({ files })));
      assert.equal(error.code, 'DISK_FULL');
      assert.match(error.message, /41\.0 kB free, expected 150\.0 kB for the download/);
      assert.deepEqual(
        hub.requests.map(({ kind }) => kind),
        ['model', 'tree'],
      );
    }));

  it('and cannot hold links gets copies', () =>
    withHub(repo(), {}, async ({ folder, snapshotBytes, options }) => {
      const symlink: FileLayer['symlink'] = () => Promise.reject(failure('EPERM', 'symlink'));
      assertSame(await snapshotBytes(download(options({ files: { ...nodeFiles, symlink } }))), WEIGHTS);
      const links = Object.values(await treeOf(folder)).filter((text) => text.startsWith('→'));
      assert.deepEqual(links, []);
      await download(options({ offline: true }));
    }));
});
