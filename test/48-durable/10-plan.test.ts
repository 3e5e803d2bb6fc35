// What `export --dry-run` says, compared with what an export then does.

import { strict as assert } from 'node:assert';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExportPlan, exportModel, openCheckpoint, planExport } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const REPO = 'meta-llama/Tiny-Instruct';

describe('the plan of an export', () => {
  it('of a folder states the very bytes that the export writes', () =>
    withFolder(async (folder) => {
      const source = await openCheckpoint(sampleModelPath);
      for (const version of [0, 1, 2] as const) {
        for (const plain of [false, true]) {
          const options = { source, output: join(folder, `${version}-${plain}.bin`), version, plain };
          const tokenizerBin = plain ? undefined : join(folder, `${version}.tokenizer`);
          const plan = await planExport({ ...options, tokenizerBin });
          assert.ok(plan.isExact && plan.fits && plan.downloadBytes === 0);
          for await (const _ of exportModel({ ...options, tokenizerBin }));
          for (const { path, byteLength } of plan.outputs) assert.equal((await stat(path)).size, byteLength);
        }
      }
      await source.close();
    }));

  it('is printed by --dry-run, as JSON too, and nothing is written', () =>
    withFolder(async (folder) => {
      const words = await runLlama(['export', 'm.bin', '--version', '2', '--dry-run'], { cwd: folder });
      assert.equal(words.exitCode, 0, words.stderr);
      assert.match(words.stdout, /^write +1\.\d MB \(\d+ bytes\)$/m);
      assert.match(words.stdout, /^disk .* needed, .* free$/m);
      const { stdout } = await runLlama(['export', 'm.bin', '--dry-run', '--json'], { cwd: folder });
      const plan = JSON.parse(stdout) as ExportPlan;
      assert.equal(plan.fits, true);
      assert.ok(plan.peakMemoryBytes > 0 && plan.disks[0]!.freeBytes > plan.outputBytes);
      assert.deepEqual(await readdir(folder), []);
    }));

  it('refuses what the export would refuse', () =>
    withFolder(async (folder) => {
      const run = await runLlama(['export', '.', '--dry-run'], { cwd: folder });
      assert.equal(run.exitCode, 2);
      assert.match(run.stderr, /OUTPUT_NOT_A_FILE/);
    }));

  it('of a repository is made before the first weight, and bounds what the export writes', () =>
    withFolder(async (folder) => {
      const repo = fakeRepo(await filesOf(sampleModelPath));
      const hub = await startFakeHub({ repos: { [REPO]: repo } });
      try {
        const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken };
        const run = (...args: string[]) => runLlama(['export', 'm.bin', '--hf', REPO, ...args], { cwd: folder, env });
        const plan = JSON.parse((await run('--dry-run', '--json')).stdout) as ExportPlan;
        assert.equal(plan.commit, [...repo.commits.keys()][0]);
        assert.equal(hub.servedBytes('model-00001-of-00003.safetensors'), 0);
        assert.deepEqual(await readdir(folder), []);
        assert.equal(plan.downloadBytes, plan.readBytes);
        assert.equal((await run()).exitCode, 0);
        const { size } = await stat(join(folder, 'm.bin'));
        assert.ok(!plan.isExact && size <= plan.outputBytes && plan.outputBytes < size + 3_000_000);
        const after = JSON.parse((await run('--dry-run', '--json', '--force')).stdout) as ExportPlan;
        assert.equal(after.downloadBytes, 0);
      } finally {
        await hub.stop();
      }
    }));
});

async function filesOf(root: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(root.length + 1).replaceAll('\\', '/')] = await readFile(path);
  }
  return files;
}
