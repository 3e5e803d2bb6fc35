// The committed WebAssembly modules are what their sources give, by bytes and by behaviour.

import { strict as assert } from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ForcedTuning, openKernels } from '@llama-ts/kernels';
import { assertSameBits } from './support/assert-bits.js';
import { wasmModules } from './support/backends.js';
import { installKernels, loadInstalled } from './support/installation.js';
import { queuePass, tinyCache, tinyModel, tinyTokens } from './support/tiny-pass.js';

const COMPILER = 'clang++-19';
/** The compiler that made the committed file; others may order instructions differently. */
const COMMITTED_WITH = '19.1.7';

const root = fileURLToPath(new URL('../..', import.meta.url));
const version = spawnSync(COMPILER, ['--version'], { encoding: 'utf8' }).stdout ?? '';

/** What build-wasm.mjs writes, and the folder it is committed in. */
const outputs = {
  'kernels.wasm': 'wasm',
  'kernels-relaxed.wasm': 'wasm',
  'kernels-relaxed-pairs.wasm': 'wasm',
  'relaxed-probe.ts': 'src/wasm',
} as const;

describe('the WebAssembly modules, compiled anew (skipped without clang 19; .ci/install-tools installs it)', () => {
  let folder: string;
  let rebuilt: string;

  before(function () {
    if (version === '') this.skip();
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), 'kernels-wasm-'));
    rebuilt = join(folder, 'rebuilt');
    execFileSync(process.execPath, [join(root, 'scripts/build/build-wasm.mjs'), rebuilt]);
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const [file, place] of Object.entries(outputs)) {
    it(`equal the committed ${file} byte for byte`, function () {
      if (!version.includes(COMMITTED_WITH)) this.skip();
      const committed = readFileSync(join(root, 'packages/kernels', place, file));
      const isSame = readFileSync(join(rebuilt, file)).equals(committed);
      assert.ok(isSame, 'they differ: run node scripts/build/build-wasm.mjs and commit');
    });
  }

  for (const groupSize of [null, 32] as const) {
    it(`give the reference's logits for ${groupSize === null ? 'float32' : 'quantized'} weights`, async () => {
      const target = installKernels(folder);
      for (const [file, place] of Object.entries(outputs)) {
        if (place === 'wasm') copyFileSync(join(rebuilt, file), join(target, place, file));
      }
      const copy = await loadInstalled(target);
      const expected = await logits(await openKernels({ backend: 'reference' }), groupSize);
      for (const wasmModule of wasmModules) {
        const tuning: ForcedTuning = { wasmModule };
        for (const threads of [1, 3]) {
          const kernels = await copy.openKernels({ backend: 'wasm', threads, tuning });
          assertSameBits(await logits(kernels, groupSize), expected, `${wasmModule}, ${threads} threads`);
        }
      }
    });
  }
});

async function logits(kernels: Awaited<ReturnType<typeof openKernels>>, groupSize: 32 | null): Promise<Float32Array> {
  const part = { cache: tinyCache(kernels, 'half'), position: 0, tokens: tinyTokens(20, 1) };
  const result = queuePass(kernels, await tinyModel(kernels, groupSize), [part]);
  await kernels.run();
  const copy = Float32Array.from(result);
  await kernels.close();
  return copy;
}
