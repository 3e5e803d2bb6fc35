// A disk that fails at any one call, and a source that changes underneath: an error with a remedy, and no half file.

import { strict as assert } from 'node:assert';
import * as nodeFiles from 'node:fs/promises';
import { mkdir, open, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import type { FileLayer } from '@llama-ts/durable';
import { exportModel, quantizeModel } from '@llama-ts/exporter';
import { failingLayer, failure, shortWriteLayer } from '../helpers/failing-files.js';
import { failsWith, finish, hiddenIn, withFolder, writeCheckpoint } from './support.js';

const OLD = 'the file that was there before';
const TINY = { dim: 64, hiddenDim: 64, nLayers: 1 };
const CODES = { ENOSPC: 'DISK_FULL', EIO: 'WRITE_FAILED', EROFS: 'OUTPUT_READ_ONLY' } as const;

interface Bench {
  readonly folder: string;
  readonly target: string;
  readonly expected: Buffer;
  readonly run: (files?: FileLayer) => ReturnType<typeof exportModel>;
}

async function withExport(use: (bench: Bench) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const source = join(folder, 'model');
    await mkdir(source);
    await writeCheckpoint(source, TINY);
    const target = join(folder, 'm.bin');
    const run = (files?: FileLayer) => exportModel({ source, output: target, version: 2, force: true, files });
    await finish(run());
    await use({ folder, target, expected: await readFile(target), run });
  });
}

describe('an export to a disk that fails', () => {
  for (const [errno, code] of Object.entries(CODES)) {
    it(`with ${errno} at any one call is ${code}, leaves the old file or the complete new one, and the next run works`, () =>
      withExport(async ({ folder, target, expected, run }) => {
        for (let failAt = 0; ; failAt++) {
          await writeFile(target, OLD);
          const layer = failingLayer(failAt, errno);
          const error = await finish(run(layer.files)).then(
            () => null,
            (reason: unknown) => reason,
          );
          const where = `call ${failAt}, ${layer.failedCall()}`;
          if (error !== null) {
            assert.ok(isToolkitError(error), `${where}: ${error}`);
            assert.equal(error.code, code, where);
            assert.ok(error.suggestions.length > 0, where);
          }
          const found = await readFile(target);
          // Once the file has its name, it is whole, though its folder could not be synced.
          if (error === null) assert.ok(found.equals(expected), where);
          else assert.ok(found.equals(Buffer.from(OLD)) || found.equals(expected), `half a file after ${where}`);
          assert.deepEqual(await hiddenIn(folder), [], where);
          await finish(run());
          assert.ok((await readFile(target)).equals(expected), where);
          if (layer.failedCall() !== null) continue;
          assert.ok(failAt > 40, `${failAt} calls, expected more`);
          return;
        }
      })).timeout(60_000);
  }

  it('that takes a few bytes at a time writes all bytes', () =>
    withExport(async ({ target, expected, run }) => {
      await finish(run(shortWriteLayer()));
      assert.ok((await readFile(target)).equals(expected));
    }));

  it('that takes no byte is refused and not tried for ever', () =>
    withExport(async ({ target, run }) => {
      await rm(target);
      const files = {
        ...nodeFiles,
        async open(...args: Parameters<FileLayer['open']>) {
          const handle = await open(...args);
          if (String(args[0]).endsWith('.partial')) {
            Object.assign(handle, { write: async () => ({ bytesWritten: 0, buffer: new Uint8Array() }) });
          }
          return handle;
        },
      };
      await failsWith('WRITE_FAILED', finish(run(files as FileLayer)));
    }));

  it('that has too little space is refused before the first byte', () =>
    withExport(async ({ folder, target, run }) => {
      await rm(target);
      const statfs = async () => ({ bavail: 10, bsize: 4_096 }) as Awaited<ReturnType<FileLayer['statfs']>>;
      const message = await failsWith(
        'DISK_FULL',
        finish(run({ ...nodeFiles, statfs: statfs as FileLayer['statfs'] })),
      );
      assert.match(message, /41\.0 kB free on its disk, expected \d/);
      assert.deepEqual(await readdir(folder), ['model']);
    }));

  it('that cannot hold links is locked by a file', () =>
    withExport(async ({ folder, target, expected, run }) => {
      const symlink: FileLayer['symlink'] = () => Promise.reject(failure('EPERM', 'symlink'));
      const files = { ...nodeFiles, symlink };
      const first = run(files);
      await first.next();
      await failsWith('OUTPUT_BUSY', finish(run(files)));
      await finish(first);
      assert.ok((await readFile(target)).equals(expected));
      assert.deepEqual(await hiddenIn(folder), []);
    }));
});

describe('a source that changes while it is converted', () => {
  /** Runs until a tensor is under way, changes the source, and resumes. */
  const changing = async (work: ReturnType<typeof exportModel>, change: () => Promise<void>): Promise<void> => {
    for await (const event of work) if (event.type === 'tensor-start' && event.index === 3) await change();
  };

  it('by becoming shorter is refused, and leaves no file', () =>
    withExport(async ({ folder, target, run }) => {
      await rm(target);
      const shard = join(folder, 'model', 'model.safetensors');
      await failsWith(
        'FILE_SHRANK',
        changing(run(), () => truncate(shard, 5_000)),
      );
      assert.deepEqual(await readdir(folder), ['model']);
    }));

  it('in its content alone is refused because its time of modification differs', () =>
    withExport(async ({ folder, target, run }) => {
      await rm(target);
      const shard = join(folder, 'model', 'model.safetensors');
      await failsWith(
        'SOURCE_CHANGED',
        changing(run(), () => utimes(shard, 5, 5)),
      );
      assert.deepEqual(await readdir(folder), ['model']);
    }));

  it('is refused by quantize as well', () =>
    withExport(async ({ folder, run: _ }) => {
      const [input, output] = [join(folder, 'v1.bin'), join(folder, 'q.bin')];
      const source = join(folder, 'model');
      await finish(exportModel({ source, output: input }));
      const run = () => quantizeModel({ input, output });
      await failsWith(
        'SOURCE_CHANGED',
        changing(run(), () => utimes(input, 5, 5)),
      );
      await failsWith(
        'FILE_SHRANK',
        changing(run(), () => truncate(input, 70_000)),
      );
      assert.deepEqual((await readdir(folder)).sort(), ['m.bin', 'model', 'v1.bin']);
    }));
});
