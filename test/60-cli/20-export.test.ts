// Export, quantize and inspect, from the command line to the file.

import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder, writeLargeCheckpoint } from './support.js';

describe('llama doctor', () => {
  it('lists the reference backend as one that runs here', async () => {
    const { stdout } = await runLlama(['doctor', '--json']);
    const { backends } = JSON.parse(stdout);
    assert.ok(backends.some((probe: Record<string, unknown>) => probe.backend === 'reference' && probe.available));
  });
});

describe('llama export, quantize and inspect', () => {
  it('export the sample model as version 1, and say so', async () => {
    await withFolder(async (cwd) => {
      const { exitCode, stdout, stderr } = await runLlama(['export'], { cwd });
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /bundled sample model/);
      assert.equal(stderr, '');
      assert.match(stdout, /for the C program run\.c .*: --version 0\n/);
      assert.deepEqual(await readdir(cwd), ['sample-model.bin']);
    });
  });

  it('quantize to the bytes of a direct export, and end with the highest error', async () => {
    await withFolder(async (cwd) => {
      await runLlama(['export', 'model.bin'], { cwd });
      const quantized = await runLlama(['quantize', 'model.bin'], { cwd });
      assert.equal(quantized.exitCode, 0, quantized.stderr);
      assert.match(quantized.stdout, /^max quantization group error across all weights: 0\.00\d+$/m);
      const direct = await runLlama(['export', 'direct.bin', '--version', '2'], { cwd });
      assert.equal(direct.exitCode, 0, direct.stderr);
      const [a, b] = await Promise.all(['model-q8_0.bin', 'direct.bin'].map((name) => readFile(join(cwd, name))));
      assert.ok(a!.equals(b!));
    });
  });

  it('print exactly one JSON document with --json', async () => {
    await withFolder(async (cwd) => {
      const exported = await runLlama(['export', 'm.bin', '--json'], { cwd });
      assert.deepEqual([JSON.parse(exported.stdout).output, exported.stderr], ['m.bin', '']);
      const quantized = await runLlama(['quantize', 'm.bin', '--json'], { cwd });
      assert.equal(JSON.parse(quantized.stdout).groupSize, 64);
      const inspected = await runLlama(['inspect', 'm-q8_0.bin', '--json'], { cwd });
      const description = JSON.parse(inspected.stdout);
      assert.equal(description.version, 2);
      assert.equal(description.tensors.length, 47);
      assert.equal(description.trailer.hasChatTemplate, true);
    });
  });

  it('describe a file in words: configuration, trailer and tensors', async () => {
    await withFolder(async (cwd) => {
      await runLlama(['export', 'm.bin'], { cwd });
      const { stdout } = await runLlama(['inspect', 'm.bin'], { cwd });
      assert.match(stdout, /width +128, feed-forward 384/);
      assert.match(stdout, /tokenizer +1329 tokens, 256 of them special/);
      assert.match(stdout, /tensors +47 F32 \(4\.6 MB\); --tensors lists them/);
    });
  });

  for (const [ending, expected, words] of [
    ['SIGINT', 130, /interrupted/],
    ['SIGTERM', 143, /\[TERMINATED\]/],
    ['SIGHUP', 129, /\[HUNG_UP\]/],
  ] as const) {
    it(`keep what is finished when ended by ${ending}, exit with ${expected}, and go on from there in the next run`, async function () {
      if (process.platform === 'win32') this.skip(); // no signals between processes there
      await withFolder(async (cwd) => {
        await writeLargeCheckpoint(cwd);
        const before = await readdir(cwd);
        const exportUntilEnded = (flags: readonly string[]) =>
          runLlama(['export', 'out.bin', '--hf', '.', '--verbose', ...flags], {
            cwd,
            onStdout: (child, stdout) => {
              if (stdout.includes('2/') && !child.killed) child.kill(ending);
            },
          });
        const { exitCode, stderr } = await exportUntilEnded([]);
        assert.equal(exitCode, expected, stderr);
        assert.match(stderr, words);
        assert.match(stderr, /; finished tensors are kept \(\d+\), and the same command resumes /);
        assert.match(stderr, /\n {2}try: llama export out\.bin --hf \. --verbose\n$/);
        assert.ok((await readdir(cwd)).length > before.length);
        const discarded = await exportUntilEnded(['--discard']);
        assert.equal(discarded.exitCode, expected, discarded.stderr);
        assert.doesNotMatch(discarded.stderr, /kept/);
        assert.deepEqual(await readdir(cwd), before, '--discard leaves nothing');
        await exportUntilEnded([]);
        const whole = JSON.parse((await runLlama(['export', 'out.bin', '--hf', '.', '--json'], { cwd })).stdout);
        assert.ok(whole.resumedTensors >= 1, `${whole.resumedTensors} tensors resumed`);
        assert.deepEqual((await readdir(cwd)).sort(), [...before, 'out.bin'].sort());
      });
    });
  }

  it('write the complete file when the reader of stdout leaves', async () => {
    await withFolder(async (cwd) => {
      const { exitCode, stderr } = await runLlama(['export', 'm.bin'], {
        cwd,
        onStdout: (child) => void child.stdout.destroy(),
      });
      assert.equal(exitCode, 0, stderr);
      assert.doesNotMatch(stderr, /llama:|EPIPE/);
      const inspected = await runLlama(['inspect', 'm.bin'], { cwd });
      assert.equal(inspected.exitCode, 0, inspected.stderr);
    });
  });
});
