// llama embed: vectors of the runtime, printed.

import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbedder, openModel } from '@llama-ts/runtime';
import { runLlama } from '../helpers/run-llama.js';

const TEXT = 'A cow says moo.';

describe('llama embed', function () {
  this.timeout(60_000);
  let folder: string;
  let expected: { readonly mean: number[]; readonly last: number[] };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-embed-'));
    assert.equal((await llama(['export', 'm.bin', '--version', '2'])).exitCode, 0);
    const model = await openModel(join(folder, 'm.bin'), { threads: 1 });
    const embedder = createEmbedder(model);
    const vector = async (pooling: 'mean' | 'last') => [...(await embedder.embed([TEXT], { pooling }))[0]!.vector];
    expected = { mean: await vector('mean'), last: await vector('last') };
    await model.close();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const llama = (args: readonly string[], stdin = '') =>
    runLlama(args, { cwd: folder, stdin, env: { XDG_CACHE_HOME: folder } });

  it('prints the vector of a text, given as argument, flag or through a pipe, on any backend', async () => {
    for (const [args, stdin] of [
      [['m.bin', TEXT]],
      [['m.bin', '-i', TEXT, '--backend', 'reference']],
      [['m.bin', '--threads', '2'], TEXT],
    ] as const) {
      const { stdout, stderr, exitCode } = await llama(['embed', ...args], stdin);
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.deepEqual(JSON.parse(stdout), expected.mean);
    }
    assert.deepEqual(JSON.parse((await llama(['embed', 'm.bin', TEXT, '--pooling', 'last'])).stdout), expected.last);
  });

  it('prints a vector for each line, and with --json texts, tokens and width too', async () => {
    const { stdout } = await llama(['embed', 'm.bin', '--lines'], `${TEXT}\n\nThe end\r\n${TEXT}`);
    const vectors = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual([vectors.length, vectors[0], vectors[2]], [3, expected.mean, expected.mean]);
    const report = JSON.parse((await llama(['embed', 'm.bin', '-i', TEXT, '--json'])).stdout);
    assert.deepEqual([report.model, report.pooling, report.nDimensions], ['m.bin', 'mean', expected.mean.length]);
    assert.deepEqual([report.embeddings[0].text, report.embeddings[0].vector], [TEXT, expected.mean]);
  });

  it('refuses a text that is longer than the context, and a file without lines', async () => {
    const long = await llama(['embed', 'm.bin', '--context', '4', TEXT]);
    assert.match(long.stderr, /\[CONTEXT_EXCEEDED\][\s\S]*try: llama embed m\.bin --context \d+/);
    const empty = await llama(['embed', 'm.bin', '--lines'], '\n\n');
    assert.deepEqual([empty.exitCode, /\[BAD_TEXT\]/.test(empty.stderr)], [3, true]);
  });
});
