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

describe('a backend that cannot run here', () => {
  for (const [title, args, env] of [
    ['--backend', ['--backend', absent], {}],
    ['LLAMA_KERNELS', [], { LLAMA_KERNELS: absent }],
  ] as const) {
    it(`is an error with a remedy when ${title} asks for it, and no other takes its place`, () =>
      withFolder(async (cwd) => {
        for await (const _ of exportModel({ source: sampleModelPath, output: join(cwd, 'model.bin'), version: 2 }));
        const { exitCode, stdout, stderr } = await runLlama(['run', 'model.bin', 'Once', '-n', '1', ...args], {
          cwd,
          env,
        });
        assert.equal(exitCode, 2, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, new RegExp(`backend ${absent} cannot run here: .* \\[BACKEND_UNAVAILABLE\\]`));
        assert.match(stderr, /try: take the fastest of this machine: leave out --backend/);
      }));
  }

  it('has its reason and its remedy in llama doctor', async () => {
    const { backends } = JSON.parse((await runLlama(['doctor', '--json'])).stdout) as Report;
    const rejected = backends.filter(({ available }) => !available);
    assert.ok(rejected.some(({ backend }) => backend === absent));
    const { stdout } = await runLlama(['doctor']);
    for (const { backend, reason, suggestions } of rejected) {
      assert.ok(suggestions.length > 0, `${backend} has no remedy`);
      const lines = [`${backend}: not here: ${reason}`, ...suggestions.map((suggestion) => `  try: ${suggestion}`)];
      assert.ok(stdout.includes(`${lines.join('\n')}\n`), stdout);
    }
  });
});
