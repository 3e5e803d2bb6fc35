// --backend and LLAMA_KERNELS name one backend or fail, and llama doctor says what each other one lacks.

import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

/** A backend that no installation brings to this machine. */
const absent = process.arch === 'arm64' ? 'avx2' : 'neon';

interface Report {
  readonly backends: readonly {
    readonly backend: string;
    readonly available: boolean;
    readonly reason: string | null;
    readonly suggestions: readonly string[];
  }[];
}

describe('a backend that cannot run on this machine', () => {
  for (const [title, args, env, remedy] of [
    ['--backend', ['--backend', absent], {}, 'llama run model\\.bin Once -n 1'],
    ['LLAMA_KERNELS', [], { LLAMA_KERNELS: absent }, 'unset LLAMA_KERNELS'],
  ] as const) {
    it(`is an error with a suggestion when ${title} asks for it, and no other is used instead`, () =>
      withFolder(async (cwd) => {
        for await (const _ of exportModel({ source: sampleModelPath, output: join(cwd, 'model.bin'), version: 2 }));
        const { exitCode, stdout, stderr } = await runLlama(['run', 'model.bin', 'Once', '-n', '1', ...args], {
          cwd,
          env,
        });
        assert.equal(exitCode, 2, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, new RegExp(`backend ${absent} cannot run here: .* \\[BACKEND_UNAVAILABLE\\]`));
        assert.match(stderr, new RegExp(`try: take the fastest of this machine: ${remedy}\\n`));
      }));
  }

  it('is listed by llama doctor with its reason, and with what would make it run, if anything could', async () => {
    const { backends } = JSON.parse((await runLlama(['doctor', '--json'])).stdout) as Report;
    const rejected = backends.filter(({ available }) => !available);
    assert.ok(rejected.some(({ backend }) => backend === absent));
    const { stdout } = await runLlama(['doctor']);
    for (const { backend, reason, suggestions } of rejected) {
      assert.ok(!suggestions.some((suggestion) => suggestion.includes('--backend')), `${backend}: ${suggestions}`);
      const lines = [`${backend}: not here: ${reason}`, ...suggestions.map((suggestion) => `  try: ${suggestion}`)];
      assert.ok(stdout.includes(`${lines.join('\n')}\n`), stdout);
    }
  });
});
