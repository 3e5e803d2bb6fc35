// Transfers that break, stall, lie or repeat: only right bytes arrive, and little is fetched twice.

import { strict as assert } from 'node:assert';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from '../helpers/digests.js';
import type { FakeRequest } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../helpers/fake-hub/faults.js';
import { assertNothingHalf, assertSame, download, failureOf, treeOf, withHub } from './support.js';

const PATH = 'model.safetensors';
const MIB = 1024 * 1024;
const SIZE = MIB + 304_321;
const WEIGHTS = noise(SIZE);
const repo = () => fakeRepo({ [PATH]: WEIGHTS });
const NOT_FOUND = { 'x-error-code': 'EntryNotFound' };
const isFile = ({ kind }: { kind: string }) => kind === 'file';

/** Faults for the first answers with a file; the rest is right. */
const faults = (...list: readonly Fault[]) => ({
  fault: (request: { kind: string }, nBefore: number) => (isFile(request) ? list[nBefore] : undefined),
});

describe('a broken transfer', () => {
  it('goes on where it broke, at 50 random offsets, and downloads at most 1 MiB again', async function () {
    this.timeout(60_000);
    const random = new DataView(noise(200, 7).buffer);
    const offsets = Array.from({ length: 50 }, (_, i) => random.getUint32(4 * i) % SIZE);
    for (const atByte of offsets) {
      await withHub(repo(), faults({ kind: 'cut', atByte }), async ({ hub, cacheDir, snapshotBytes, options }) => {
        const running = download(options());
        assertSame(await snapshotBytes(running), WEIGHTS);
        const retries = (await running).events.filter(({ type }) => type === 'file-retry');
        assert.equal(retries.length, 1);
        const refetched = hub.servedBytes(PATH) - SIZE;
        assert.ok(refetched <= MIB, `${refetched} bytes again after a cut at ${atByte}`);
        await assertNothingHalf(cacheDir);
      });
    }
  });

  it('survives many interruptions of one file as long as there is progress', () => {
    const cuts = Array.from({ length: 20 }, (_, i): Fault => ({ kind: 'cut', atByte: (i + 1) * 65_536 }));
    return withHub(repo(), faults(...cuts), async ({ snapshotBytes, hub, options }) => {
      assertSame(await snapshotBytes(download(options())), WEIGHTS);
      assert.ok(hub.servedBytes(PATH) <= SIZE + MIB);
    });
  });

  it('is given up after ten failures without progress, and goes on in the next download', () => {
    let isBroken = true;
    const fault = ({ kind }: { kind: string }): Fault | undefined =>
      kind === 'file' && isBroken ? { kind: 'cut', atByte: MIB } : undefined;
    return withHub(repo(), { fault }, async ({ hub, folder, sleeps, snapshotBytes, options }) => {
      const error = await failureOf(() => download(options()));
      assert.equal(error.code, 'HUB_NETWORK');
      assert.deepEqual(sleeps.slice(-9), [375, 750, 1500, 3000, 6000, 12000, 22500, 22500, 22500]);
      assert.deepEqual(Object.keys(await treeOf(folder)), [`blobs/${sha256(WEIGHTS)}.incomplete`]);
      isBroken = false;
      const { events } = await download(options());
      const start = events.find(({ type }) => type === 'file-start');
      assert.ok(start?.type === 'file-start' && start.startOffset > 0);
      assertSame(await snapshotBytes(download(options())), WEIGHTS);
      assert.ok(hub.servedBytes(PATH) <= SIZE + MIB);
    });
  });

  it('goes on after a stall', () =>
    withHub(repo(), faults({ kind: 'stall', atByte: MIB }), async ({ hub, snapshotBytes, options }) => {
      const running = download(options({ stallTimeoutMs: 200 }));
      assertSame(await snapshotBytes(running), WEIGHTS);
      const retry = (await running).events.find(({ type }) => type === 'file-retry');
      assert.match(retry?.type === 'file-retry' ? retry.reason : '', /sent nothing for 0\.2 seconds/);
      assert.ok(hub.servedBytes(PATH) <= SIZE + MIB);
    }));

  it('is not taken for stalled while bytes arrive, however slowly', () =>
    withHub(repo(), { onChunk: () => delay(100) }, async ({ options }) => {
      const { events } = await download(options({ stallTimeoutMs: 1_500 }));
      assert.deepEqual(
        events.filter(({ type }) => type === 'file-retry'),
        [],
      );
    }));

  it('is stopped when another file fails for good', () => {
    const files = { 'config.json': '{}', [PATH]: WEIGHTS };
    const fault = ({ kind, path }: { kind: string; path: string }): Fault | undefined => {
      if (kind !== 'file') return undefined;
      return path === PATH ? { kind: 'stall', atByte: MIB } : { kind: 'status', status: 404, headers: NOT_FOUND };
    };
    return withHub(fakeRepo(files), { fault }, async ({ cacheDir, options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_FILE_NOT_FOUND');
      const locks = Object.keys(await treeOf(cacheDir)).filter((path) => path.includes('.lock'));
      assert.deepEqual(locks, []);
    });
  });

  it('goes on with the partial file of the Python client', () =>
    withHub(repo(), {}, async ({ hub, folder, snapshotBytes, options }) => {
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(folder, 'blobs', `${sha256(WEIGHTS)}.incomplete`), WEIGHTS.subarray(0, MIB));
      assertSame(await snapshotBytes(download(options())), WEIGHTS);
      assert.equal(hub.servedBytes(PATH), SIZE - MIB);
      assert.equal(hub.requests.find(isFile)?.range, `bytes=${MIB}-${SIZE - 1}`);
    }));

  it('starts over when its partial file proves wrong', () =>
    withHub(repo(), {}, async ({ hub, folder, snapshotBytes, options }) => {
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(folder, 'blobs', `${sha256(WEIGHTS)}.incomplete`), noise(MIB, 99));
      assertSame(await snapshotBytes(download(options())), WEIGHTS);
      assert.equal(hub.servedBytes(PATH), SIZE - MIB + SIZE);
    }));

  it('needs no request for a partial file that was complete', () =>
    withHub(repo(), {}, async ({ hub, folder, snapshotBytes, options }) => {
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(folder, 'blobs', `${sha256(WEIGHTS)}.incomplete`), WEIGHTS);
      assertSame(await snapshotBytes(download(options())), WEIGHTS);
      assert.equal(hub.servedBytes(PATH), 0);
    }));
});

