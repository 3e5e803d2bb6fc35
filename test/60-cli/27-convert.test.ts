// llama convert, from the command line to the file.

import { strict as assert } from 'node:assert';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder, writeLargeCheckpoint } from './support.js';

describe('llama convert', () => {
  it('goes from a folder to GGUF, to safetensors and back to the bytes of an export', async () => {
    await withFolder(async (cwd) => {
      const steps = [
        ['convert', sampleModelPath, 'model.gguf', '--to', 'gguf', '--type', 'q8_0'],
        ['export', 'direct.bin', '--hf', sampleModelPath, '--version', '2', '--plain'],
        ['convert', sampleModelPath, 'v1.bin', '--to', 'v1'],
        ['convert', 'v1.bin', 'folder', '--to', 'safetensors', '--shard-size', '1MB', '--verbose'],
        ['convert', 'folder', 'v2.bin', '--to', 'v2', '--plain'],
        ['convert', 'v1.bin', 'quantized.bin', '--to', 'v2', '--plain'],
      ];
      const outputs: string[] = [];
      for (const step of steps) {
        const { exitCode, stdout, stderr } = await runLlama(step, { cwd });
        assert.equal(exitCode, 0, `${step.join(' ')}: ${stderr}`);
        outputs.push(stdout);
      }
      assert.match(outputs[0]!, /^wrote model\.gguf: gguf, Q8_0, 1\.3 MB$/m);
      assert.match(outputs[3]!, /^47\/47 {2}model\.norm\.weight/m);
      const [direct, ...others] = await Promise.all(
        ['direct.bin', 'v2.bin', 'quantized.bin'].map((name) => readFile(join(cwd, name))),
      );
      for (const other of others) assert.ok(other.equals(direct!));
    });
  }).timeout(60_000);

  it('puts the template of --chat-template in the place of the one that the source has', async () => {
    await withFolder(async (cwd) => {
      await writeFile(join(cwd, 'mine.jinja'), '{{ messages[0].content }}');
      await runLlama(['export', 'source.bin'], { cwd });
      for (const source of [sampleModelPath, 'source.bin']) {
        for (const to of ['v1', 'v2', 'safetensors']) {
          const args = ['convert', source, 'out', '--to', to, '--chat-template', 'mine.jinja'];
          const { exitCode, stderr } = await runLlama(args, { cwd });
          assert.equal(exitCode, 0, stderr);
          const found =
            to === 'safetensors'
              ? JSON.parse(await readFile(join(cwd, 'out/tokenizer_config.json'), 'utf8')).chat_template
              : await templateOf(join(cwd, 'out'));
          assert.equal(found, '{{ messages[0].content }}', `${source} to ${to}`);
          await rm(join(cwd, 'out'), { recursive: true });
        }
      }
    });
  }).timeout(60_000);

  it('prints one JSON document with --json', async () => {
    await withFolder(async (cwd) => {
      const args = ['convert', sampleModelPath, 'm.gguf', '--to', 'gguf', '--json'];
      const { stdout, stderr } = await runLlama(args, { cwd });
      assert.equal(stderr, '');
      const { byteLength, tensors, ...rest } = JSON.parse(stdout);
      assert.deepEqual(rest, { output: 'm.gguf', to: 'gguf', type: 'BF16', groupSize: null, maxError: null });
      assert.equal(byteLength, (await readFile(join(cwd, 'm.gguf'))).length);
      assert.equal(tensors.length, 47);
    });
  });

  for (const { args, code, exit } of [
    { args: ['--to', 'v1', '--type', 'f16'], code: 'INVALID_ARGUMENT', exit: 2 },
    { args: ['--to', 'safetensors', '--type', 'q8_0'], code: 'INVALID_ARGUMENT', exit: 2 },
    { args: ['--to', 'gguf', '--group-size', '32'], code: 'INVALID_ARGUMENT', exit: 2 },
    { args: ['--to', 'gguf', '--plain'], code: 'INVALID_ARGUMENT', exit: 2 },
    { args: ['--to', 'safetensors', '--shard-size', '5 apples'], code: 'USAGE', exit: 2 },
    { args: ['--to', 'safetensors', '--shard-size', '0'], code: 'USAGE', exit: 2 },
    { args: ['--to', 'gguf', '--rope-theta', '1000', '--rope-scaling', 'none'], code: 'INVALID_ARGUMENT', exit: 2 },
  ]) {
    it(`refuses ${args.join(' ')} with ${code}`, async () => {
      await withFolder(async (cwd) => {
        const { exitCode, stdout } = await runLlama(['convert', sampleModelPath, 'out', ...args, '--json'], { cwd });
        assert.deepEqual([exitCode, JSON.parse(stdout).error.code], [exit, code], stdout);
        assert.deepEqual(await readdir(cwd), []);
      });
    });
  }

  for (const to of ['gguf', 'safetensors']) {
    it(`leaves nothing behind when a conversion to ${to} is interrupted`, async function () {
      if (process.platform === 'win32') this.skip(); // no signals between processes there
      await withFolder(async (cwd) => {
        await writeLargeCheckpoint(cwd);
        const before = await readdir(cwd);
        const { exitCode } = await runLlama(['convert', '.', 'out', '--to', to, '--verbose'], {
          cwd,
          onStdout: (child, stdout) => {
            if (stdout.includes('1/') && !child.killed) child.kill('SIGINT');
          },
        });
        assert.equal(exitCode, 130);
        assert.deepEqual(await readdir(cwd), before);
      });
    });
  }
});

async function templateOf(path: string): Promise<string | null> {
  const model = await openModel(path);
  await model.close();
  return model.chatTemplate;
}
