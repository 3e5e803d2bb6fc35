// An export whose weights stay at the hub: the same bytes, no copy, and nothing written from a file that is not the hub's.

import { strict as assert } from 'node:assert';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { type FakeHub, type FakeHubOptions, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { type LlamaRun, runLlama } from '../helpers/run-llama.js';
import { contentOf, withFolder } from './support.js';

const REPO = 'meta-llama/Tiny-Instruct';
const SHARD = 'model-00002-of-00003.safetensors';

interface Bench {
  readonly folder: string;
  readonly hub: FakeHub;
  readonly export: (...args: string[]) => Promise<LlamaRun>;
}

async function withHub(options: Omit<FakeHubOptions, 'repos'>, use: (bench: Bench) => Promise<void>): Promise<void> {
  const hub = await startFakeHub({ ...options, repos: { [REPO]: fakeRepo(await filesIn(sampleModelPath)) } });
  try {
    await withFolder((folder) => {
      const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken };
      return use({
        folder,
        hub,
        export: (...args) => runLlama(['export', ...args, '--hf', REPO], { cwd: folder, env }),
      });
    });
  } finally {
    await hub.stop();
  }
}

const flipOneByte: FakeHubOptions['fault'] = ({ kind, path }) =>
  kind === 'file' && path === SHARD ? { kind: 'flip', atByte: 600_001 } : undefined;

describe('an export with --stream', () => {
  it('writes the bytes of an export from the cache, trailer included, and keeps no weights in the cache', () =>
    withHub({}, async ({ folder, hub, ...bench }) => {
      for (const version of ['0', '2']) {
        const streamed = await bench.export('streamed.bin', '--stream', '--force', '--version', version);
        assert.equal(streamed.exitCode, 0, streamed.stderr);
        const cached = await readdir(join(folder, 'hf'), { recursive: true });
        assert.ok(!cached.some((path) => path.endsWith('.safetensors')));
        const kept = await bench.export('kept.bin', '--force', '--version', version, '--revision', 'v1');
        assert.equal(kept.exitCode, 0, kept.stderr);
        const [a, b] = await Promise.all(['streamed.bin', 'kept.bin'].map((name) => readFile(join(folder, name))));
        assert.ok(a!.equals(b!));
        await rm(join(folder, 'hf'), { recursive: true });
      }
      assert.ok(hub.servedBytes(SHARD) > 0);
    })).timeout(60_000);

  it('writes GGUF and safetensors with the bytes of an export from the cache', () =>
    withHub({}, async ({ folder, hub, ...bench }) => {
      for (const args of [
        ['--to', 'gguf'],
        ['--to', 'safetensors', '--type', 'f16', '--shard-size', '500kB'],
      ]) {
        const streamed = await bench.export('streamed', '--stream', ...args);
        assert.equal(streamed.exitCode, 0, streamed.stderr);
        const cached = await readdir(join(folder, 'hf'), { recursive: true });
        assert.ok(!cached.some((path) => path.endsWith('.safetensors')));
        const kept = await bench.export('kept', '--revision', 'v1', ...args);
        assert.equal(kept.exitCode, 0, kept.stderr);
        const [a, b] = await Promise.all(['streamed', 'kept'].map((name) => contentOf(join(folder, name))));
        assert.ok(a!.size > 0);
        assert.deepEqual(a, b);
        for (const left of ['hf', 'streamed', 'kept']) await rm(join(folder, left), { recursive: true });
      }
    })).timeout(60_000);

  for (const to of ['gguf', 'safetensors']) {
    it(`leaves no ${to} when a byte of the weights was wrong`, () =>
      withHub({ fault: flipOneByte }, async ({ folder, ...bench }) => {
        const run = await bench.export('out', '--stream', '--to', to);
        assert.equal(run.exitCode, 4, run.stderr);
        assert.match(run.stderr, /HUB_CORRUPT/);
        assert.deepEqual(await readdir(folder), ['hf']);
      }));
  }

  it('leaves no .bin file when a byte of the weights was wrong', () =>
    withHub({ fault: flipOneByte }, async ({ folder, ...bench }) => {
      const run = await bench.export('m.bin', '--stream');
      assert.equal(run.exitCode, 4, run.stderr);
      assert.match(run.stderr, /HUB_CORRUPT/);
      assert.deepEqual(await readdir(folder), ['hf']);
    }));

  it('goes on where it was interrupted', () =>
    withHub(
      {
        fault: ({ kind, path }, nBefore) =>
          kind === 'file' && path === SHARD && nBefore === 2 ? { kind: 'cut', atByte: 400_000 } : undefined,
      },
      async ({ hub, ...bench }) => {
        const run = await bench.export('m.bin', '--stream');
        assert.equal(run.exitCode, 0, run.stderr);
        assert.ok(hub.servedBytes(SHARD) < 1_200_000);
      },
    ));

  it('is refused for anything but a repository', async () => {
    const run = await runLlama(['export', '/no.bin', '--hf', sampleModelPath, '--stream']);
    assert.equal(run.exitCode, 2);
    assert.match(run.stderr, /INVALID_ARGUMENT/);
  });
});
