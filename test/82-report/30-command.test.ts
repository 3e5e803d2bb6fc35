// llama report: one page of one model, which replaces another only with --force.

import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';

describe('llama report', function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-report-'));
    await llama('export m.bin');
    await llama('export other.bin');
    await writeFile(join(folder, 'verify.json'), (await llama('verify m.bin --json')).stdout);
    for (const name of ['m', 'other']) {
      const { stdout } = await llama(`eval ${name}.bin --max-tokens 40 --json`);
      await writeFile(join(folder, `${name}.json`), stdout);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const llama = (args: string) => runLlama(args.split(' '), { cwd: folder, env: { XDG_CACHE_HOME: folder } });

  it('refuses results of two models, and suggests which to measure', async () => {
    const { exitCode, stderr } = await llama('report r.html --verify verify.json --eval other.json');
    assert.equal(exitCode, 3);
    assert.match(stderr, /verify\.json is of m\.bin and other\.json of other\.bin, .*\[DIFFERENT_MODELS\]\n/);
    assert.match(
      stderr,
      / {2}try: llama eval m\.bin --text TEXT\.txt --json > m-eval\.json && llama report r\.html --verify verify\.json --eval m-eval\.json\n/,
    );
    await assert.rejects(readFile(join(folder, 'r.html')));
  });

  it('does not replace an existing page without --force', async () => {
    const args = 'report page.html --verify verify.json --eval m.json';
    assert.equal((await llama(args)).exitCode, 0);
    await writeFile(join(folder, 'page.html'), 'mine');
    const { exitCode, stderr } = await llama(args);
    assert.equal(exitCode, 2);
    assert.match(stderr, /\[OUTPUT_EXISTS\]/);
    assert.equal(await readFile(join(folder, 'page.html'), 'utf8'), 'mine');
    assert.equal((await llama(`${args} --force`)).exitCode, 0);
    assert.match(await readFile(join(folder, 'page.html'), 'utf8'), /<html/);
  });
});
