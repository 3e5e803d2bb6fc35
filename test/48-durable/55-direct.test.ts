// Large blocks that go to the disk past the page cache: the same bytes, also where a system refuses that or stops half way.

import { strict as assert } from 'node:assert';
import { constants } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileLayer } from '@llama-ts/durable';
import { exportModel } from '@llama-ts/exporter';
import { openKernels } from '@llama-ts/kernels';
import { failure } from '../helpers/failing-files.js';
import { failsWith, finish, hiddenIn, withFolder, writeCheckpoint } from './support.js';

/** Tensors of some MB, of which all that are larger than a page begin within one. */
const LARGE = { dim: 512, hiddenDim: 2048, nLayers: 2 };
const PAGE_BYTES = 4096;

type Write = (
  bytes: Uint8Array,
  start: number,
  byteLength: number,
  position: number,
) => Promise<{ bytesWritten: number }>;

/** The machine's files; `onDirect` gets what is written to a handle that was opened for it, and `openDirect` the opening. */
function directLayer(hooks: { onDirect?: (write: Write) => Write; openDirect?: () => never }): FileLayer {
  const open = async (...args: Parameters<FileLayer['open']>) => {
    const isDirect = typeof args[1] === 'number' && (args[1] & constants.O_DIRECT) !== 0;
    if (isDirect) hooks.openDirect?.();
    const handle = await nodeFiles.open(...args);
    if (isDirect && hooks.onDirect)
      Object.assign(handle, { write: hooks.onDirect(handle.write.bind(handle) as Write) });
    return handle;
  };
  return { ...nodeFiles, open: open as FileLayer['open'] };
}

async function withExport(
  version: 1 | 2 | 3,
  use: (bench: {
    readonly folder: string;
    /** Exports through the layer and compares with an export that wrote nothing directly. */
    readonly exportsSame: (files: FileLayer) => Promise<void>;
    readonly run: (files: FileLayer) => ReturnType<typeof exportModel>;
  }) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const source = join(folder, 'model');
    await mkdir(source);
    await writeCheckpoint(source, LARGE);
    const output = join(folder, 'm.bin');
    const run = (files: FileLayer) => exportModel({ source, output, version, force: true, files });
    await finish(run(directLayer({ openDirect: refuse })));
    const expected = await readFile(output);
    const exportsSame = async (files: FileLayer): Promise<void> => {
      await finish(run(files));
      assert.ok((await readFile(output)).equals(expected), 'other bytes than without direct writes');
      assert.deepEqual(await hiddenIn(folder), []);
    };
    await use({ folder, exportsSame, run });
  });
}

function refuse(): never {
  throw failure('EINVAL', 'open');
}

describe('an export that bypasses the page cache', () => {
  before(async function () {
    if (!(await takesDirectWrites())) this.skip();
  });

  for (const version of [1, 2, 3] as const) {
    it(`writes most of v${version} in whole pages, and the same bytes`, () =>
      withExport(version, async ({ folder, exportsSame }) => {
        let nBytes = 0;
        const onDirect = (write: Write): Write => {
          return async (bytes, start, byteLength, position) => {
            assert.equal(byteLength % PAGE_BYTES, 0);
            assert.equal(position % PAGE_BYTES, 0);
            const written = await write(bytes, start, byteLength, position);
            nBytes += written.bytesWritten;
            return written;
          };
        };
        await exportsSame(directLayer({ onDirect }));
        const { size } = await stat(join(folder, 'm.bin'));
        assert.ok(nBytes > 0.7 * size, `${nBytes} of ${size} bytes`);
      }));

    it(`gives the same bytes of v${version} where a system refuses each such write`, () =>
      withExport(version, ({ exportsSame }) => {
        return exportsSame(directLayer({ onDirect: () => () => Promise.reject(failure('EINVAL', 'write')) }));
      }));

    it(`gives the same bytes of v${version} where such a write takes some pages and then no more`, () =>
      withExport(version, ({ exportsSame }) => {
        let isFirst = false;
        const onDirect = (write: Write): Write => {
          return (bytes, start, byteLength, position) => {
            isFirst = !isFirst;
            if (!isFirst) return Promise.reject(failure('EINVAL', 'write'));
            return write(bytes, start, Math.min(3 * PAGE_BYTES, byteLength), position);
          };
        };
        return exportsSame(directLayer({ onDirect }));
      }));
  }

  it('that runs out of disk space is DISK_FULL and leaves nothing', () =>
    withExport(2, async ({ folder, run }) => {
      const onDirect = (): Write => () => Promise.reject(failure('ENOSPC', 'write'));
      await failsWith('DISK_FULL', finish(run(directLayer({ onDirect }))));
      assert.deepEqual(await hiddenIn(folder), []);
    }));
});

/** Whether the kernels' memory can be written directly to this disk. */
async function takesDirectWrites(): Promise<boolean> {
  if (constants.O_DIRECT === undefined) return false;
  const kernels = await openKernels();
  await kernels.close();
  if (kernels.backend === 'wasm' || kernels.backend === 'reference') return false;
  return withFolder(async (folder) => {
    const path = join(folder, 'probe');
    const file = await nodeFiles
      .open(path, constants.O_CREAT | constants.O_WRONLY | constants.O_DIRECT)
      .catch(() => null);
    await file?.close();
    return file !== null;
  });
}
