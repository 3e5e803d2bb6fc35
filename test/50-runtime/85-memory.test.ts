// Memory that is not to be had for a cache: an error that says how much was needed, and values that work.

import { strict as assert } from 'node:assert';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ToolkitError } from '@llama-ts/base';
import { exportModel, openCheckpoint } from '@llama-ts/exporter';
import { createEngine, openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { llamaBin } from '../helpers/run-llama.js';
import { writeSparseModel } from '../helpers/sparse-model.js';

const CONTEXT = 131_072;
/**
 * What a command may map beyond an empty process of this Node, in kilobytes, as ulimit counts: the cache of {@link CONTEXT}
 * positions in float32 (8.4 million) does not fit, the one in float16 (4.2 million) does.
 */
const MEMORY_KB = 6_000_000;
const settings = { ropeTheta: 10_000, ropeScaling: null };

describe('more memory than there is', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llama-memory-'));
  const model = path.join(folder, 'big.bin');
  const tokenizer = path.join(folder, 'tokenizer.bin');

  before(async () => {
    // 64 kB of cache a position.
    await writeSparseModel(model, {
      ...{ dim: 128, hiddenDim: 128, nLayers: 64, nHeads: 4, nKvHeads: 4 },
      context: CONTEXT,
    });
    const source = await openCheckpoint(sampleModelPath);
    const output = path.join(folder, 'sample.bin');
    for await (const _ of exportModel({ source, output, tokenizerBin: tokenizer }));
    await source.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is refused for a cache with LIMIT_EXCEEDED, a context that fits and a type that fits', async function () {
    if (process.platform !== 'linux') return this.skip();
    const { code, stderr } = await limited('--context', String(CONTEXT));
    assert.equal(code, 7, stderr);
    assert.match(stderr, /8\.6 GB, more memory than there is \[LIMIT_EXCEEDED\]/);
    const remedies = [...stderr.matchAll(/^ {2}try: (.*)$/gm)].map(([, words]) => words!);
    assert.match(remedies.join('\n'), /^llama run .* --context \d+\nllama run .* --cache-type f16$/);
    for (const remedy of remedies) {
      const words = remedy.match(/--context \d+|--cache-type f16/g)!.flatMap((flag) => flag.split(' '));
      const context = words.includes('--context') ? [] : ['--context', String(CONTEXT)];
      const run = await limited(...words, ...context);
      assert.equal(run.code, 0, `${remedy}: ${run.stderr}`);
    }
  }).timeout(120_000);

  it('is refused in WebAssembly before any of it is taken, and a smaller cache still fits', async () => {
    const opened = await openModel(model, { backend: 'wasm', settings, context: CONTEXT });
    try {
      const error = await Promise.resolve()
        .then(() => opened.createCache())
        .catch((error: unknown) => error as ToolkitError);
      const { code, suggestions } = error as ToolkitError;
      assert.equal(code, 'LIMIT_EXCEEDED');
      const positions = Number(/^--context (\d+)$/.exec(suggestions[0]!)![1]);
      assert.ok(positions > 10_000 && positions < CONTEXT);
      const engine = createEngine(opened);
      const end = await engine
        .submit([5, 6], { maxTokens: 2 })
        .next()
        .catch((error: unknown) => error as ToolkitError);
      assert.equal((end as ToolkitError).code, 'LIMIT_EXCEEDED');
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
        ['-c', `ulimit -v ${mappedByEmptyProcess() + MEMORY_KB}; exec "$@"`, 'sh', ...command],
        (error, _stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stderr });
        },
      );
      child.stdin!.end();
    });
  }
});

/** Kilobytes of address space that Node maps before it runs a program: each version of V8 reserves its own amount. */
function mappedByEmptyProcess(): number {
  const program = "process.stdout.write(require('fs').readFileSync('/proc/self/status', 'utf8'))";
  const status = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  return Number(/^VmPeak:\s+(\d+) kB$/m.exec(status)![1]);
}
