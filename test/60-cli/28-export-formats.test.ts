// llama export straight to GGUF and to a Hugging Face folder: the bytes that convert writes, and nothing half said.

import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

async function succeed(cwd: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runLlama(args, { cwd });
  assert.deepEqual([exitCode, stderr], [0, ''], args.join(' '));
  return stdout;
}

async function assertSameFile(cwd: string, a: string, b: string): Promise<void> {
  assert.ok((await readFile(join(cwd, a))).equals(await readFile(join(cwd, b))), `${a} and ${b}`);
}

describe('llama export to other formats', () => {
  it('writes GGUF for a name that ends in .gguf, with the bytes that convert writes', async () => {
    await withFolder(async (cwd) => {
      const printed = await succeed(cwd, 'export', 'direct.gguf', '--hf', sampleModelPath, '--type', 'q8_0');
      assert.match(printed, /^wrote direct\.gguf: gguf, Q8_0, 1\.3 MB$/m);
      await succeed(cwd, 'convert', sampleModelPath, 'converted.gguf', '--to', 'gguf', '--type', 'q8_0');
      await assertSameFile(cwd, 'direct.gguf', 'converted.gguf');
    });
  }).timeout(30_000);

  it('writes a sharded folder with --to safetensors, under a name of its own', async () => {
    await withFolder(async (cwd) => {
      await succeed(cwd, 'export', '--to', 'safetensors', '--shard-size', '1MB');
      assert.deepEqual(await readdir(cwd), ['sample-model-safetensors']);
      await succeed(cwd, 'convert', sampleModelName, 'folder', '--to', 'safetensors', '--shard-size', '1MB');
      const files = await readdir(join(cwd, 'folder'));
      assert.deepEqual(await readdir(join(cwd, 'sample-model-safetensors')), files);
      assert.ok(files.includes('model.safetensors.index.json'));
      for (const file of files) await assertSameFile(cwd, join('folder', file), join('sample-model-safetensors', file));
    });
  }).timeout(30_000);

  it('takes --to v2 for --version 2, and names files for what they hold', async () => {
    await withFolder(async (cwd) => {
      await succeed(cwd, 'export', '--to', 'v2');
      await succeed(cwd, 'export', 'same.bin', '--version', '2');
      await assertSameFile(cwd, 'sample-model-q8_0.bin', 'same.bin');
      await succeed(cwd, 'export', '--to', 'gguf');
      await succeed(cwd, 'export', '--to', 'gguf', '--type', 'q8_0');
      assert.deepEqual(await readdir(cwd), [
        'same.bin',
        'sample-model-q8_0.bin',
        'sample-model-q8_0.gguf',
        'sample-model.gguf',
      ]);
    });
  }).timeout(30_000);

  for (const args of [
    ['m.gguf', '--plain'],
    ['m.bin', '--type', 'bf16'],
    ['m.bin', '--group-size', '32'],
    ['model.safetensors', '--to', 'safetensors'],
  ]) {
    it(`refuses ${args.join(' ')}`, async () => {
      await withFolder(async (cwd) => {
        const { exitCode, stdout } = await runLlama(['export', ...args, '--json'], { cwd });
        assert.deepEqual([exitCode, JSON.parse(stdout).error.code], [2, 'USAGE'], stdout);
        assert.deepEqual(await readdir(cwd), []);
      });
    });
  }
});
