// What `export --dry-run` says, compared with what an export then does.

import { strict as assert } from 'node:assert';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ConvertPlan,
  convertModel,
  type ExportPlan,
  exportModel,
  openCheckpoint,
  planConvert,
  planExport,
} from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const REPO = 'meta-llama/Tiny-Instruct';
const SHARD = 'model-00001-of-00003.safetensors';

describe('the plan of an export', () => {
  it('of a folder states the very bytes that the export writes', () =>
    withFolder(async (folder) => {
      const source = await openCheckpoint(sampleModelPath);
      for (const version of [0, 1, 2, 3] as const) {
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

  it('is refused where the export would be', () =>
    withFolder(async (folder) => {
      const run = await runLlama(['export', '.', '--hf', 'sample-model', '--dry-run'], { cwd: folder });
      assert.equal(run.exitCode, 2);
      assert.match(run.stderr, /OUTPUT_NOT_A_FILE/);
    }));

  it('of a repository is made before the first weight is downloaded, and is an upper bound of what the export writes', () =>
    withFolder(async (folder) => {
      const repo = fakeRepo(await filesIn(sampleModelPath));
      const hub = await startFakeHub({ repos: { [REPO]: repo } });
      try {
        const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken };
        const run = (...args: string[]) => runLlama(['export', 'm.bin', '--hf', REPO, ...args], { cwd: folder, env });
        const plan = JSON.parse((await run('--dry-run', '--json')).stdout) as ExportPlan;
        assert.equal(plan.commit, [...repo.commits.keys()][0]);
        assert.equal(hub.servedBytes(SHARD), 0);
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

  it('states the very bytes of GGUF and safetensors as well', () =>
    withFolder(async (folder) => {
      const source = await openCheckpoint(sampleModelPath);
      for (const [i, format] of (
        [
          { to: 'gguf' },
          { to: 'gguf', type: 'Q8_0' },
          { to: 'safetensors' },
          { to: 'safetensors', type: 'F32', maxShardBytes: 1_000_000 },
        ] as const
      ).entries()) {
        const options = { source, output: join(folder, String(i)), ...format };
        const plan = await planConvert(options);
        assert.deepEqual(
          await readdir(folder),
          Array.from({ length: i }, (_, before) => String(before)),
        );
        assert.ok(plan.isExact && plan.fits && plan.downloadBytes === 0);
        for await (const _ of convertModel(options));
        assert.equal(plan.outputBytes, await bytesOf(options.output));
        await assert.rejects(planConvert(options), { code: 'OUTPUT_EXISTS' });
      }
      await source.close();
      const words = await runLlama(['export', 'm.gguf', '--dry-run'], { cwd: folder });
      assert.match(words.stdout, /^sample-model, to gguf, BF16$/m);
    }));

  it('of a repository is an upper bound for GGUF and safetensors, and reads only the headers of the weights', () =>
    withFolder(async (folder) => {
      const hub = await startFakeHub({ repos: { [REPO]: fakeRepo(await filesIn(sampleModelPath)) } });
      try {
        const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken };
        const run = (...args: string[]) => runLlama(['export', ...args, '--hf', REPO], { cwd: folder, env });
        for (const args of [['a.gguf'], ['c', '--to', 'safetensors', '--stream']]) {
          const servedBefore = hub.servedBytes(SHARD);
          const plan = JSON.parse((await run(...args, '--dry-run', '--json')).stdout) as ConvertPlan;
          assert.equal(plan.type, 'BF16');
          assert.ok(hub.servedBytes(SHARD) - servedBefore < 10_000);
          assert.deepEqual(await readdir(folder), []);
          assert.equal((await run(...args, '--stream')).exitCode, 0);
          const written = await bytesOf(join(folder, args[0]!));
          assert.ok(!plan.isExact && written <= plan.outputBytes && plan.outputBytes < written + 3_000_000);
          for (const left of ['hf', args[0]!]) await rm(join(folder, left), { recursive: true });
        }
      } finally {
        await hub.stop();
      }
    })).timeout(60_000);
});

/** The size of a file, or of all files in a folder, in bytes. */
async function bytesOf(path: string): Promise<number> {
  if (!(await stat(path)).isDirectory()) return (await stat(path)).size;
  const sizes = await Promise.all((await readdir(path)).map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((total, size) => total + size, 0);
}
