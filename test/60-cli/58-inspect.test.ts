// llama inspect: a summary to read, every tensor when asked, and everything as JSON.

import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import { succeed } from '../helpers/run-llama.js';

describe('llama inspect', function () {
  this.timeout(60_000);
  let cwd: string;
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'llama-inspect-'));
    await succeed(['export', 'm.bin', '--version', '3'], { cwd });
  });
  after(() => rm(cwd, { recursive: true, force: true }));

  it('counts tensors by type, the largest share of the bytes first, and says how to list them', async () => {
    const { stdout } = await succeed(['inspect', 'm.bin'], { cwd });
    const json = JSON.parse((await succeed(['inspect', 'm.bin', '--json'], { cwd })).stdout) as {
      tensors: { dtype: string; name: string }[];
    };
    const count = (type: string): number => json.tensors.filter(({ dtype }) => dtype === type).length;
    const line = new RegExp(
      `^ {2}tensors {7}${count('Q4')} Q4 \\([^)]*\\), ${count('Q8')} Q8 \\([^)]*\\), ${count('F32')} F32 \\([^)]*\\); --tensors lists them$`,
      'm',
    );
    assert.match(stdout, line);
    assert.ok(!stdout.includes('layers.0'));
    assert.ok(stdout.trimEnd().split('\n').length <= 24, 'it fits a terminal of 24 lines');
  });

  it('lists every tensor with --tensors, of a file and of a folder with several files', async () => {
    const json = JSON.parse((await succeed(['inspect', 'm.bin', '--json'], { cwd })).stdout) as {
      tensors: { name: string }[];
    };
    const { stdout } = await succeed(['inspect', 'm.bin', '--tensors'], { cwd });
    for (const { name } of json.tensors) assert.ok(stdout.includes(`  ${name} `), name);
    const folder = await succeed(['inspect', sampleModelPath, '--tensors'], { cwd });
    assert.equal(folder.stdout.match(/^tensors of \S+\.safetensors \(\d+\)$/gm)!.length, 3);
  });
});
