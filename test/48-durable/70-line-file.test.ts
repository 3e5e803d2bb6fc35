// A file of lines that is resumed after a kill: which lines it keeps, what it cuts off, and a disk that fails.

import { strict as assert } from 'node:assert';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import { type FileLayer, type LineFileOptions, openLineFile } from '@llama-ts/durable';
import { failingLayer, shortWriteLayer } from '../helpers/failing-files.js';
import { failsWith, withFolder } from './support.js';

const SETTINGS = { prompts: 'abc' };
const options: LineFileOptions = {
  settings: SETTINGS,
  decided: { seed: '1' },
  countGood: (lines) => lines.length,
};

/** Begins, writes lines and stops, like a process that is killed. */
async function leave(path: string, lines: readonly string[], more: Partial<LineFileOptions> = {}): Promise<void> {
  const file = await openLineFile(path, { ...options, ...more });
  await file.append(lines);
  await file.leave();
}

async function reopen(path: string, more: Partial<LineFileOptions> = {}) {
  const file = await openLineFile(path, { ...options, decided: { seed: '2' }, ...more });
  await file.leave();
  return file;
}

describe('a durable file of lines', () => {
  let path = '';
  const withPath = (use: (folder: string) => Promise<void>) => () =>
    withFolder(async (folder) => {
      path = join(folder, 'results.jsonl');
      await use(folder);
    });

  it(
    'has every line that was appended, and no other file beside it once it is finished',
    withPath(async (folder) => {
      const file = await openLineFile(path, { ...options, files: shortWriteLayer() });
      await file.append(['é'.repeat(3000), 'two']);
      await file.append(['three']);
      await file.finish();
      assert.equal(await readFile(path, 'utf8'), `${'é'.repeat(3000)}\ntwo\nthree\n`);
      assert.deepEqual(await readdir(folder), ['results.jsonl']);
      await failsWith('OUTPUT_EXISTS', openLineFile(path, options));
    }),
  );

  it(
    'goes on after its last complete line, with what the first run decided',
    withPath(async () => {
      await leave(path, ['ünu', 'du']);
      await writeFile(path, 'ünu\ndu\nhalf a li');
      const { lines, nCutBytes, decided } = await reopen(path);
      assert.deepEqual([lines, nCutBytes, decided], [['ünu', 'du'], 9, { seed: '1' }]);
      assert.equal(await readFile(path, 'utf8'), 'ünu\ndu\n');
    }),
  );

  it(
    'drops its lines from the first malformed one on',
    withPath(async () => {
      await leave(path, ['good', 'bad', 'good']);
      const { lines, nCutBytes } = await reopen(path, { countGood: (found) => found.indexOf('bad') });
      assert.deepEqual([lines, nCutBytes], [['good'], 9]);
      assert.equal(await readFile(path, 'utf8'), 'good\n');
    }),
  );

  it(
    'is not continued with other settings; --force or resume: false start over',
    withPath(async () => {
      await leave(path, ['one']);
      const other = { settings: { prompts: 'def' } };
      assert.match(await failsWith('OUTPUT_EXISTS', reopen(path, other)), /begun with another input/);
      assert.equal(await readFile(path, 'utf8'), 'one\n');
      await failsWith('OUTPUT_EXISTS', reopen(path, { resume: false }));
      const { lines, decided } = await reopen(path, { ...other, force: true });
      assert.deepEqual([lines, decided], [[], { seed: '2' }]);
      assert.equal(await readFile(path, 'utf8'), '');
    }),
  );

  it(
    'starts over in an empty file',
    withPath(async () => {
      await writeFile(path, '');
      await leave(path, ['one']);
      assert.deepEqual((await reopen(path)).lines, ['one']);
    }),
  );

  it(
    'is written by one process at a time',
    withPath(async () => {
      const file = await openLineFile(path, options);
      await failsWith('OUTPUT_BUSY', openLineFile(path, options));
      await file.leave();
      await reopen(path);
    }),
  );

  it(
    'refuses its own input and a folder as output',
    withPath(async (folder) => {
      await writeFile(path, 'prompts');
      await failsWith('OUTPUT_IS_INPUT', openLineFile(path, { ...options, inputs: [path], force: true }));
      await failsWith('OUTPUT_NOT_A_FILE', openLineFile(folder, options));
    }),
  );

  it(
    'reports a disk that fails at any one call with a remedy, and goes on to the same bytes',
    withPath(async (folder) => {
      for (let failAt = 0; ; failAt++) {
        const layer = failingLayer(failAt, 'ENOSPC');
        const run = async (files?: FileLayer): Promise<void> => {
          const file = await openLineFile(path, { ...options, force: true, files });
          try {
            for (let n = file.lines.length; n < 3; n++) await file.append([`line ${n}`]);
            await file.finish();
          } finally {
            await file.leave();
          }
        };
        const error = await run(layer.files).then(
          () => null,
          (reason: unknown) => reason,
        );
        const where = `call ${failAt}, ${layer.failedCall()}`;
        if (error !== null) {
          assert.ok(isToolkitError(error) && error.code === 'DISK_FULL', `${where}: ${error}`);
          await run();
        }
        assert.equal(await readFile(path, 'utf8'), 'line 0\nline 1\nline 2\n', where);
        assert.deepEqual(await readdir(folder), ['results.jsonl'], where);
        if (layer.failedCall() !== null) continue;
        assert.ok(failAt > 10, `${failAt} calls, expected more`);
        return;
      }
    }),
  );
});
