// LLAMA_KERNELS in front of the commands that convert weights: obeyed, and without a say in the bytes.

import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { probeBackends } from '@llama-ts/kernels';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

/** Each after the one whose output it reads. */
const COMMANDS = [
  ['export', 'v1.bin'],
  ['quantize', 'v1.bin', 'v2.bin'],
  ['convert', 'v1.bin', 'model.gguf', '--to', 'gguf'],
  ['convert', 'v2.bin', 'widened.bin', '--to', 'v1'],
] as const;
const OUTPUTS = ['v1.bin', 'v2.bin', 'model.gguf', 'widened.bin'];

async function runAll(cwd: string, backend: string): Promise<void> {
  for (const args of COMMANDS) {
    const { exitCode, stderr } = await runLlama(args, { cwd, env: { LLAMA_KERNELS: backend } });
    assert.equal(exitCode, 0, `${backend}, ${args.join(' ')}: ${stderr}`);
  }
}

function outputsIn(folder: string): Promise<Buffer[]> {
  return Promise.all(OUTPUTS.map((name) => readFile(join(folder, name))));
}

describe('LLAMA_KERNELS', () => {
  it('gives the same bytes with every backend that runs here', async () => {
    const probes = await probeBackends();
    const backends = probes.filter(({ rejection }) => rejection === null).map(({ backend }) => backend);
    assert.ok(backends.length >= 2, backends.join());
    let expected: readonly Buffer[] | undefined;
    // The fastest and the portable ones: what the rest compute is compared kernel by kernel.
    const portable: readonly string[] = ['wasm', 'reference'];
    for (const backend of backends.filter((name, i) => i === 0 || portable.includes(name))) {
      await withFolder(async (cwd) => {
        await runAll(cwd, backend);
        const found = await outputsIn(cwd);
        expected ??= found;
        for (const [i, name] of OUTPUTS.entries()) assert.ok(found[i]!.equals(expected[i]!), `${backend}: ${name}`);
      });
    }
  }).timeout(120_000);

  it('is refused by every command when it names no backend, and no file is written', async () => {
    await withFolder(async (cwd) => {
      await runLlama(['export', 'v1.bin'], { cwd });
      const commands = [
        ['export', 'out.bin'],
        ['quantize', 'v1.bin', 'out'],
        ['convert', 'v1.bin', 'out', '--to', 'gguf'],
        ['verify', 'v1.bin', '--against', 'v1.bin'],
      ];
      for (const args of commands) {
        const { exitCode, stderr } = await runLlama(args, { cwd, env: { LLAMA_KERNELS: 'cuda' } });
        assert.equal(exitCode, 2, `${args.join(' ')}: ${stderr}`);
        assert.match(stderr, /backend "cuda", expected one of/);
        assert.deepEqual(await readdir(cwd), ['v1.bin']);
      }
    });
  }).timeout(60_000);

  it('also holds for the export of the bundled model that run makes', async () => {
    await withFolder(async (cwd) => {
      const env = { LLAMA_KERNELS: 'cuda', XDG_CACHE_HOME: cwd };
      const { exitCode, stderr } = await runLlama(['run', '-i', 'Once', '-n', '1'], { cwd, env });
      assert.equal(exitCode, 2, stderr);
      const written = await readdir(cwd, { recursive: true });
      assert.deepEqual(
        written.filter((path) => path.endsWith('.bin')),
        [],
      );
    });
  }).timeout(60_000);
});
