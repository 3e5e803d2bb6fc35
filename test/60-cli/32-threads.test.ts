// --threads: a limit that the error names, a warning when more threads are slower, and no change of kernels.

import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import { availableCores, MAX_THREADS } from '@llama-ts/kernels';
import { sampleModelPath } from '@llama-ts/sample-model';
import { kernelNotices } from '../../packages/cli/src/output/kernel-notices.js';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

async function withModel(work: (cwd: string) => Promise<void>): Promise<void> {
  await withFolder(async (cwd) => {
    for await (const _ of exportModel({ source: sampleModelPath, output: join(cwd, 'model.bin'), version: 2 }));
    await work(cwd);
  });
}

describe('--threads', () => {
  it('is refused above its limit, which the error names', () =>
    withModel(async (cwd) => {
      for (const command of [
        ['run', 'model.bin', 'Once', '-n', '1'],
        ['chat', 'model.bin'],
        ['bench', 'model.bin'],
        ['eval', 'model.bin'],
        ['compare', 'model.bin', 'other.bin', '--text', 'text.txt'],
      ]) {
        const { exitCode, stdout, stderr } = await runLlama([...command, '--threads', '512'], { cwd });
        assert.equal(exitCode, 2, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, new RegExp(`--threads "512": expected a whole number from 1 to ${MAX_THREADS} `));
      }
    })).timeout(60_000);

  it('gives a warning on stderr, the same answer and the same kernels where there are fewer cores', () =>
    withModel(async (cwd) => {
      const cores = availableCores();
      const run = (threads: number) =>
        runLlama(['run', 'model.bin', 'Once', '-n', '3', '-t', '0', '--threads', String(threads)], { cwd });
      const few = await run(1);
      const many = await run(Math.min(4 * cores, MAX_THREADS));
      assert.equal(many.stdout, few.stdout);
      assert.doesNotMatch(few.stderr, /threads on/);
      assert.match(many.stderr, new RegExp(`^${4 * cores} threads on ${cores} cores?: every token takes longer`, 'm'));
      const kernels = /\((\w+)\)\s*$/;
      assert.equal(kernels.exec(many.stderr)?.[1], kernels.exec(few.stderr)?.[1]);
    })).timeout(120_000);
});

describe('the warning about slow kernels', () => {
  const native = { backend: 'avx2' } as const;
  it('is absent for as many threads as cores, and for the default', () => {
    assert.deepEqual(kernelNotices({ threads: 4, backend: undefined }, native, 4), []);
    assert.deepEqual(kernelNotices({ threads: undefined, backend: 'avx2' }, native, 4), []);
  });
  it('says what to type for more threads than cores', () => {
    assert.match(
      kernelNotices({ threads: 5, backend: undefined }, native, 4).join(),
      /\n {2}faster, .*: leave out --threads$/,
    );
  });
  it('reports a number of threads that has no effect', () => {
    const notices = kernelNotices({ threads: 2, backend: 'reference' }, { backend: 'reference' }, 4);
    assert.match(notices.join(), /--threads 2 has no effect/);
  });
  it('is printed for a slow backend that was not asked for, and not for one that was', () => {
    for (const backend of ['wasm', 'reference'] as const) {
      assert.match(kernelNotices({ threads: undefined, backend: undefined }, { backend }, 4).join(), /llama doctor/);
      assert.deepEqual(kernelNotices({ threads: undefined, backend }, { backend }, 4), []);
    }
  });
});
