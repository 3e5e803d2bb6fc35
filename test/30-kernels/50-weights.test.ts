// Files of weights: any offset, any length, and files that are not what they seem.

import { strict as assert } from 'node:assert';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kernels, openKernels, type Tuning, type WeightFile } from '@llama-ts/kernels';
import { assertSameBits } from './support/assert-bits.js';
import { onEveryBackend, probes } from './support/backends.js';
import { assertFails, failureOf } from './support/failure.js';
import { uniform } from './support/random.js';

const N_FLOATS = 10000;

describe('openWeights', () => {
  let folder: string;
  let path: string;
  const floats = uniform(N_FLOATS, 1);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kernels-'));
    path = join(folder, 'weights.bin');
  });
  beforeEach(() => writeFile(path, new Uint8Array(floats.buffer)));
  after(() => rm(folder, { recursive: true }));

  onEveryBackend((kernels) => {
    for (const map of [true, false]) {
      const withFile = async (use: (file: WeightFile) => unknown) => {
        const file = await kernels().openWeights(path, { map });
        try {
          await use(file);
        } finally {
          await file.close();
        }
      };

      describe(`with map: ${map}`, () => {
        it('reads float32, int8 and bytes at any offset', () =>
          withFile(async (file) => {
            assert.equal(file.byteLength, N_FLOATS * 4);
            const bytes = new Uint8Array(floats.buffer);
            for (const byteOffset of [0, 4, 256, 1, 2, 3, 257, 4099]) {
              const length = 1001;
              const part = bytes.slice(byteOffset, byteOffset + 4 * length);
              assertSameBits(await file.float32(byteOffset, length), new Float32Array(part.buffer));
              assert.deepEqual([...(await file.int8(byteOffset, 4 * length))], [...new Int8Array(part.buffer)]);
              assert.deepEqual([...(await file.uint8(byteOffset, 4 * length))], [...part]);
            }
          }));
        it('reads up to the last byte, and an empty range at the end', () =>
          withFile(async (file) => {
            assertSameBits(await file.float32(4 * (N_FLOATS - 1), 1), floats.subarray(N_FLOATS - 1));
            assert.equal((await file.int8(4 * N_FLOATS, 0)).length, 0);
            assert.equal((await file.uint8(4 * N_FLOATS, 0)).length, 0);
          }));
        it('gives arrays that the kernels accept', () =>
          withFile(async (file) => {
            const x = kernels().allocate.float32(100);
            kernels().add(x, await file.float32(400, 100));
            await kernels().run();
            assertSameBits(x, floats.subarray(100, 200));
          }));
        it('refuses ranges outside of the file', () =>
          withFile(async (file) => {
            await assertFails('INVALID_ARGUMENT', () => file.float32(4, N_FLOATS));
            await assertFails('INVALID_ARGUMENT', () => file.int8(4 * N_FLOATS, 1));
            await assertFails('INVALID_ARGUMENT', () => file.int8(-1, 1));
            await assertFails('INVALID_ARGUMENT', () => file.int8(0.5, 1));
            await assertFails('INVALID_ARGUMENT', () => file.uint8(4 * N_FLOATS, 1));
            await assertFails('INVALID_ARGUMENT', () => file.float32(0, 2 ** 53));
            await assertFails('INVALID_ARGUMENT', () => file.float32(0, Number.NaN));
          }));
        it('refuses a missing file and a folder', async () => {
          await assertFails('FILE_NOT_FOUND', () => kernels().openWeights(join(folder, 'none.bin'), { map }));
          await assertFails('FILE_UNREADABLE', () => kernels().openWeights(folder, { map }));
        });
        it('rejects with the reason of an aborted signal', async () => {
          const reason = new Error('enough');
          const opening = kernels().openWeights(path, { map, signal: AbortSignal.abort(reason) });
          await assert.rejects(opening, (error) => error === reason);
        });
      });
    }
    // Windows neither shortens a mapped file nor leaves a hole in a file unless told to.
    if (process.platform !== 'win32') {
      it('reports FILE_SHRANK when a file became shorter, unless it was read whole', async () => {
        if (kernels().backend === 'wasm') return addAfterShrinking(kernels(), path);
        const error = await failureOf(() => addAfterShrinking(kernels(), path));
        assert.equal(error.code, 'FILE_SHRANK');
        assert.match(error.message, /weights\.bin/);
      });
      it('reads past 4 GiB', async () => {
        const sparse = join(folder, 'sparse.bin');
        const offset = 2 ** 32 + 10;
        const handle = await open(sparse, 'w');
        await handle.write(new Uint8Array([1, 2, 3, 4]), 0, 4, offset);
        await handle.close();
        if (kernels().backend === 'wasm') {
          await assertFails('MODEL_TOO_LARGE_FOR_WASM', () => kernels().openWeights(sparse));
        } else {
          const file = await kernels().openWeights(sparse);
          assert.equal(file.byteLength, offset + 4);
          assert.deepEqual([...(await file.int8(offset, 4))], [1, 2, 3, 4]);
          await file.close();
        }
        await rm(sparse);
      });
    }
  });
});

