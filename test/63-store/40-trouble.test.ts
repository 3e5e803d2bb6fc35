// Offline, refused, asked, and interrupted.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sampleModelPath } from '@llama-ts/sample-model';
import { startChat } from '../65-chat-terminal/terminal.js';
import { fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import { assertHolds, filesOf, REPO, sampleRepo, withStore } from './support.js';

const PROMPT = ['Once upon a time', '-n', '12', '-t', '0'];
const OFFLINE = { env: { HF_HUB_OFFLINE: '1' } };

describe('a store whose hub cannot be reached', function () {
  this.timeout(300_000);

  it('opens the models that it has, and makes others of what the hub cache has', () =>
    withStore(async ({ hub, store, succeed, run }) => {
      await succeed(['pull', REPO]);
      const nRequests = hub.requests.length;
      await succeed(['run', REPO, ...PROMPT], OFFLINE);
      await succeed(['run', `${REPO}:q8`, ...PROMPT], OFFLINE);
      assert.equal(hub.requests.length, nRequests);
      await assertHolds(store, { models: 2, names: 2 });
      const absent = await run(['run', 'meta-llama/None', ...PROMPT], OFFLINE);
      assert.equal(absent.exitCode, 4);
      assert.match(absent.stderr, /\[HUB_OFFLINE\]\n {2}try: go online: unset HF_HUB_OFFLINE/);
      await hub.stop();
      await succeed(['run', REPO, ...PROMPT]);
      const cached = await succeed(['run', `${REPO}:f32`, ...PROMPT]);
      assert.match(
        cached.stderr,
        /the connection failed: \S+; making it of the copy in the hub cache, commit [0-9a-f]{40}$/m,
      );
      const unreachable = await run(['run', 'meta-llama/None', ...PROMPT]);
      assert.match(unreachable.stderr, /\[HUB_NETWORK\]/);
      await assertHolds(store, { models: 3, names: 3 });
    }));

  it('gets an error with its own code for a gated repository, a mistyped one and a revision, and keeps nothing', async () => {
    const repos = { 'me/gated': await sampleRepo('gated'), [REPO]: await sampleRepo() };
    await withStore(
      async ({ store, run }) => {
        const cases = [
          ['me/gated', 5, 'HUB_GATED'],
          ['me/none', 3, 'HUB_REPO_NOT_FOUND'],
          [`${REPO}@none`, 3, 'HUB_REVISION_NOT_FOUND'],
          [`${REPO}:Q4_K_M`, 2, 'USAGE'],
          ['tiny', 3, 'FILE_NOT_FOUND'],
        ] as const;
        for (const [name, exitCode, code] of cases) {
          const run1 = await run(['run', name, ...PROMPT]);
          assert.equal(run1.exitCode, exitCode, run1.stderr);
          assert.match(run1.stderr, new RegExp(`\\[${code}\\]\n {2}try: `));
        }
        assert.match(
          (await run(['run', `${REPO}@none`, 'Hi'])).stderr,
          /try: take the default: llama run meta-llama\/Tiny:q4 Hi\n/,
        );
        assert.deepEqual(await filesOf(store), []);
      },
      { repos },
    );
  });
});

describe('a large download', function () {
  this.timeout(300_000);

  /** A repository whose weights look large enough to be asked about. */
  async function largeRepo() {
    const config = await readFile(join(sampleModelPath, 'config.json'));
    return fakeRepo({ 'config.json': config, 'model.safetensors': new Uint8Array(100_000_001) });
  }

  it('without a terminal ends at once with what to type', async () => {
    const repos = { [REPO]: await largeRepo() };
    await withStore(
      async ({ run, store, weightRequests }) => {
        const { exitCode, stderr } = await run(['run', REPO, 'Hi']);
        assert.equal(exitCode, 2);
        assert.match(
          stderr,
          /^llama: meta-llama\/Tiny: 100\.0 MB to download, \S+ MB to keep, and no terminal to ask on, expected --yes \[NOT_CONFIRMED\]$/m,
        );
        assert.match(
          stderr,
          /try: llama run meta-llama\/Tiny Hi --yes\n {2}try: as a step of its own: llama pull meta-llama\/Tiny\n/,
        );
        assert.equal(weightRequests(), 0);
        assert.deepEqual(await filesOf(store), []);
      },
      { repos },
    );
  });

  it('begins with --yes, and with pull', async () => {
    const repos = { [REPO]: await largeRepo() };
    const fault = ({ path, kind }: { path: string; kind: string }) =>
      kind === 'file' && path.endsWith('.safetensors') ? ({ kind: 'status', status: 404 } as const) : undefined;
    await withStore(
      async ({ run, weightRequests }) => {
        for (const [i, args] of [
          ['run', REPO, 'Hi', '--yes'],
          ['pull', REPO],
        ].entries()) {
          assert.match((await run(args)).stderr, /\[HUB_FILE_NOT_FOUND\]|\[HUB_/);
          assert.ok(weightRequests() > i, 'the weights were asked for');
        }
      },
      { repos, fault },
    );
  });

  it('is asked about on a terminal: no keeps nothing, Ctrl-C ends it, Enter begins it', async () => {
    const repos = { [REPO]: await largeRepo() };
    await withStore(
      async ({ env, folder, store, weightRequests }) => {
        for (const [typed, exitCode] of [
          ['n\r', 2],
          ['\x04', 2],
          ['\x03', 130],
        ] as const) {
          const terminal = startChat([REPO], { env, cwd: folder });
          await terminal.until(/download it\? \[Y\/n\]/);
          terminal.type(typed);
          assert.equal(await terminal.exit, exitCode, terminal.screen().join('\n'));
          assert.equal(weightRequests(), 0);
          assert.deepEqual(await filesOf(store), []);
        }
        const terminal = startChat([REPO], { env, cwd: folder });
        await terminal.until(/download it\? \[Y\/n\]/);
        terminal.type('\r');
        while (weightRequests() === 0) await delay(20);
        terminal.type('\x03');
        assert.equal(await terminal.exit, 130);
        assert.deepEqual(await filesOf(store), []);
      },
      { repos, onChunk: () => delay(200) },
    );
  });
});

describe('a folder', function () {
  this.timeout(300_000);

  it('is converted on first use, opened after that, and converted again when it has changed', () =>
    withStore(async ({ folder, store, succeed, json, hub }) => {
      const { cp } = await import('node:fs/promises');
      await cp(sampleModelPath, join(folder, 'mine'), { recursive: true });
      const first = await succeed(['run', 'mine', ...PROMPT]);
      assert.match(first.stderr, /^mine: converting \S+ MB, to make a model of 8\S+ kB \(q4\)$/m);
      assert.match(first.stderr, /^made \S+\/mine:q4 in \d+\.\d s: /m);
      const second = await succeed(['run', './mine/', ...PROMPT]);
      assert.doesNotMatch(second.stderr, /made|converting/);
      assert.equal(second.stdout, first.stdout);
      await writeFile(join(folder, 'mine', 'notes.txt'), 'not a part of the model');
      assert.doesNotMatch((await succeed(['run', 'mine', ...PROMPT])).stderr, /^made /m);
      await assertHolds(store, { models: 1, names: 1 });
      const { key: _, path: before } = (await json(['list'])).models[0];
      await writeFile(join(folder, 'mine', 'chat_template.jinja'), '{{ messages[0].content }}');
      assert.match((await succeed(['run', 'mine', ...PROMPT])).stderr, /^made /m);
      await assertHolds(store, { models: 1, names: 1 });
      assert.notEqual((await json(['list'])).models[0].path, before);
      await succeed(['run', 'mine:q8', ...PROMPT]);
      await succeed(['rm', 'mine', 'mine:q8']);
      assert.deepEqual(await filesOf(store), []);
      assert.equal(hub.requests.length, 0);
    }));
});
