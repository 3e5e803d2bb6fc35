import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { sha256 } from '../helpers/digests.js';
import { type FakeHubOptions, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { type FakeRepo, fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const REPO = 'meta-llama/Tiny-Instruct';
const TOKEN = 'hf_canary_0123456789';

/** The sample model as a repository. */
async function sampleRepo(access?: FakeRepo['access']): Promise<FakeRepo> {
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(sampleModelPath, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(sampleModelPath.length + 1).replaceAll('\\', '/')] = await readFile(path);
  }
  return fakeRepo(files, access);
}

interface Hub {
  readonly folder: string;
  readonly nRequests: () => number;
  readonly stop: () => Promise<void>;
  readonly export: (args: readonly string[], env?: Readonly<Record<string, string>>) => ReturnType<typeof runLlama>;
}

/** A hub that has the repository, and `llama export --hf` against it in a folder of its own. */
async function withHub(repo: FakeRepo, options: Omit<FakeHubOptions, 'repos'>, use: (hub: Hub) => Promise<void>) {
  const hub = await startFakeHub({ ...options, repos: { [REPO]: repo } });
  try {
    await withFolder((folder) =>
      use({
        folder,
        nRequests: () => hub.requests.length,
        stop: () => hub.stop(),
        export: (args, env) =>
          runLlama(['export', ...args], {
            cwd: folder,
            env: { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken, ...env },
          }),
      }),
    );
  } finally {
    await hub.stop();
  }
}

describe('llama export from the hub', function () {
  this.timeout(60_000);

  it('downloads a repository and writes the same weights as from its folder', async () => {
    const repo = await sampleRepo();
    await withHub(repo, {}, async (hub) => {
      const { exitCode, stderr } = await hub.export(['--hf', REPO, '--version', '2']);
      assert.equal(exitCode, 0, stderr);
      const bytes = await readFile(join(hub.folder, 'Tiny-Instruct-q8_0.bin'));
      const { layout, trailer } = await readBinFile(bytesSource(bytes, 'm.bin'));
      const golden = JSON.parse(
        await readFile(new URL('../fixtures/golden/sample/sha256.json', import.meta.url), 'utf8'),
      ) as { v2: { sha256: string } };
      assert.equal(sha256(bytes.subarray(0, layout.weightsEnd)), golden.v2.sha256);
      const { source, commit, files } = trailer!.description.provenance;
      assert.equal(source, REPO);
      assert.equal(commit, [...repo.commits.keys()][0]);
      const shard = files.find(({ path }) => path === 'model-00001-of-00003.safetensors');
      assert.equal(shard?.sha256, sha256(await readFile(join(sampleModelPath, shard!.path))));
    });
  });

  it('makes no request offline when the cache has every file', async () => {
    await withHub(await sampleRepo(), {}, async (hub) => {
      assert.equal((await hub.export(['a.bin', '--hf', REPO])).exitCode, 0);
      const nBefore = hub.nRequests();
      const offline = await hub.export(['b.bin', '--hf', REPO], { HF_HUB_OFFLINE: '1' });
      assert.equal(offline.exitCode, 0, offline.stderr);
      assert.equal(hub.nRequests(), nBefore);
      assert.deepEqual(await readFile(join(hub.folder, 'a.bin')), await readFile(join(hub.folder, 'b.bin')));
    });
  });

  it('goes on with the copy in the cache when the hub does not answer, and reports why and which commit', async () => {
    const repo = await sampleRepo();
    await withHub(repo, {}, async (hub) => {
      assert.equal((await hub.export(['a.bin', '--hf', REPO])).exitCode, 0);
      await hub.stop();
      const { exitCode, stderr } = await hub.export(['b.bin', '--hf', REPO]);
      assert.equal(exitCode, 0, stderr);
      const [commit] = repo.commits.keys();
      assert.match(
        stderr,
        new RegExp(`127\\.0\\.0\\.1.*; going on with the copy in the cache, commit ${commit}$`, 'm'),
      );
      assert.deepEqual(await readFile(join(hub.folder, 'a.bin')), await readFile(join(hub.folder, 'b.bin')));
    });
  });

  it('takes the token from the environment and shows it nowhere', async () => {
    await withHub(await sampleRepo('private'), { token: TOKEN }, async (hub) => {
      const { exitCode, stdout, stderr } = await hub.export(['m.bin', '--hf', REPO], { HF_TOKEN: TOKEN });
      assert.equal(exitCode, 0, stderr);
      assert(!`${stdout}${stderr}`.includes(TOKEN));
      for (const entry of await readdir(hub.folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const bytes = await readFile(join(entry.parentPath, entry.name));
        assert(!bytes.includes(TOKEN), entry.name);
      }
    });
  });

  const refused: readonly [string, FakeRepo['access'], string[], number, string][] = [
    ['a gated repository', 'gated', ['--hf', REPO], 5, 'HUB_GATED'],
    ['a repository that is not there', undefined, ['--hf', 'meta-llama/None'], 3, 'HUB_REPO_NOT_FOUND'],
    ['a revision that is not there', undefined, ['--hf', REPO, '--revision', 'none'], 3, 'HUB_REVISION_NOT_FOUND'],
  ];
  for (const [what, access, args, exitCode, code] of refused) {
    it(`refuses ${what} with its own code, and writes nothing`, async () => {
      await withHub(await sampleRepo(access), {}, async (hub) => {
        const run = await hub.export(['m.bin', ...args, '--json']);
        assert.equal((JSON.parse(run.stdout) as { error: { code: string } }).error.code, code);
        assert.equal(run.exitCode, exitCode);
        assert(!(await readdir(hub.folder)).includes('m.bin'));
      });
    });
  }
});
