// Folders that cannot be made, and outputs that cannot be written, in every way that a file system knows.

import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolkitError } from '@llama-ts/base';
import { checkOutput, checkWritable, FILE_LAYER, makeFolder } from '@llama-ts/durable';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const prompt = ['run', '-i', 'Once', '-t', '0', '-n', '5'];
const isLinux = process.platform === 'linux';

/** Paths below which no folder can be made. */
async function impossibleFolders(folder: string): Promise<Readonly<Record<string, string>>> {
  await writeFile(join(folder, 'file'), '');
  await symlink(join(folder, 'absent'), join(folder, 'dangling'));
  await symlink(join(folder, 'circle'), join(folder, 'circle'));
  const everywhere = {
    'a file': join(folder, 'file'),
    'a dangling link': join(folder, 'dangling'),
    'links in a circle': join(folder, 'circle'),
    'a name that is too long': join(folder, 'n'.repeat(300)),
  };
  return isLinux ? { ...everywhere, '/proc': '/proc', '/dev/null': '/dev/null', '/sys': '/sys' } : everywhere;
}

describe('a folder that a writer makes', () => {
  it('exists afterwards with its parents and its mode', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'a', 'b', 'c');
      await Promise.all([makeFolder(FILE_LAYER, path, 0o700), makeFolder(FILE_LAYER, path, 0o700)]);
      await makeFolder(FILE_LAYER, path);
      if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o700);
    }));

  it('is an error with a code when it cannot be made', () =>
    withFolder(async (folder) => {
      for (const [what, parent] of Object.entries(await impossibleFolders(folder))) {
        await assert.rejects(makeFolder(FILE_LAYER, join(parent, 'x', 'y')), what);
      }
    }));
});

describe('an output that cannot be written', () => {
  it('is refused before any work, and the error names the obstacle', () =>
    withFolder(async (folder) => {
      const places = await impossibleFolders(folder);
      for (const [what, parent] of Object.entries(places)) {
        for (const check of [checkOutput, checkWritable]) {
          if (check === checkOutput && (what === '/proc' || what === '/sys')) continue;
          const error = await check(join(parent, 'out.bin'), {}).catch((error: unknown) => error as ToolkitError);
          assert.match((error as ToolkitError).code, /^(OUTPUT_|WRITE_FAILED)/, what);
          assert.ok((error as ToolkitError).suggestions.length > 0, what);
        }
      }
      for (const name of ['dangling', 'circle']) await assert.rejects(checkOutput(join(folder, name), { force: true }));
      assert.ok(!existsSync(join(folder, 'absent')));
    }));

  it('is said to exist while another process gives its file that name, and never to be a link', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'out.bin');
      let isOver = false;
      const others = (async () => {
        while (!isOver) {
          await writeFile(`${path}.new`, '');
          await rename(`${path}.new`, path);
          await rm(path);
        }
      })();
      const codes = new Set<string>();
      for (let i = 0; i < 3000; i++) {
        const code = await checkOutput(path, {}).then(
          () => 'none',
          (error: unknown) => (error as ToolkitError).code,
        );
        codes.add(code);
      }
      isOver = true;
      await others;
      assert.deepEqual([...codes].sort(), ['OUTPUT_EXISTS', 'none']);
    }));

  it('is detected without leaving a file', () =>
    withFolder(async (folder) => {
      await checkWritable(join(folder, 'out.bin'), {});
      assert.deepEqual(await readdir(folder), []);
    }));
});

describe('the sample model of llama run', () => {
  it('runs when no cache can be made, and a warning says which variable to set', () =>
    withFolder(async (folder) => {
      for (const [what, home] of Object.entries(await impossibleFolders(folder))) {
        const temporary = join(folder, 'tmp');
        await mkdir(temporary, { recursive: true });
        const env = { HOME: home, TMPDIR: temporary, XDG_CACHE_HOME: '', LOCALAPPDATA: '' };
        const { exitCode, stdout, stderr } = await runLlama(prompt, { env });
        assert.equal(exitCode, 0, `${what}: ${stderr}`);
        assert.match(stdout, /^Once/, what);
        assert.match(stderr, /try: .*export XDG_CACHE_HOME=/, what);
        assert.doesNotMatch(stderr, /trace-warnings| at .*\.js:/, what);
        assert.deepEqual(await readdir(temporary), [], what);
      }
    })).timeout(120_000);

  it('runs without a home folder, and makes no folder in the working folder', () =>
    withFolder(async (folder) => {
      const env = { HOME: '', XDG_CACHE_HOME: join(folder, 'cache'), LOCALAPPDATA: '' };
      await mkdir(join(folder, 'here'));
      const { exitCode, stderr } = await runLlama(prompt, { env, cwd: join(folder, 'here') });
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(await readdir(join(folder, 'here')), []);
    })).timeout(60_000);

  it('is not needed for autocompletion, which is refused when its cache cannot be made', async function () {
    if (!isLinux) return this.skip();
    const { exitCode, stderr } = await runLlama(['autocomplete', 'bash'], {
      env: { HOME: '/proc', XDG_CACHE_HOME: '' },
    });
    assert.equal(exitCode, 6, stderr);
    assert.match(stderr, /\[CACHE_FAILED\]\n {2}try: .*export XDG_CACHE_HOME=/);
  }).timeout(60_000);

  it('fails with the variable to set when no temporary folder can be made either', () =>
    withFolder(async (folder) => {
      const { 'a file': file } = await impossibleFolders(folder);
      const env = { HOME: file!, TMPDIR: file!, XDG_CACHE_HOME: '', LOCALAPPDATA: '' };
      const { exitCode, stderr } = await runLlama(prompt, { env });
      assert.equal(exitCode, 6, stderr);
      assert.match(stderr, /\[CACHE_FAILED\]\n {2}try: .*export XDG_CACHE_HOME=.*\n {2}try: .*export TMPDIR=/);
    })).timeout(60_000);
});
