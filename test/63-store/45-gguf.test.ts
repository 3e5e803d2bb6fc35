// Repositories and files of GGUF by their names, and entries of the store that are damaged.

import { strict as assert } from 'node:assert';
import { mkdir, readdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertModel } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import { drain } from '../helpers/generators.js';
import { assertHolds, filesOf, REPO, withFolder, withStore } from './support.js';

const PROMPT = ['Once upon a time', '-n', '12', '-t', '0'];
const OFFLINE = { env: { HF_HUB_OFFLINE: '1' } };

async function ggufOf(type: 'Q8_0' | 'BF16'): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  await withFolder(async (folder) => {
    const output = join(folder, 'm.gguf');
    await drain(convertModel({ source: sampleModelPath, output, to: 'gguf', type }));
    bytes = await readFile(output);
  });
  return bytes;
}

describe('a repository of GGUF by its name', function () {
  this.timeout(300_000);

  it('is made on first use, which says its size, and opened after that, offline too', async () => {
    const gguf = await ggufOf('Q8_0');
    const repos = { 'me/tiny-GGUF': fakeRepo({ 'tiny-Q8_0.gguf': gguf }) };
    await withStore(
      async ({ hub, store, folder, succeed, json }) => {
        const first = await succeed(['run', 'me/tiny-GGUF', ...PROMPT]);
        assert.match(first.stderr, /^me\/tiny-GGUF: downloading 1\.3 MB, to make a model of at most \S+ MB \(q4\)$/m);
        await assertHolds(store, { models: 1, names: 1 });
        const nRequests = hub.requests.length;
        const second = await succeed(['run', 'me/tiny-GGUF', ...PROMPT], OFFLINE);
        assert.equal(second.stdout, first.stdout);
        await succeed(['run', 'me/tiny-GGUF:q8', ...PROMPT], OFFLINE);
        assert.equal(hub.requests.length, nRequests);
        await writeFile(join(folder, 'm.gguf'), gguf);
        await succeed(['export', 'm.gguf', 'm.bin', '--version', '3']);
        assert.equal((await succeed(['run', 'm.bin', ...PROMPT])).stdout, first.stdout);
        assert.equal((await json(['show', 'me/tiny-GGUF:q8'])).model.groupSize, 32);
        await succeed(['rm', '--all']);
        assert.deepEqual(await filesOf(store), []);
      },
      { repos },
    );
  });

  it('is answered with the export of one of its files where it has several', async () => {
    const gguf = await ggufOf('Q8_0');
    const repos = { 'me/tiny-GGUF': fakeRepo({ 'a.gguf': gguf, 'b c.gguf': gguf }) };
    await withStore(
      async ({ run, store }) => {
        for (const [name, flags] of [
          ['me/tiny-GGUF:q8', '--version 2'],
          ['me/tiny-GGUF:q8@v1', '--revision v1 --version 2'],
        ]) {
          const { stderr, exitCode } = await run(['run', name!, ...PROMPT]);
          assert.equal(exitCode, 3);
          assert.match(stderr, /holds 2 GGUF files \(a\.gguf, b c\.gguf\)[\s\S]*\[NOT_A_CHECKPOINT\]/);
          assert.ok(stderr.replace(/\s+/g, ' ').includes(`llama export me/tiny-GGUF --file a.gguf ${flags}`), stderr);
        }
        assert.deepEqual(await filesOf(store), []);
      },
      { repos },
    );
  });

  it('is refused before its download where it is another model', async () => {
    const other = Buffer.from(await ggufOf('Q8_0'));
    const key = 'general.architecture';
    // After the key: the kind of the value, and its length.
    other.write('mamba', other.indexOf(key) + key.length + 12);
    const repos = { 'me/mamba-GGUF': fakeRepo({ 'mamba.gguf': other }) };
    await withStore(
      async ({ hub, run, store }) => {
        const { stderr } = await run(['run', 'me/mamba-GGUF', ...PROMPT]);
        assert.match(stderr, /me\/mamba-GGUF\/mamba\.gguf: architecture "mamba", expected "llama"/);
        assert.ok(hub.servedBytes('mamba.gguf') < other.byteLength / 2);
        assert.deepEqual(await filesOf(store), []);
      },
      { repos },
    );
  });
});

