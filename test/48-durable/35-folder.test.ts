// A Hugging Face folder that is written: one exporter at a time, whole or not at all, also after a kill and on a failing disk.

import { strict as assert } from 'node:assert';
import { cp, mkdir, readdir, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import type { FileLayer } from '@llama-ts/durable';
import { type ConvertResult, convertModel, type ExportEvent } from '@llama-ts/exporter';
import { failingLayer } from '../helpers/failing-files.js';
import { contentOf, failsWith, finish, hiddenIn, leaveLock, withFolder, writeCheckpoint } from './support.js';

const TINY = { dim: 64, hiddenDim: 64, nLayers: 1 };

interface Bench {
  readonly folder: string;
  readonly target: string;
  /** What a conversion writes, and what is there before it. */
  readonly expected: Map<string, string>;
  readonly old: Map<string, string>;
  start(options?: { files?: FileLayer; force?: boolean }): AsyncGenerator<ExportEvent, ConvertResult>;
  /** Puts the old folder at the target. */
  putOld(): Promise<void>;
}

async function withConversion(use: (bench: Bench) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const [source, target, oldModel] = ['model', 'out', 'old-model'].map((name) => join(folder, name));
    await mkdir(source!);
    await writeCheckpoint(source!, TINY);
    const common = { source: source!, to: 'safetensors' as const };
    await finish(convertModel({ ...common, output: oldModel!, type: 'F32' }));
    await finish(convertModel({ ...common, output: target! }));
    await use({
      folder,
      target: target!,
      expected: await contentOf(target!),
      old: await contentOf(oldModel!),
      start: (options) => convertModel({ ...common, output: target!, force: true, ...options }),
      async putOld() {
        await rm(target!, { recursive: true, force: true });
        await cp(oldModel!, target!, { recursive: true });
      },
    });
  });
}

describe('an output folder', () => {
  it('is written by one exporter at a time', () =>
    withConversion(async ({ folder, target, expected, start }) => {
      const first = start();
      while ((await first.next()).value?.type !== 'write-start');
      await failsWith('OUTPUT_BUSY', finish(start()));
      await finish(first);
      assert.deepEqual(await contentOf(target), expected);
      assert.deepEqual(await hiddenIn(folder), []);
    }));

  it('is written anew after a killed run, whose files are removed', () =>
    withConversion(async ({ folder, target, expected, old, start, putOld }) => {
      await putOld();
      const killed = start();
      let owner = '';
      for await (const event of killed) {
        if (event.type !== 'tensor-end') continue;
        owner = await readlink(join(folder, '.out.lock'));
        await cp(join(folder, '.out.partial-folder'), join(folder, 'left'), {
          recursive: true,
          verbatimSymlinks: true,
        });
        break;
      }
      assert.deepEqual(await contentOf(target), old);
      await rename(join(folder, 'left'), join(folder, '.out.partial-folder'));
      await leaveLock(folder, 'out', owner);
      await finish(start());
      assert.deepEqual(await contentOf(target), expected);
      assert.deepEqual(await hiddenIn(folder), []);
    }));

  it('is the old one again after a run that was killed between its two renames', () =>
    withConversion(async ({ folder, target, expected, old, start, putOld }) => {
      await putOld();
      await rename(target, join(folder, '.out.old-folder'));
      await mkdir(join(folder, '.out.partial-folder'));
      await writeFile(join(folder, '.out.partial-folder', 'config.json'), '{}');
      await failsWith('OUTPUT_EXISTS', finish(start({ force: false })));
      assert.deepEqual(await contentOf(target), old);
      assert.deepEqual(await hiddenIn(folder), []);
      await finish(start());
      assert.deepEqual(await contentOf(target), expected);
    }));

  it('is the new one after a run that was killed before it had removed the old one', () =>
    withConversion(async ({ folder, target, expected, start }) => {
      await cp(target, join(folder, '.out.old-folder'), { recursive: true });
      await failsWith('OUTPUT_EXISTS', finish(start({ force: false })));
      await finish(start());
      assert.deepEqual(await contentOf(target), expected);
      assert.deepEqual(await hiddenIn(folder), []);
    }));

  it('is the old one or the complete new one whichever call fails, and the next run works', () =>
    withConversion(async ({ folder, target, expected, old, start, putOld }) => {
      for (let failAt = 0; ; failAt++) {
        await putOld();
        const layer = failingLayer(failAt, 'EIO');
        const error = await finish(start({ files: layer.files })).then(
          () => null,
          (reason: unknown) => reason,
        );
        const where = `call ${failAt}, ${layer.failedCall()}`;
        if (error !== null) assert.ok(isToolkitError(error) && error.code === 'WRITE_FAILED', `${where}: ${error}`);
        const found = await contentOf(target);
        assert.ok(same(found, expected) || (error !== null && same(found, old)), `half a folder after ${where}`);
        assert.deepEqual(
          (await readdir(folder)).filter((name) => name.endsWith('.lock')),
          [],
          where,
        );
        await finish(start());
        assert.ok(same(await contentOf(target), expected), where);
        assert.deepEqual(await hiddenIn(folder), [], where);
        if (layer.failedCall() !== null) continue;
        assert.ok(failAt > 30, `${failAt} calls, expected more`);
        return;
      }
    })).timeout(60_000);
});

function same(a: Map<string, string>, b: Map<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, content]) => b.get(name) === content);
}