describe('a transfer with false headers or bytes', () => {
  const cut: Fault = { kind: 'cut', atByte: MIB };
  const CUT = /connection failed/;
  // What is wrong, the faults of the first answers, and why each of them is tried again.
  const lies: readonly [string, readonly Fault[], readonly RegExp[]][] = [
    ['one wrong byte', [{ kind: 'flip', atByte: 1_234_567 }], [/content has sha256/]],
    [
      'a body cut to a third that claims to be whole',
      [{ kind: 'shorten', atByte: Math.floor(SIZE / 3), isHonest: true }],
      [/received \d+ bytes of application\/octet-stream, expected \d+/],
    ],
    ['a body that ends early', [{ kind: 'shorten', atByte: MIB, isHonest: false }], [/sent 1048576 of/]],
    ['bytes after the end', [{ kind: 'lengthen', byteLength: 10 }], [/sent over \d+ bytes/]],
    ['a login page with status 200', [{ kind: 'page', hasLength: true }], [/received a page/]],
    ['a login page without a length', [{ kind: 'page', hasLength: false }], [/received a page/]],
    ['a range that starts elsewhere', [cut, { kind: 'shift-range', by: -100 }], [CUT, /received range bytes/]],
    ['200 to a range request', [cut, { kind: 'ignore-range' }], [CUT]],
    ['416 to a range request', [cut, { kind: 'status', status: 416 }], [CUT, /has no bytes from/]],
    ['a wrong byte after a resume', [cut, { kind: 'flip', atByte: MIB + 5 }], [CUT, /content has/]],
    [
      'a 206 to a request without a range',
      [{ kind: 'status', status: 206, headers: { 'content-range': 'bytes 0-9/10' } }],
      [/received range bytes 0-9\/10, expected the whole file/],
    ],
  ];
  for (const [name, list, reasons] of lies) {
    it(`gives the right bytes after ${name}`, () =>
      withHub(repo(), faults(...list), async ({ cacheDir, snapshotBytes, options }) => {
        const running = download(options());
        assertSame(await snapshotBytes(running), WEIGHTS);
        const found = (await running).events.flatMap((event) => (event.type === 'file-retry' ? [event.reason] : []));
        assert.equal(found.length, reasons.length, found.join());
        for (const [i, reason] of reasons.entries()) assert.match(found[i]!, reason);
        await assertNothingHalf(cacheDir);
      }));
  }

  it('is downloaded as a whole file when every range has wrong bytes', () => {
    const fault = ({ kind, range }: FakeRequest, nBefore: number): Fault | undefined => {
      if (kind !== 'file') return undefined;
      return range === undefined ? (nBefore === 0 ? cut : undefined) : { kind: 'shift-range', by: 1 };
    };
    return withHub(repo(), { fault }, async ({ hub, snapshotBytes, options }) => {
      assertSame(await snapshotBytes(download(options())), WEIGHTS);
      assert.equal(hub.requests.filter(({ range }) => range !== undefined).length, 2);
    });
  });

  it('is HUB_CORRUPT when each attempt has wrong bytes, and leaves no blob', () =>
    withHub(
      repo(),
      { fault: ({ kind }) => (kind === 'file' ? { kind: 'flip', atByte: 77 } : undefined) },
      async (bench) => {
        const error = await failureOf(() => download(bench.options()));
        assert.equal(error.code, 'HUB_CORRUPT');
        assert.match(error.message, /model\.safetensors: content has sha256 [0-9a-f]{64}, expected [0-9a-f]{64}$/);
        assert.deepEqual(await treeOf(bench.folder), {});
        await assertNothingHalf(bench.cacheDir);
      },
    ));

  it('checks small files by git’s digest', () =>
    withHub(
      fakeRepo({ 'config.json': '{"model_type":"llama"}' }),
      { fault: ({ kind }) => (kind === 'file' ? { kind: 'flip', atByte: 3 } : undefined) },
      async ({ folder, options }) => {
        const error = await failureOf(() => download(options()));
        assert.equal(error.code, 'HUB_CORRUPT');
        assert.match(error.message, /git-sha1/);
        assert.deepEqual(await treeOf(folder), {});
      },
    ));
});

