// Memory that is not to be had for a cache: an error that says how much was needed, and values that work.

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { exportModel, openCheckpoint } from '@llama-ts/exporter';
import type { ToolkitErrorShape } from '@llama-ts/format';
import { createEngine, openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { llamaBin } from '../helpers/run-llama.js';

const CONTEXT = 131_072;
/** In kilobytes, as ulimit counts: Node starts in it, and the cache of {@link CONTEXT} positions has no place. */
const MEMORY_KB = 6_500_000;
const settings = { ropeTheta: 10_000, ropeScaling: null };

describe('memory that is not to be had', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llama-memory-'));
  const model = path.join(folder, 'big.bin');
  const tokenizer = path.join(folder, 'tokenizer.bin');

  before(async () => {
    await writeSparseModel(model);
    const source = await openCheckpoint(sampleModelPath);
    const output = path.join(folder, 'sample.bin');
    for await (const _ of exportModel({ source, output, tokenizerBin: tokenizer }));
    await source.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('for a cache is a limit that names a context and a type which work', async function () {
    if (process.platform !== 'linux') return this.skip();
    const { code, stderr } = await limited('--context', String(CONTEXT));
    assert.equal(code, 7, stderr);
    assert.match(stderr, /8,589,934,592 bytes.*\[LIMIT_EXCEEDED\]/);
    const remedies = [...stderr.matchAll(/^ {2}try: (.*)$/gm)].map(([, words]) => words!);
    assert.match(remedies.join('\n'), /^llama run .* --context \d+\nllama run .* --cache-type f16$/);
    for (const remedy of remedies) {
      const words = remedy.match(/--context \d+|--cache-type f16/g)!.flatMap((flag) => flag.split(' '));
      const context = words.includes('--context') ? [] : ['--context', String(CONTEXT)];
      const run = await limited(...words, ...context);
      assert.equal(run.code, 0, `${remedy}: ${run.stderr}`);
    }
  }).timeout(120_000);

  it('of WebAssembly is refused before any of it is taken, and a smaller cache still fits', async () => {
    const opened = await openModel(model, { backend: 'wasm', settings, context: CONTEXT });
    try {
      const error = await Promise.resolve()
        .then(() => opened.createCache())
        .catch((error: unknown) => error as ToolkitErrorShape);
      const { code, suggestions } = error as ToolkitErrorShape;
      assert.equal(code, 'LIMIT_EXCEEDED');
      const positions = Number(/^--context (\d+)$/.exec(suggestions[0]!)![1]);
      assert.ok(positions > 10_000 && positions < CONTEXT);
      const engine = createEngine(opened);
      const end = await engine
        .submit([5, 6], { maxTokens: 2 })
        .next()
        .catch((error: unknown) => error as ToolkitErrorShape);
      assert.equal((end as ToolkitErrorShape).code, 'LIMIT_EXCEEDED');
      await engine.close();
    } finally {
      await opened.close();
    }
  }).timeout(60_000);

  function limited(...args: string[]): Promise<{ code: number; stderr: string }> {
    const flags = ['-z', tokenizer, '-n', '3', '-t', '0', '--rope-theta', '10000', '--rope-scaling', 'none'];
    const command = [process.execPath, llamaBin, 'run', model, 'x', ...flags, ...args];
    return new Promise((resolve) => {
      const child = execFile(
        'sh',
        ['-c', `ulimit -v ${MEMORY_KB}; exec "$@"`, 'sh', ...command],
        (error, _stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stderr });
        },
      );
      child.stdin!.end();
    });
  }
});

/** A plain v1 file of zeros, small but for its context: 64 kB of cache a position. */
async function writeSparseModel(file: string): Promise<void> {
  const [dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize] = [128, 128, 64, 4, 4, 1329];
  const header = Buffer.alloc(256);
  header.writeUInt32LE(0x616b3432, 0);
  header.writeInt32LE(1, 4);
  [dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, CONTEXT].forEach((value, i) => {
    header.writeInt32LE(value, 8 + 4 * i);
  });
  header[36] = 1;
  const nWeights = nLayers * (2 * dim + 4 * dim * dim + 3 * dim * hiddenDim) + dim + vocabSize * dim;
  const handle = await open(file, 'w');
  await handle.write(header);
  await handle.truncate(256 + 4 * nWeights);
  await handle.close();
}