describe('a mapped file that is copied to huge pages (Linux)', () => {
  const isLinux = process.platform === 'linux';
  const natives = probes.filter(({ tuning }) => isLinux && tuning !== null).slice(0, 1);
  /** No multiple of a huge page, nor of a small one. */
  const N_BYTES = 40 * 2 ** 20 + 12345;
  let folder: string;
  let path: string;
  const bytes = new Uint8Array(N_BYTES).map((_, i) => (i * 2654435761) >>> 13);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kernels-'));
    path = join(folder, 'weights.bin');
    await writeFile(path, bytes);
  });
  after(() => rm(folder, { recursive: true }));

  for (const { backend } of natives) {
    /** Opens the file with the choice, and closes it. */
    const withCopy = async (copyMap: Tuning['copyMap'], use: (file: WeightFile) => Promise<void>) => {
      const kernels = await openKernels({ backend, threads: 1, tuning: { copyMap } });
      const file = await kernels.openWeights(path);
      try {
        await use(file);
      } finally {
        await file.close();
        await kernels.close();
      }
    };

    it('gives the same bytes before, while and after it is copied, and is no map of the file any more', () =>
      withCopy('always', async (file) => {
        const view = await file.uint8(0, N_BYTES);
        do assert.ok(Buffer.from(view.buffer, view.byteOffset, N_BYTES).equals(bytes));
        while (await isMapped(path));
        assert.ok(Buffer.from(view.buffer, view.byteOffset, N_BYTES).equals(bytes));
      }));
    it('can be closed at any moment of the copy', async () => {
      for (let i = 0; i < 100; i++) {
        await withCopy('always', async (file) => {
          assert.equal((await file.uint8(N_BYTES - 1, 1))[0], bytes[N_BYTES - 1]);
          await new Promise((resolve) => setTimeout(resolve, i % 10));
        });
        // Newer versions of Node release a detached buffer some turns later.
        while (await isMapped(path)) await nextTurn();
      }
    });
    it('stays a map where the caller forbids the copy, and where the file is small', async () => {
      for (const copyMap of ['never', 'small-pages'] as const) {
        await withCopy(copyMap, async (file) => {
          assert.equal((await file.uint8(N_BYTES - 1, 1))[0], bytes[N_BYTES - 1]);
          await new Promise((resolve) => setTimeout(resolve, 200));
          assert.equal(await isMapped(path), true, copyMap);
        });
      }
    });
  }
});

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Whether this process maps the file. */
async function isMapped(path: string): Promise<boolean> {
  return (await readFile('/proc/self/maps', 'utf8')).includes(path);
}

/** A backend notices at the read or at the run that touches the missing bytes. */
async function addAfterShrinking(kernels: Kernels, path: string): Promise<void> {
  const file = await kernels.openWeights(path, { map: true });
  try {
    await truncate(path, 100);
    const x = kernels.allocate.float32(N_FLOATS);
    kernels.add(x, await file.float32(0, N_FLOATS));
    await kernels.run();
  } finally {
    await file.close();
  }
}
