// Several downloads of one repository at once, and downloads after one that was killed.

import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import * as nodeFiles from 'node:fs/promises';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../helpers/digests.js';
import { fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import { assertBlobsTrue, assertNothingHalf, assertSame, download, treeOf, withHub } from './support.js';

const PATH = 'model.safetensors';
const WEIGHTS = noise(1_000_000);
const ETAG = sha256(WEIGHTS);
/** Several times as long as what may be fetched again after a break. */
const LONG_WEIGHTS = noise(4_000_000);
const repo = (weights = WEIGHTS) => fakeRepo({ 'config.json': '{}', [PATH]: weights });
/** A pid that no process has: beyond the largest that Linux gives. */
const NO_PID = 2 ** 22 + 1;

describe('eight downloads at the same time', () => {
  it('in one process share one transfer', () =>
    withHub(repo(), {}, async ({ hub, cacheDir, snapshotBytes, options }) => {
      const running = Array.from({ length: 8 }, () => download(options()));
      for (const one of running) assertSame(await snapshotBytes(one), WEIGHTS);
      assert.equal(hub.servedBytes(PATH), WEIGHTS.byteLength);
      await assertNothingHalf(cacheDir);
    }));

  it('in eight processes share one transfer', function () {
    this.timeout(120_000);
    // Slow enough that all of them arrive while the first one downloads.
    const onChunk = () => delay(60);
    return withHub(repo(), { onChunk, chunkBytes: 10_000 }, async ({ hub, cacheDir, folder }) => {
      const children = Array.from({ length: 8 }, () => startChild(hub.url, cacheDir));
      for (const { exitCode } of children) assert.equal(await exitCode, 0);
      assert.equal(hub.servedBytes(PATH), WEIGHTS.byteLength);
      await assertBlobsTrue(folder);
      await assertNothingHalf(cacheDir);
    });
  });
});

describe('a download that was killed', () => {
  it('leaves only right blobs, and the next one goes on from its partial files', async function () {
    const nKills = Number(process.env.LLAMA_TEST_KILLS ?? 5);
    this.timeout(30_000 + nKills * 10_000);
    const random = noise(nKills + 1, Date.now());
    let mostBytesAgain = 0;
    for (let kill = 0; kill < nKills; kill++) {
      // Killed when a random chunk was sent, or a moment later, which meets syncing, renaming and linking too.
      const killAt = 1 + (random[kill]! % 100);
      let nChunks = 0;
      let child: ReturnType<typeof startChild> | undefined;
      const onChunk = async (path: string) => {
        if (path !== PATH) return;
        // So slowly that hardly anything waits in the sockets' buffers: it would be lost with the process.
        if (++nChunks !== killAt) return delay(10);
        await delay(random[kill]! % 20);
        child?.process.kill('SIGKILL');
      };
      await withHub(
        repo(LONG_WEIGHTS),
        { onChunk, chunkBytes: LONG_WEIGHTS.byteLength / 100 },
        async ({ hub, cacheDir, folder, snapshotBytes, options }) => {
          child = startChild(hub.url, cacheDir);
          await child.exitCode;
          await assertBlobsTrue(folder);
          assertSame(await snapshotBytes(download(options())), LONG_WEIGHTS);
          const refetched = hub.servedBytes(PATH) - LONG_WEIGHTS.byteLength;
          assert.ok(refetched <= 1024 * 1024, `${refetched} bytes again`);
          mostBytesAgain = Math.max(mostBytesAgain, refetched);
          await assertNothingHalf(cacheDir);
        },
      );
    }
    if (process.env.LLAMA_TEST_KILLS !== undefined) {
      process.stdout.write(`      ${nKills} kills: ${JSON.stringify({ mostBytesAgain })}\n`);
    }
  });

  it('is not waited for when its process has ended', () =>
    withHub(repo(), {}, async ({ hub, cacheDir, folder, snapshotBytes, options }) => {
      const owner = await ownerLike(NO_PID);
      const locks = join(cacheDir, '.locks', 'models--meta-llama--Tiny');
      await mkdir(locks, { recursive: true });
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(locks, `${ETAG}.llama.lock`), owner);
      await writeFile(join(folder, 'blobs', `${ETAG}.${owner}.incomplete`), WEIGHTS.subarray(0, 400_000));
      const running = download(options());
      assertSame(await snapshotBytes(running), WEIGHTS);
      assert.equal(hub.servedBytes(PATH), 600_000);
      await assertNothingHalf(cacheDir);
    }));

  it('between naming a blob and releasing its lock leaves nothing that the next one does not remove', () =>
    withHub(repo(), {}, async ({ cacheDir, folder, options }) => {
      const owner = await ownerLike(NO_PID);
      await download(options());
      const locks = join(cacheDir, '.locks', 'models--meta-llama--Tiny');
      await writeFile(join(locks, `${ETAG}.llama.lock`), owner);
      await writeFile(join(locks, `${ETAG}.llama.lock.break`), owner);
      await writeFile(join(folder, 'blobs', `${owner}.tmp`), 'half a reference');
      await writeFile(join(folder, 'blobs', `${ETAG}.${owner}.incomplete`), 'a second download');
      await download(options());
      assert.deepEqual(await treeOf(locks), {});
      await assertNothingHalf(cacheDir);
    }));

  it('on another machine is waited for until its lock was not renewed for a minute, and its partial file is left', () =>
    withHub(repo(), {}, async ({ hub, cacheDir, folder, sleeps, snapshotBytes, options }) => {
      const owner = `0123456789ab-1-2-0-01234567`;
      const locks = join(cacheDir, '.locks', 'models--meta-llama--Tiny');
      await mkdir(locks, { recursive: true });
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(locks, `${ETAG}.llama.lock`), owner);
      const foreign = join(folder, 'blobs', `${ETAG}.${owner}.incomplete`);
      await writeFile(foreign, WEIGHTS.subarray(0, 400_000));
      let now = 0;
      const { clock } = options();
      const sleep: NonNullable<typeof clock>['sleep'] = async (milliseconds, signal) => {
        now += milliseconds;
        await clock!.sleep(milliseconds, signal);
      };
      const running = download(options({ clock: { now: () => now, sleep } }));
      assertSame(await snapshotBytes(running), WEIGHTS);
      assert.equal((await running).events.filter(({ type }) => type === 'file-wait').length, 1);
      assert.equal(sleeps.length, 300);
      // It may live and write on: its bytes are not taken over.
      assert.equal(hub.servedBytes(PATH), WEIGHTS.byteLength);
      assert.equal((await stat(foreign)).size, 400_000);
    }));

  it('on another machine loses its partial file after an hour without a write', () =>
    withHub(repo(), {}, async ({ cacheDir, folder, options }) => {
      await mkdir(join(folder, 'blobs'), { recursive: true });
      const foreign = join(folder, 'blobs', `${ETAG}.0123456789ab-1-2-0-01234567.incomplete`);
      await writeFile(foreign, WEIGHTS.subarray(0, 400_000));
      const old = Date.now() / 1_000 - 3_700;
      await utimes(foreign, old, old);
      await download(options());
      await assertNothingHalf(cacheDir);
    }));

  it('is judged by its own lock, not by one that was taken since', () =>
    withHub(repo(), { onChunk: () => delay(20), chunkBytes: 50_000 }, async ({ cacheDir, options }) => {
      const lockPath = join(cacheDir, '.locks', 'models--meta-llama--Tiny', `${ETAG}.llama.lock`);
      await mkdir(join(lockPath, '..'), { recursive: true });
      await writeFile(lockPath, await ownerLike(NO_PID));
      // Reads the lock of the ended process, and acts on it only when a second download has the lock.
      let arrived = () => {};
      const reading = new Promise<void>((resolve) => (arrived = resolve));
      let goOn = () => {};
      const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
      let isFirst = true;
      const removed: string[] = [];
      const files = {
        ...nodeFiles,
        readFile: (async (...args: Parameters<typeof nodeFiles.readFile>) => {
          const content = await nodeFiles.readFile(...args);
          if (args[0] === lockPath && isFirst) {
            isFirst = false;
            arrived();
            await mayGoOn;
          }
          return content;
        }) as typeof nodeFiles.readFile,
        rm: async (...args: Parameters<typeof nodeFiles.rm>) => {
          if (args[0] === lockPath) removed.push(await readFile(lockPath, 'utf8').catch(() => ''));
          await nodeFiles.rm(...args);
        },
        rename: async (...args: Parameters<typeof nodeFiles.rename>) => {
          if (args[0] === lockPath) removed.push(await readFile(lockPath, 'utf8').catch(() => ''));
          await nodeFiles.rename(...args);
        },
      };
      const late = download(options({ files }));
      await reading;
      const second = download(options());
      let owner = '';
      while (owner === '' || owner.includes(`-${NO_PID}-`)) {
        await delay(2);
        owner = await readFile(lockPath, 'utf8').catch(() => '');
      }
      goOn();
      await Promise.all([late, second]);
      assert.ok(!removed.includes(owner), 'the lock of a live download was removed');
      await assertNothingHalf(cacheDir);
    }));
});

