// llama export straight to GGUF and to a Hugging Face folder: the bytes that convert writes, and what the command prints.

import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { runLlama, succeed } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

/** What a command prints that succeeds without a word on stderr. */
async function printedBy(cwd: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await succeed(args, { cwd });
  assert.equal(stderr, '', args.join(' '));
  return stdout;
}

async function assertSameFile(cwd: string, a: string, b: string): Promise<void> {
  assert.ok((await readFile(join(cwd, a))).equals(await readFile(join(cwd, b))), `${a} and ${b}`);
}

describe('llama export to other formats', () => {
  it('writes GGUF for a name that ends in .gguf, with the bytes that convert writes', async () => {
    await withFolder(async (cwd) => {
      const printed = await printedBy(cwd, 'export', 'direct.gguf', '--hf', sampleModelPath, '--type', 'q8_0');
      assert.match(printed, /^wrote direct\.gguf: gguf, Q8_0, 1\.3 MB$/m);
      await printedBy(cwd, 'convert', sampleModelPath, 'converted.gguf', '--to', 'gguf', '--type', 'q8_0');
      await assertSameFile(cwd, 'direct.gguf', 'converted.gguf');
    });
  }).timeout(30_000);

  it('writes a sharded folder with --to safetensors, under a default name', async () => {
    await withFolder(async (cwd) => {
      await printedBy(cwd, 'export', '--to', 'safetensors', '--shard-size', '1MB');
      assert.deepEqual(await readdir(cwd), ['sample-model-safetensors']);
      await printedBy(cwd, 'convert', sampleModelName, 'folder', '--to', 'safetensors', '--shard-size', '1MB');
      const files = await readdir(join(cwd, 'folder'));
      assert.deepEqual(await readdir(join(cwd, 'sample-model-safetensors')), files);
      assert.ok(files.includes('model.safetensors.index.json'));
      for (const file of files) await assertSameFile(cwd, join('folder', file), join('sample-model-safetensors', file));
    });
  }).timeout(30_000);

  it('treats --to v2 as --version 2, and names outputs by their format', async () => {
    await withFolder(async (cwd) => {
      await printedBy(cwd, 'export', '--to', 'v2');
      await printedBy(cwd, 'export', 'same.bin', '--version', '2');
      await assertSameFile(cwd, 'sample-model-q8_0.bin', 'same.bin');
      await printedBy(cwd, 'export', '--to', 'gguf');
      await printedBy(cwd, 'export', '--to', 'gguf', '--type', 'q8_0');
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
