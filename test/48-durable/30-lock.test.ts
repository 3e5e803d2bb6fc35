// One output is written by one exporter at a time.

import { strict as assert } from 'node:assert';
import { mkdir, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import { exportModel } from '@llama-ts/exporter';
import { runLlama } from '../helpers/run-llama.js';
import { failsWith, finish, hiddenIn, leaveLock, MEDIUM, SMALL, withFolder, writeCheckpoint } from './support.js';

async function withSource(size: typeof SMALL, use: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await mkdir(join(folder, 'model'));
    await writeCheckpoint(join(folder, 'model'), size);
    await use(folder);
  });
}

const start = (folder: string, more: { force?: boolean; output?: string } = {}) =>
  exportModel({ source: join(folder, 'model'), output: join(folder, 'm.bin'), version: 2, ...more });

/** The owner of a lock that this process holds at the moment. */
async function livingOwner(folder: string): Promise<string> {
  for await (const _ of start(folder, { output: join(folder, 'other.bin') }))
    return readlink(join(folder, '.other.bin.lock'));
  throw new Error('the export ended before it began');
}

describe('two exporters of one output', () => {
  it("in one process: the second is refused with the process's id, and the first completes", () =>
    withSource(SMALL, async (folder) => {
      const first = start(folder);
      await first.next();
      const message = await failsWith('OUTPUT_BUSY', finish(start(folder, { force: true })));
      assert.match(message, new RegExp(`process ${process.pid}\\b`));
      await finish(first);
      assert.deepEqual(await hiddenIn(folder), []);
    }));

  it('through a link to the same file: the second is refused', () =>
    withSource(SMALL, async (folder) => {
      await finish(start(folder));
      await symlink(join(folder, 'm.bin'), join(folder, 'link.bin'));
      const first = start(folder, { force: true });
      await first.next();
      await failsWith('OUTPUT_BUSY', finish(start(folder, { output: join(folder, 'link.bin'), force: true })));
      await finish(first);
    }));

  it('as commands at the same moment: one writes the file, the others report that and exit with 2', () =>
    withSource(MEDIUM, async (folder) => {
      const args = ['export', 'm.bin', '--hf', 'model', '--json'];
      const runs = await Promise.all([1, 2, 3].map(() => runLlama(args, { cwd: folder })));
      assert.deepEqual(runs.map(({ exitCode }) => exitCode).sort(), [0, 2, 2]);
      for (const { exitCode, stdout } of runs) {
        if (exitCode === 0) continue;
        assert.match(JSON.parse(stdout).error.code, /^OUTPUT_(?:BUSY|EXISTS)$/);
      }
      await finish(start(folder, { output: join(folder, 'alone.bin') }));
      assert.deepEqual((await readdir(folder)).sort(), ['alone.bin', 'm.bin', 'model']);
    }));
});

describe('the lock of an output', () => {
  it('of a process that has ended is taken over by one of many', () =>
    withSource(SMALL, async (folder) => {
      const owner = await livingOwner(folder);
      await leaveLock(folder, 'm.bin', owner);
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => finish(start(folder))));
      const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      assert.equal(failed.length, 7);
      for (const error of failed) {
        assert.ok(isToolkitError(error));
        assert.match(error.code, /^OUTPUT_(?:BUSY|EXISTS)$/);
      }
      assert.deepEqual(await hiddenIn(folder), []);
    }));

  it('of a process whose id another process has since got is taken over', () =>
    withSource(SMALL, async (folder) => {
      if (process.platform !== 'linux') return; // only there the start of a process is known
      const [machine, , start_, ...rest] = (await livingOwner(folder)).split('-');
      const owner = [machine, process.ppid, Number(start_) + 1, ...rest].join('-');
      await symlink(owner, join(folder, '.m.bin.lock'));
      await finish(start(folder));
    }));

  it('of another machine is left in place, and the error says how to remove it', () =>
    withSource(SMALL, async (folder) => {
      await symlink('0123456789ab-1-2-0-01234567', join(folder, '.m.bin.lock'));
      const run = await runLlama(['export', 'm.bin', '--hf', 'model'], { cwd: folder });
      assert.equal(run.exitCode, 2);
      assert.match(run.stderr, /OUTPUT_BUSY[\s\S]*rm \S*\.m\.bin\.lock/);
      assert.deepEqual(await hiddenIn(folder), ['.m.bin.lock']);
    }));

  it('that a user removed makes its own exporter fail, and not the next one', () =>
    withSource(SMALL, async (folder) => {
      const first = start(folder);
      await first.next();
      await rm(join(folder, '.m.bin.lock'));
      const second = start(folder);
      await second.next();
      await failsWith('OUTPUT_BUSY', finish(first));
      await finish(second);
      const [a, b] = [join(folder, 'm.bin'), join(folder, 'alone.bin')];
      await finish(start(folder, { output: b }));
      assert.ok((await readFile(a)).equals(await readFile(b)));
      assert.deepEqual(await hiddenIn(folder), []);
    }));
});