describe('a folder of Meta’s files by its name', function () {
  this.timeout(300_000);

  it('is answered with the export that states what its files do not, and one without a model with what it is', () =>
    withStore(async ({ folder, store, run }) => {
      const meta = join(folder, 'meta');
      await mkdir(meta);
      const params = { dim: 64, n_layers: 2, n_heads: 4, norm_eps: 1e-5, rope_theta: 500000, use_scaled_rope: true };
      await writeFile(join(meta, 'params.json'), JSON.stringify(params));
      await writeFile(join(meta, 'consolidated.00.pth'), 'x');
      await mkdir(join(folder, 'empty'));
      for (const [variant, version] of [
        ['', 3],
        [':q8', 2],
      ]) {
        const known = await run(['run', `meta${variant}`, ...PROMPT]);
        assert.match(known.stderr, /\[SETTINGS_UNKNOWN\]/);
        const command = `llama export ${await realpath(meta)} --rope-factor 32 --version ${version}`;
        assert.ok(known.stderr.replace(/\s+/g, ' ').includes(command), known.stderr);
        const empty = await run(['run', `empty${variant}`, ...PROMPT]);
        assert.match(empty.stderr, /is a folder, expected a \.bin file; .*holds no file.*\[NOT_A_MODEL\]/s);
      }
      assert.deepEqual(await filesOf(store), []);
    }));
});

describe('a model of the store', function () {
  this.timeout(300_000);

  it('that another program has damaged is named with the command that makes it again', () =>
    withStore(async ({ store, succeed, run, json }) => {
      const first = await succeed(['run', REPO, ...PROMPT]);
      const { path } = (await json(['list'])).models[0];
      const whole = await readFile(path);
      for (const at of [0, 100, whole.length - 10]) {
        const damaged = Buffer.from(whole);
        damaged.write('damage', at);
        await writeFile(path, damaged);
        const { stderr, exitCode } = await run(['run', REPO, ...PROMPT]);
        assert.notEqual(exitCode, 0);
        assert.match(stderr, /try: make it again: llama pull meta-llama\/Tiny\n/);
        await succeed(['pull', REPO]);
        assert.equal((await succeed(['run', REPO, ...PROMPT])).stdout, first.stdout);
      }
      await assertHolds(store, { models: 1, names: 1 });
    }));
});

describe('an entry of the store', function () {
  this.timeout(300_000);

  it('that is damaged, or another name’s, counts as none and is written anew', () =>
    withStore(async ({ store, succeed, json, run }) => {
      await succeed(['pull', REPO]);
      const names = join(store, 'names');
      const [entry = ''] = await readdir(names);
      const path = join(names, entry);
      const whole = JSON.parse(await readFile(path, 'utf8'));
      const changes: readonly (readonly [string, object])[] = [
        ['null stamps', { source: { kind: 'local', path: '/m', stamps: [null] } }],
        ['stamps of numbers', { source: { kind: 'local', path: '/m', stamps: [{ path: 1, state: 2 }] } }],
        ['another name', { source: { ...whole.source, repo: '../../etc' } }],
        ['another variant', { variant: 'q8' }],
        ['a key that is a path', { key: '../../../../etc/passwd' }],
        ['another length', { byteLength: whole.byteLength + 1 }],
      ];
      for (const [title, change] of changes) {
        await writeFile(path, JSON.stringify({ ...whole, ...change }));
        assert.deepEqual((await json(['list'])).models, [], title);
        assert.match((await run(['show', REPO])).stderr, /\[NOT_IN_STORE\]/, title);
        await succeed(['run', REPO, ...PROMPT]);
        await assertHolds(store, { models: 1, names: 1 });
        assert.deepEqual(JSON.parse(await readFile(path, 'utf8')).source, whole.source, title);
      }
      await writeFile(path, '{"form":');
      await succeed(['run', REPO, ...PROMPT]);
      // Under the name of another entry it is nobody's.
      await rename(path, join(names, `${'0'.repeat(32)}.json`));
      assert.deepEqual((await json(['list'])).models, []);
      await succeed(['rm', '--all']);
    }));
});
