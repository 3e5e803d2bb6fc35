// Reports are refused before the work they report on, and never written over what a command reads.

import { strict as assert } from 'node:assert';
import { copyFile, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleModelPath, sampleTextPath } from '@llama-ts/sample-model';
import { runLlama } from '../helpers/run-llama.js';
import { exportTo, withFolder } from './support.js';

describe('reports of verify and eval', function () {
  this.timeout(120_000);

  it('are never written over a source, a baseline, a text or thresholds, nor over one another', async () => {
    await withFolder(async (cwd) => {
      for (const name of ['model.bin', 'v1.bin']) {
        await exportTo({ source: sampleModelPath, output: join(cwd, name), version: name === 'v1.bin' ? 1 : 2 });
      }
      await copyFile(sampleTextPath, join(cwd, 'text.txt'));
      await writeFile(join(cwd, 'bounds.json'), '{"verify": {"*": {"min-snr": 1}}, "eval": {"max-ppl": 100}}');
      const names = await readdir(cwd);
      const before = await Promise.all(names.map((name) => readFile(join(cwd, name))));
      const verify = ['verify', 'model.bin', '--against', 'v1.bin', '--thresholds', 'bounds.json'];
      const evaluate = [
        'eval',
        'model.bin',
        '--baseline',
        'v1.bin',
        '--text',
        'text.txt',
        '--thresholds',
        'bounds.json',
      ];
      for (const [code, args] of [
        ['OUTPUT_IS_INPUT', [...verify, '--html', 'v1.bin']],
        ['OUTPUT_IS_INPUT', [...verify, '--junit', 'bounds.json']],
        ['USAGE', [...verify, '--junit', 'out', '--html', './out']],
        ['OUTPUT_FOLDER_MISSING', [...verify, '--junit', 'none/verify.xml']],
        ['OUTPUT_IS_INPUT', [...evaluate, '--html', 'model.bin']],
        ['OUTPUT_IS_INPUT', [...evaluate, '--html', 'v1.bin']],
        ['OUTPUT_IS_INPUT', [...evaluate, '--html', 'text.txt']],
      ] as const) {
        const { exitCode, stdout } = await runLlama([...args, '--json'], { cwd });
        assert.deepEqual([exitCode, JSON.parse(stdout).error?.code], [2, code], args.join(' '));
      }
      assert.deepEqual(await readdir(cwd), names);
      for (const [i, name] of names.entries()) assert.ok((await readFile(join(cwd, name))).equals(before[i]!), name);
    });
  });

  it('are never written over a file of the folder that a model is verified against', async () => {
    await withFolder(async (cwd) => {
      await exportTo({ source: sampleModelPath, output: join(cwd, 'model.bin'), version: 2 });
      await cp(sampleModelPath, join(cwd, 'source'), { recursive: true });
      const verify = ['verify', 'model.bin', '--against', 'source', '--json'];
      for (const name of ['config.json', 'model-00002-of-00003.safetensors']) {
        const before = await readFile(join(cwd, 'source', name));
        const { exitCode, stdout } = await runLlama([...verify, '--html', join('source', name)], { cwd });
        assert.deepEqual([exitCode, JSON.parse(stdout).error?.code], [2, 'OUTPUT_IS_INPUT'], name);
        assert.ok((await readFile(join(cwd, 'source', name))).equals(before), name);
      }
      // A file that does not belong to the model may be replaced.
      for (let i = 0; i < 2; i++) {
        const { exitCode, stdout } = await runLlama([...verify, '--html', join('source', 'report.html')], { cwd });
        assert.equal(exitCode, 0, stdout);
      }
    });
  });
});
