// A file read in ranges from the hub.

import { strict as assert } from 'node:assert';
import { openRemoteFile } from '@llama-ts/exporter';
import { sha256 } from '../helpers/digests.js';
import { fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../helpers/fake-hub/faults.js';
import { assertSame, failureOf, withHub } from './support.js';

const PATH = 'model.safetensors';
const WEIGHTS = noise(500_000);
const repo = () => fakeRepo({ [PATH]: WEIGHTS });
const faults = (...list: readonly (Fault | undefined)[]) => ({
  fault: ({ kind }: { kind: string }, nBefore: number) => (kind === 'file' ? list[nBefore] : undefined),
});

describe('openRemoteFile', () => {
  it('reads ranges, the whole file and an empty range', () =>
    withHub(repo(), {}, async ({ hub, options }) => {
      const file = await openRemoteFile({ ...options(), path: PATH });
      assert.deepEqual([file.size, file.sha256], [WEIGHTS.byteLength, sha256(WEIGHTS)]);
      const slice = file.slice(100, 70_000);
      assert.equal(slice.size, 69_900);
      assertSame(new Uint8Array(await slice.arrayBuffer()), WEIGHTS.subarray(100, 70_000));
      assertSame(new Uint8Array(await file.arrayBuffer()), WEIGHTS);
      const nBefore = hub.requests.length;
      assert.equal((await file.slice(5, 5).arrayBuffer()).byteLength, 0);
      assert.equal(hub.requests.length, nBefore);
    }));

  it('downloads no more than was asked for', () =>
    withHub(repo(), {}, async ({ hub, options }) => {
      const file = await openRemoteFile({ ...options(), path: PATH });
      await file.slice(1_000, 3_000).arrayBuffer();
      assert.equal(hub.servedBytes(PATH), 2_000);
    }));

  it('goes on after an interruption without downloading bytes twice', () =>
    withHub(repo(), { ...faults({ kind: 'cut', atByte: 300_000 }), chunkBytes: 1_024 }, async ({ hub, options }) => {
      const file = await openRemoteFile({ ...options(), path: PATH });
      assertSame(new Uint8Array(await file.slice(1_000, 400_000).arrayBuffer()), WEIGHTS.subarray(1_000, 400_000));
      assert.ok(hub.servedBytes(PATH) < 399_000 + 131_072);
    }));

  it('asks again after a wrong range, the whole file, or a 503', () =>
    withHub(
      repo(),
      faults({ kind: 'shift-range', by: -10 }, { kind: 'ignore-range' }, { kind: 'status', status: 503 }),
      async ({ options }) => {
        const file = await openRemoteFile({ ...options(), path: PATH });
        assertSame(new Uint8Array(await file.slice(1_000, 2_000).arrayBuffer()), WEIGHTS.subarray(1_000, 2_000));
      },
    ));

  it('refuses ranges outside the file', () =>
    withHub(repo(), {}, async ({ options }) => {
      const file = await openRemoteFile({ ...options(), path: PATH });
      for (const [start, end] of [
        [-1, 5],
        [5, 4],
        [0, 500_001],
        [0.5, 2],
        [Number.NaN, 2],
      ] as const) {
        assert.throws(() => file.slice(start, end), { code: 'INVALID_ARGUMENT' });
      }
    }));

  it('reports a file that does not exist', () =>
    withHub(repo(), {}, async ({ options }) => {
      const error = await failureOf(() => openRemoteFile({ ...options(), path: 'model.bin' }));
      assert.equal(error.code, 'HUB_FILE_NOT_FOUND');
    }));
});
