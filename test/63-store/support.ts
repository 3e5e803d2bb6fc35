// A hub with the sample model, a store of its own, and `llama` between them.

import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { type FakeHub, type FakeHubOptions, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { type FakeRepo, fakeCommit, fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { type LlamaRun, llamaBin, type RunLlamaOptions, runLlama, succeed } from '../helpers/run-llama.js';
import { withFolder } from '../helpers/scratch-folder.js';

export { withFolder } from '../helpers/scratch-folder.js';

export const REPO = 'meta-llama/Tiny';

/** A hub and a store. */
export interface StoreBench {
  readonly hub: FakeHub;
  readonly folder: string;
  readonly store: string;
  readonly env: Readonly<Record<string, string>>;
  /** Requests for files of weights. */
  weightRequests(): number;
  run(args: readonly string[], options?: RunLlamaOptions): Promise<LlamaRun>;
  /** Runs a command that must succeed. */
  succeed(args: readonly string[], options?: RunLlamaOptions): Promise<LlamaRun>;
  /** Like {@link succeed}, with what `--json` prints. */
  // biome-ignore lint/suspicious/noExplicitAny: the schemas say what it is
  json(args: readonly string[], options?: RunLlamaOptions): Promise<any>;
  start(args: readonly string[]): ChildProcess;
}

/** The sample model as a repository. */
export async function sampleRepo(access?: FakeRepo['access']): Promise<FakeRepo> {
  return fakeRepo(await filesIn(sampleModelPath), access);
}

/** Moves `main` to a further commit, whose chat template is another. */
export async function moveMain(repo: FakeRepo): Promise<string> {
  const files = await filesIn(sampleModelPath);
  const commit = 'c'.repeat(40);
  repo.commits.set(commit, fakeCommit({ ...files, 'chat_template.jinja': '{{ messages[0].content }}' }));
  repo.revisions.set('main', commit);
  return commit;
}

/** Starts a hub with the repositories, by default the sample model as {@link REPO}, and cleans up after `use`. */
export async function withStore(
  use: (bench: StoreBench) => Promise<void>,
  { repos, ...options }: Partial<FakeHubOptions> = {},
): Promise<void> {
  const hub = await startFakeHub({ ...options, repos: repos ?? { [REPO]: await sampleRepo() } });
  try {
    await withFolder(async (folder) => {
      const store = join(folder, 'store');
      const env = {
        LLAMA_HOME: store,
        HF_HOME: join(folder, 'hf'),
        HF_ENDPOINT: hub.url,
        HF_TOKEN: canaryToken,
        XDG_CACHE_HOME: join(folder, 'cache'),
      };
      const withEnv = (given: RunLlamaOptions = {}) => ({ cwd: folder, ...given, env: { ...env, ...given.env } });
      await use({
        hub,
        folder,
        store,
        env,
        weightRequests: () =>
          hub.requests.filter(({ kind, path }) => kind === 'file' && path.endsWith('.safetensors')).length,
        run: (args, given) => runLlama(args, withEnv(given)),
        succeed: (args, given) => succeed(args, withEnv(given)),
        json: async (args, given) => JSON.parse((await succeed([...args, '--json'], withEnv(given))).stdout),
        start: (args) =>
          spawn(process.execPath, [llamaBin, ...args], {
            cwd: folder,
            env: { ...process.env, ...env },
            stdio: 'ignore',
          }),
      });
    });
  } finally {
    await hub.stop();
  }
}

/** Paths of a store's files, relative, hidden ones too. */
export async function filesOf(store: string): Promise<string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(store.length + 1))
    .sort();
}

/** A store of so many models under so many names, and nothing else. */
export async function assertHolds(store: string, { models, names }: { models: number; names: number }): Promise<void> {
  const files = await filesOf(store);
  const found = {
    models: files.filter((path) => /^files\/[0-9a-f]{32}\.bin$/.test(path)).length,
    names: files.filter((path) => /^names\/[0-9a-f]{32}\.json$/.test(path)).length,
    others: files.filter((path) => !/^(?:files\/[0-9a-f]{32}\.bin|names\/[0-9a-f]{32}\.json)$/.test(path)),
  };
  assert.deepEqual(found, { models, names, others: [] });
}
