// Files of another user at the names of hidden files: no link is followed, nothing waits at a pipe, nothing of theirs
// is changed or taken for ours.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmod, link, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolkitError } from '@llama-ts/base';
import {
  createDurableFile,
  createOwnFile,
  FILE_LAYER,
  openLineFile,
  openOwnAppendFile,
  openOwnFile,
} from '@llama-ts/durable';
import { exportModel, openCheckpoint, quantizeModel } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const VICTIM = 'what the victim wrote\n';
const isWindows = process.platform === 'win32';

/** Ways to take a name before us. */
const plants: Readonly<Record<string, (path: string, victim: string) => Promise<void>>> = {
  'a link': (path, victim) => symlink(victim, path),
  'a link to nothing': (path, victim) => symlink(`${victim}-absent`, path),
  'a link to itself': (path) => symlink(path, path),
  'a second name of a file': (path, victim) => link(victim, path),
  'a named pipe': async (path) => void execFileSync('mkfifo', [path]),
  'a file of others': (path) => writeFile(path, 'not ours'),
};

/** What leaves a file `out` in a folder, and the hidden names that it uses. */
const writers: Readonly<Record<string, { names: readonly string[]; write: (out: string) => Promise<unknown> }>> = {
  'an export': {
    names: ['.out.partial', '.out.journal'],
    write: async (out) => {
      const source = await openCheckpoint(sampleModelPath);
      try {
        for await (const _ of exportModel({ source, output: out, version: 2 }));
      } finally {
        await source.close();
      }
    },
  },
  'a durable file': {
    names: ['.out.partial', '.out.journal'],
    write: async (out) => {
      const file = await createDurableFile(out, { mode: 0o600 });
      await file.writeAt(Buffer.from('abc'), 0);
      await file.commit(3);
    },
  },
  'a file of lines': {
    names: ['.out.started'],
    write: async (out) => {
      const file = await openLineFile(out, { settings: {}, decided: {}, countGood: (lines) => lines.length });
      await file.append(['a']);
      await file.finish();
    },
  },
  'an export to GGUF': {
    names: ['.out.partial'],
    write: async (out) => {
      const { exitCode, stderr } = await runLlama(['export', out, '--hf', 'sample-model', '--to', 'gguf']);
      assert.equal(exitCode, 0, stderr);
    },
  },
};

(isWindows ? describe.skip : describe)('files of others under the hidden names that writers use', () => {
  for (const [writer, { names, write }] of Object.entries(writers)) {
    it(`do not stop ${writer} from writing its own file, and stay unchanged`, () =>
      withFolder(async (root) => {
        const plantsHere = writer.includes('GGUF') ? ['a link', 'a named pipe'] : Object.keys(plants);
        for (const name of names) {
          for (const plant of plantsHere) {
            const folder = join(root, `${name} ${plant}`);
            await mkdir(folder);
            const victim = join(folder, 'victim');
            await writeFile(victim, VICTIM);
            await plants[plant]!(join(folder, name), victim);
            await write(join(folder, 'out'));
            const where = `${name}: ${plant}`;
            assert.equal(await readFile(victim, 'utf8'), VICTIM, where);
            assert.ok((await lstat(join(folder, 'out'))).isFile(), where);
            assert.equal((await lstat(join(folder, 'out'))).nlink, 1, where);
            assert.deepEqual((await readdir(folder)).sort(), ['out', 'victim'], where);
          }
        }
      })).timeout(120_000);

    it(`make ${writer} refuse when one is a folder, which stays`, () =>
      withFolder(async (folder) => {
        for (const name of names) await mkdir(join(folder, name));
        if (writer.includes('GGUF')) return;
        await assert.rejects(write(join(folder, 'out')), { code: 'WRITE_FAILED' });
        for (const name of names) assert.ok((await stat(join(folder, name))).isDirectory());
      }));
  }

  it('make no lock wait for ever', () =>
    withFolder(async (root) => {
      for (const [plant, put] of Object.entries(plants)) {
        const folder = join(root, plant);
        await mkdir(folder);
        const victim = join(folder, 'victim');
        await writeFile(victim, VICTIM);
        await put(join(folder, '.out.lock'), victim);
        await assert.rejects(createDurableFile(join(folder, 'out'), {}), { code: 'OUTPUT_BUSY' }, plant);
        assert.equal(await readFile(victim, 'utf8'), VICTIM, plant);
      }
    }));

  it('are not followed as links in place of the file that a run resumes', () =>
    withFolder(async (folder) => {
      const v1 = join(folder, 'v1');
      const source = await openCheckpoint(sampleModelPath);
      for await (const _ of exportModel({ source, output: v1, version: 1 }));
      await source.close();
      const expected = join(folder, 'expected');
      for await (const _ of quantizeModel({ input: v1, output: expected }));
      const out = join(folder, 'out');
      const abandoned = quantizeModel({ input: v1, output: out });
      let nEnded = 0;
      for await (const event of abandoned) if (event.type === 'tensor-end' && nEnded++ > 3) break;
      const [victim, journal] = [join(folder, 'victim'), join(folder, '.out.journal')];
      await writeFile(victim, VICTIM);
      for (const name of ['.out.partial', '.out.journal']) {
        await rm(join(folder, name), { force: true });
        await symlink(victim, join(folder, name));
      }
      for await (const _ of quantizeModel({ input: v1, output: out }));
      assert.equal(await readFile(victim, 'utf8'), VICTIM);
      assert.deepEqual(await readFile(out), await readFile(expected));
      await assert.rejects(lstat(journal), { code: 'ENOENT' });
    }));
});

(isWindows ? describe.skip : describe)('a private file of the command line', () => {
  const files = FILE_LAYER;

  it('is opened again and appended to, and its mode becomes private', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'own');
      await (await createOwnFile(files, path)).close();
      const again = await openOwnFile(files, path);
      assert.ok(again !== null);
      await again.close();
      await chmod(path, 0o664);
      for (const text of ['a', 'b']) {
        const file = await openOwnAppendFile(files, path, 0o600);
        await file.appendFile(text);
        await file.close();
      }
      assert.equal(await readFile(path, 'utf8'), 'ab');
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    }));

  it('is not opened through a link, a pipe, a second name or a folder', () =>
    withFolder(async (folder) => {
      const victim = join(folder, 'victim');
      await writeFile(victim, VICTIM);
      for (const [i, plant] of ['a link', 'a link to nothing', 'a second name of a file', 'a named pipe'].entries()) {
        const path = join(folder, `name-${i}`);
        await plants[plant]!(path, victim);
        assert.equal(await openOwnFile(files, path), null, plant);
        await assert.rejects(openOwnAppendFile(files, path, 0o600), { code: 'EEXIST' }, plant);
        await rm(path);
      }
      await mkdir(join(folder, 'folder'));
      assert.equal(await openOwnFile(files, join(folder, 'folder')), null);
      await assert.rejects(openOwnAppendFile(files, join(folder, 'folder'), 0o600));
      assert.equal(await readFile(victim, 'utf8'), VICTIM);
    }));

  it('is not opened when it belongs to another user', function () {
    if (process.getuid?.() !== 0) return this.skip();
    return withFolder(async (folder) => {
      const path = join(folder, 'theirs');
      await writeFile(path, VICTIM);
      execFileSync('chown', ['65534', path]);
      assert.equal(await openOwnFile(files, path), null);
      const error = await openOwnAppendFile(files, path, 0o600).catch((error: unknown) => error);
      assert.match((error as ToolkitError).message, /belongs to another user/);
    });
  });
});