describe('the lock of a download', () => {
  it('is left alone while a download of the same process renews it', () => {
    let begin: (value?: unknown) => void;
    const hasBegun = new Promise((resolve) => {
      begin = resolve;
    });
    const onChunk = () => {
      begin();
      return delay(20);
    };
    return withHub(repo(), { onChunk, chunkBytes: 100_000 }, async ({ hub, cacheDir, options }) => {
      const first = download(options());
      await hasBegun;
      const { events } = await download(options());
      await first;
      assert.ok(events.some(({ type, ...event }) => type === 'file-wait' && 'path' in event && event.path === PATH));
      assert.equal(hub.servedBytes(PATH), WEIGHTS.byteLength);
      await assertNothingHalf(cacheDir);
    });
  });

  it('of the Python client, which is never removed, stops no download', () =>
    withHub(repo(), {}, async ({ cacheDir, sleeps, options }) => {
      const locks = join(cacheDir, '.locks', 'models--meta-llama--Tiny');
      await mkdir(locks, { recursive: true });
      await writeFile(join(locks, `${ETAG}.lock`), '');
      await download(options());
      assert.deepEqual(sleeps, []);
      assert.deepEqual(Object.keys(await treeOf(locks)), [`${ETAG}.lock`]);
    }));
});

/** An owner of this machine with another process id, as a download wrote it into its lock. */
async function ownerLike(pid: number): Promise<string> {
  return withHub(repo(), { onChunk: () => delay(20), chunkBytes: 100_000 }, async ({ cacheDir, options }) => {
    const running = download(options());
    const path = join(cacheDir, '.locks', 'models--meta-llama--Tiny', `${ETAG}.llama.lock`);
    let owner = '';
    while (owner === '') {
      await delay(5);
      owner = await readFile(path, 'utf8').catch(() => '');
    }
    await running;
    const [machine, , ...rest] = owner.split('-');
    return [machine, pid, ...rest].join('-');
  });
}

function startChild(endpoint: string, cacheDir: string): { process: ChildProcess; exitCode: Promise<number | null> } {
  const script = fileURLToPath(new URL('./download-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, endpoint, cacheDir], { stdio: 'inherit' });
  return { process: child, exitCode: new Promise((resolve) => child.on('close', resolve)) };
}
