// One download and one file for many processes and many names; names that move; removal.

import { strict as assert } from 'node:assert';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assertHolds, filesOf, moveMain, REPO, sampleRepo, withStore } from './support.js';

const PROMPT = ['Once upon a time', '-n', '12', '-t', '0'];
const N_WEIGHT_FILES = 3;

describe('the store', function () {
  this.timeout(300_000);

  it('is filled once by processes that begin together', () =>
    withStore(
      async ({ store, weightRequests, run }) => {
        const runs = await Promise.all(Array.from({ length: 3 }, () => run(['run', REPO, ...PROMPT])));
        for (const { exitCode, stderr } of runs) assert.equal(exitCode, 0, stderr);
        assert.equal(new Set(runs.map(({ stdout }) => stdout)).size, 1);
        assert.equal(weightRequests(), N_WEIGHT_FILES);
        assert.equal(runs.filter(({ stderr }) => /^made /m.test(stderr)).length, 1);
        assert.equal(runs.filter(({ stderr }) => /^waiting for another process/m.test(stderr)).length, 2);
        await assertHolds(store, { models: 1, names: 1 });
      },
      // So slowly that all of them arrive while the first one downloads.
      { onChunk: () => delay(500) },
    ));

  it('is filled once by two names of one commit, also together, and the second costs no download', async () => {
    const repo = await sampleRepo();
    const [commit] = repo.commits.keys();
    await withStore(
      async ({ store, weightRequests, run, json }) => {
        const together = await Promise.all([`${REPO}@main`, `${REPO}@v1`].map((name) => run(['run', name, ...PROMPT])));
        for (const { exitCode, stderr } of together) assert.equal(exitCode, 0, stderr);
        const later = await json(['pull', `me/copy@${commit}`]);
        assert.deepEqual([later.state, later.downloadedBytes, later.commit], ['shared', 0, commit]);
        assert.equal(weightRequests(), N_WEIGHT_FILES);
        await assertHolds(store, { models: 1, names: 3 });
        const { models, byteLength } = await json(['list']);
        assert.equal(byteLength, models[0].byteLength);
        assert.deepEqual((await json(['show', REPO])).otherNames, [`me/copy:q4@${commit}`, `${REPO}:q4@v1`]);
      },
      { repos: { [REPO]: repo, 'me/copy': repo } },
    );
  });

  it('keeps a model when its revision moves, until pull takes the new commit and removes the old file', async () => {
    const repo = await sampleRepo();
    const [old] = repo.commits.keys();
    await withStore(
      async ({ store, hub, succeed, json }) => {
        await succeed(['run', REPO, ...PROMPT]);
        const moved = await moveMain(repo);
        const nRequests = hub.requests.length;
        await succeed(['run', REPO, ...PROMPT]);
        assert.equal(hub.requests.length, nRequests);
        assert.equal((await json(['show', REPO])).commit, old);
        const pulled = await json(['pull', REPO]);
        assert.deepEqual([pulled.state, pulled.commit], ['made', moved]);
        await assertHolds(store, { models: 1, names: 1 });
        assert.equal((await json(['pull', REPO])).state, 'current');
        await succeed(['pull', `${REPO}@${old}`]);
        await assertHolds(store, { models: 2, names: 2 });
      },
      { repos: { [REPO]: repo } },
    );
  });

  it('gives the space back with rm, once no name has the model', () =>
    withStore(async ({ store, succeed, json, run }) => {
      await succeed(['pull', REPO]);
      const { byteLength } = await json(['pull', `${REPO}@v1`]);
      assert.equal((await json(['rm', REPO])).freedBytes, 0);
      await assertHolds(store, { models: 1, names: 1 });
      const { removed, freedBytes } = await json(['rm', `${REPO}@v1`]);
      assert.deepEqual(removed, [{ name: `${REPO}:q4@v1`, freedBytes: byteLength }]);
      assert.equal(freedBytes, byteLength);
      assert.deepEqual(await filesOf(store), []);
      const again = await run(['rm', REPO]);
      assert.equal(again.exitCode, 3);
      assert.match(again.stderr, /\[NOT_IN_STORE\]/);
    }));

  it('removes with rm what a killed process left, and a model whose name was never written', () =>
    withStore(async ({ store, succeed }) => {
      await succeed(['pull', REPO]);
      await succeed(['pull', `${REPO}:q8`]);
      const orphan = 'a'.repeat(32);
      for (const name of [`${orphan}.bin`, `.${'b'.repeat(32)}.bin.partial`]) {
        await writeFile(join(store, 'files', name), 'left');
      }
      await succeed(['rm', `${REPO}:q8`]);
      const files = await filesOf(store);
      assert.ok(!files.includes(`files/${orphan}.bin`), files.join(' '));
    }));

  it('makes a model again whose file was removed or cut short by hand', () =>
    withStore(async ({ store, succeed, weightRequests }) => {
      await succeed(['pull', REPO]);
      const [path] = (await filesOf(store)).filter((file) => file.endsWith('.bin'));
      const bytes = await readFile(join(store, path!));
      await writeFile(join(store, path!), bytes.subarray(0, 1000));
      const { stderr } = await succeed(['run', REPO, ...PROMPT]);
      assert.match(stderr, /^made /m);
      assert.equal((await stat(join(store, path!))).size, bytes.byteLength);
      assert.equal(weightRequests(), N_WEIGHT_FILES);
    }));
});
