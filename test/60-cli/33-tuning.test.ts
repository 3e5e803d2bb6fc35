// LLAMA_TUNING forces choices of the kernels: llama doctor and llama bench say so, and no byte of an answer differs.

import { strict as assert } from 'node:assert';
import { prefetchTargets } from '@llama-ts/kernels';
import type { BenchReport } from '../../packages/cli/src/bench/bench-lines.js';
import { submitLines } from '../../packages/cli/src/bench/submit-lines.js';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

describe('LLAMA_TUNING', () => {
  it('is shown by llama doctor, with each setting as LLAMA_TUNING accepts it and its reason', async () => {
    const env = { LLAMA_TUNING: 'prefetch=second-level,prefetch-bytes=4096' };
    const { stdout, exitCode, stderr } = await runLlama(['doctor'], { env });
    assert.equal(exitCode, 0, stderr);
    const lines = stdout.split('\n').filter((line) => line.includes('prefetch='));
    for (const line of lines)
      assert.match(line, /^ {2}choices +prefetch=second-level,prefetch-bytes=4096,stream-tokens=\d+,/);
    const forced = stdout.split('\n').filter((line) => line.includes('prefetch, prefetch-bytes by LLAMA_TUNING'));
    assert.equal(forced.length, lines.length);
  });

  it('names the module of WebAssembly in llama doctor, and forces it', async () => {
    const choices = async (env: Record<string, string>) => {
      const { stdout, exitCode, stderr } = await runLlama(['doctor'], { env });
      assert.equal(exitCode, 0, stderr);
      return stdout;
    };
    assert.match(
      await choices({}),
      /wasm: runs here\n {2}choices +wasm-module=(plain|relaxed|relaxed-pairs)\n {2}chosen by (the engine, which refuses|a measurement of) relaxed SIMD/,
    );
    assert.match(
      await choices({ LLAMA_TUNING: 'wasm-module=plain' }),
      / {2}choices +wasm-module=plain\n {2}chosen by LLAMA_TUNING\n/,
    );
  });

  it('changes no byte of an answer', () =>
    withFolder(async (folder) => {
      const answers = new Set<string>();
      for (const prefetch of prefetchTargets) {
        const env = {
          XDG_CACHE_HOME: folder,
          LLAMA_TUNING: `prefetch=${prefetch},stream-tokens=1,share-bytes=4096,spins=0`,
        };
        const { stdout, exitCode, stderr } = await runLlama(['run', '-i', 'Once', '-n', '8', '-t', '0'], { env });
        assert.equal(exitCode, 0, stderr);
        answers.add(stdout);
      }
      assert.equal(answers.size, 1);
    }));

  for (const [text, pattern] of [
    ['prefetch', /LLAMA_TUNING: "prefetch", expected prefetch=…, prefetch-bytes=…/],
    ['constructor=1', /LLAMA_TUNING: "constructor=1", expected/],
    ['prefetch=third', /prefetch is third, expected one of none, first-level, second-level, page-starts/],
    ['wasm-module=fast', /wasmModule is fast, expected one of relaxed, relaxed-pairs, plain/],
    ['spins=many', /spins is NaN, expected a whole number from 0 to 1000000/],
  ] as const) {
    it(`is refused as ${text}`, async () => {
      const { exitCode, stderr } = await runLlama(['doctor'], { env: { LLAMA_TUNING: text } });
      assert.equal(exitCode, 2);
      assert.match(stderr, pattern);
    });
  }
});

describe('llama bench --submit-format', () => {
  it('prints a table of one row', () =>
    withFolder(async (folder) => {
      const args = ['bench', '-p', '8', '-n', '2', '-r', '1', '--submit-format'];
      const { stdout, exitCode, stderr } = await runLlama(args, { env: { XDG_CACHE_HOME: folder } });
      assert.equal(exitCode, 0, stderr);
      const [header, rule, row, ...rest] = stdout.trim().split('\n');
      assert.equal(rest.length, 0, stdout);
      const columns = header!.split('|').length;
      assert.deepEqual([rule!.split('|').length, row!.split('|').length], [columns, columns]);
      assert.match(row!, /sample-model/);
    }));

  const report: BenchReport = {
    model: 'a|b',
    backend: 'generic',
    threads: 1,
    tuning: null,
    repetitions: 1,
    tests: [],
    bytesPerToken: 1e6,
    readBytesPerSecond: 1e9,
  };

  it('escapes a vertical bar in a name', () => {
    const [, , row] = submitLines(report, 'CPU | fast');
    assert.match(row!, /^\| CPU \\\| fast \| .* \| a\\\|b, /);
  });

  it('names the core that the kernels are tuned for, where the system does not', () => {
    const tuning = { cpu: 'AMD Zen 4' } as BenchReport['tuning'];
    const cpuOf = (name: string) => submitLines({ ...report, tuning }, name)[2]!.split(' | ')[0];
    assert.deepEqual([cpuOf('AMD EPYC '), cpuOf('AMD Zen 4')], ['| AMD EPYC (AMD Zen 4)', '| AMD Zen 4']);
  });
});