describe('a hub that is busy or absent', () => {
  const statuses = [408, 429, 500, 502, 503, 504];
  for (const status of statuses) {
    it(`is asked again after a ${status}, for the listing and for files`, () =>
      withHub(
        repo(),
        { fault: (_, nBefore) => (nBefore === 0 ? { kind: 'status', status } : undefined) },
        async (bench) => {
          const running = download(bench.options());
          assertSame(await bench.snapshotBytes(running), WEIGHTS);
          const types = (await running).events.map(({ type }) => type);
          assert.equal(types.filter((type) => type === 'request-retry').length, 2);
          assert.ok(types.includes('file-retry'));
        },
      ));
  }

  it('is asked again after the seconds of its Retry-After', () => {
    const headers = { 'retry-after': '42' };
    return withHub(repo(), faults({ kind: 'status', status: 429, headers }), async ({ sleeps, options }) => {
      await download(options());
      assert.deepEqual(sleeps, [42_000]);
    });
  });

  it('is asked again at the date of its Retry-After', () => {
    const headers = { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' };
    return withHub(repo(), faults({ kind: 'status', status: 503, headers }), async ({ sleeps, options }) => {
      const { clock } = options();
      const now = () => Date.UTC(2026, 9, 21, 7, 28, 0);
      await download(options({ clock: { ...clock!, now } }));
      assert.deepEqual(sleeps, [30_000]);
    });
  });

  it('is reported when its Retry-After is over five minutes', () => {
    const headers = { 'retry-after': '3600' };
    return withHub(repo(), faults({ kind: 'status', status: 429, headers }), async ({ sleeps, options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_RATE_LIMITED');
      assert.deepEqual(sleeps, []);
    });
  });

  it('is reported when it answers 503 to every attempt', () =>
    withHub(repo(), { fault: () => ({ kind: 'status', status: 503 }) }, async ({ options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_UNAVAILABLE');
    }));

  it('is reported when no server answers', () =>
    withHub(repo(), {}, async ({ hub, options }) => {
      await hub.stop();
      const error = await failureOf(() => download(options()));
      assert.equal(error.code, 'HUB_NETWORK');
      assert.match(error.message, /ECONNREFUSED/);
    }));
});
