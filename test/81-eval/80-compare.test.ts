// llama compare: the figures are those of llama eval, whatever fits into memory, and files of two models are refused.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groupsThatFit, onFront } from '@llama-ts/evaluate';
import { exportModel } from '@llama-ts/exporter';
import { openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { compareFiles } from '../../packages/cli/src/compare/compare-files.js';
import { drain } from '../helpers/generators.js';
import { type LlamaRun, runLlama } from '../helpers/run-llama.js';
import { terminalOutput } from '../helpers/terminal-output.js';

const text = 'Once upon a time, there was a little fox. The fox liked to run and play in the woods with her friends.';
const otherModel = fileURLToPath(new URL('../fixtures/golden/untied-mha-f32', import.meta.url));
const fileAt = (path: string) => ({ typed: path, name: path, path });
const short = ['--text', 'text.txt', '--window', '16', '--stride', '15'];

describe('llama compare', function () {
  this.timeout(120_000);
  let folder = '';
  const run = (...args: string[]): Promise<LlamaRun> =>
    runLlama(args, { cwd: folder, env: { LLAMA_HOME: join(folder, 'store') } });
  const json = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await run(...args, '--json');
    assert.equal(exitCode, 0, stdout + stderr);
    return JSON.parse(stdout);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-compare-'));
    for (const version of [1, 2, 3] as const) {
      await drain(exportModel({ source: sampleModelPath, output: join(folder, `v${version}.bin`), version }));
    }
    await writeFile(join(folder, 'text.txt'), text);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('finds for every file what eval finds with the same baseline, and the baseline first', async () => {
    const report = await json('compare', 'v2.bin', 'v3.bin', '--baseline', 'v1.bin', ...short, '--no-speed');
    assert.deepEqual(
      report.models.map(({ model }: { model: string }) => model),
      ['v1.bin', 'v2.bin', 'v3.bin'],
    );
    for (const { model, perplexity, divergence, tokensPerSecond } of report.models) {
      const { divergence: whole, ...alone } = await json('eval', model, '--baseline', 'v1.bin', ...short);
      const { greedy: _, ...expected } = whole;
      assert.deepEqual(perplexity, alone.perplexity);
      assert.deepEqual(divergence, model === 'v1.bin' ? null : expected);
      assert.equal(tokensPerSecond, null);
      assert.equal(report.nTokens, alone.nTokens);
    }
  });

  it('counts bytes and bits of the files: float32, 8 bits with float32 scales of 64, 4.5 and 8.5 bits', async () => {
    const { models } = await json('compare', 'v1.bin', 'v2.bin', 'v3.bin', ...short, '--no-speed');
    for (const { model, byteLength } of models) {
      assert.equal(byteLength, (await readFile(join(folder, model))).byteLength);
    }
    const bits = models.map(({ bitsPerWeight }: { bitsPerWeight: number }) => bitsPerWeight);
    assert.deepEqual(bits.slice(0, 2), [32, 8.5]);
    assert(bits[2] > 4.5 && bits[2] < 8.5, bits[2]);
    assert.deepEqual(
      models.map(({ isOnFront }: { isOnFront: boolean }) => isOnFront),
      [true, true, true],
    );
  });

  it('gives the same figures when memory holds one file next to the baseline at a time', async () => {
    const names = ['v1.bin', 'v2.bin', 'v3.bin'].map((name) => join(folder, name)) as [string, string, string];
    let [nOpen, most, nOpened] = [0, 0, 0];
    const compared = (memoryBytes: number) =>
      drain(
        compareFiles(
          [fileAt(names[0]), fileAt(names[1]), fileAt(names[2])],
          { name: 'text.txt', content: text },
          {
            window: 16,
            stride: 15,
            memoryBytes,
            speeds: null,
            open: async (path) => {
              const model = await openModel(path);
              nOpened++;
              most = Math.max(most, ++nOpen);
              return {
                ...model,
                close: async () => {
                  nOpen--;
                  await model.close();
                },
              };
            },
          },
        ),
      );
    const { result: together } = await compared(1e12);
    assert.deepEqual([nOpen, most, nOpened], [0, 3, 3]);
    most = 0;
    const { result: apart, events } = await compared(0);
    assert.deepEqual([nOpen, most, nOpened], [0, 2, 8]);
    assert.deepEqual(apart, together);
    const last = events.at(-1)!;
    assert.deepEqual([last.nScored, last.count], [2 * together.nTokens, 2 * together.nTokens]);
  });

  it('refuses a file of another vocabulary in the last of several groups before the first is measured', async () => {
    const output = join(folder, 'late.bin');
    await drain(exportModel({ source: otherModel, output }));
    const files = [fileAt(join(folder, 'v1.bin')), fileAt(join(folder, 'v2.bin')), fileAt(output)] as const;
    const events = compareFiles(
      files,
      { name: 'text.txt', content: text },
      {
        ...{ memoryBytes: 0, speeds: null, window: 16 },
        open: (path) => openModel(path),
      },
    );
    await assert.rejects(events.next(), { code: 'DIFFERENT_TOKENIZERS' });
  });

  it('measures the speed of decoding unless it is left out', async () => {
    const { models } = await json('compare', 'v1.bin', 'v3.bin', ...short);
    for (const { tokensPerSecond } of models) {
      assert(0 < tokensPerSecond.min && tokensPerSecond.min <= tokensPerSecond.median);
      assert(tokensPerSecond.median <= tokensPerSecond.max);
    }
  });

  it('takes folders and GGUF files as run does, and says which model of them was measured', async () => {
    const { exitCode, stderr } = await run('convert', 'v1.bin', 'whole.gguf', '--to', 'gguf');
    assert.equal(exitCode, 0, stderr);
    const { models } = await json(
      'compare',
      'v1.bin',
      'v3.bin',
      'whole.gguf',
      'whole.gguf:f32',
      ...short,
      '--no-speed',
    );
    const [, fourBits, named, whole] = models;
    assert.deepEqual([named.model, whole.model], ['whole.gguf:q4', 'whole.gguf:f32']);
    assert.deepEqual([named.divergence, named.bitsPerWeight], [fourBits.divergence, fourBits.bitsPerWeight]);
    assert.deepEqual([whole.divergence.kl.mean.value, whole.bitsPerWeight], [0, 32]);
    const { model } = await json('eval', 'whole.gguf', ...short);
    assert.equal(model, 'whole.gguf:q4');
  });

  it('prints a table, or the same as Markdown whose rows have as many cells as its head', async () => {
    const plain = await run('compare', 'v1.bin', 'v3.bin', ...short, '--no-speed');
    assert.match(
      plain.stdout,
      /^model +MB +bits +perplexity +mean KL +same top\n {2}v1\.bin .* baseline\n {2}v3\.bin /,
    );
    const { stdout } = await run('compare', 'v1.bin', 'v3.bin', ...short, '--no-speed', '--markdown');
    const rows = stdout.split('\n').filter((line) => line.startsWith('|'));
    assert.deepEqual(
      rows.map((row) => row.split('|').length),
      [8, 8, 8, 8],
    );
    assert.match(stdout, /\ncompared with v1\.bin over \d+ tokens of text\.txt, windows of 16, stride 15\n$/);
  });

  it('breaks no word at 40 columns', async () => {
    const args = ['compare', 'v1.bin', 'v3.bin', ...short];
    const shown = await terminalOutput(args, 40, { XDG_CACHE_HOME: folder }, folder);
    assert.match(shown, /mean KL\s+\d/);
    assert.match(shown, /tokens\/s/);
    const last = shown.split('\n').map((line) => line.split(/\r|\x1b\[1G/).at(-1)!);
    for (const line of last.map((part) => part.replace(/\x1b\[[\d;?]*[A-Za-z]/g, ''))) assert(line.length <= 40, line);
  });

  it('writes a page with every file in the table and in the plot', async () => {
    const { exitCode, stderr } = await run('compare', 'v1.bin', 'v2.bin', 'v3.bin', ...short, '--report', 'c.html');
    assert.equal(exitCode, 0, stderr);
    const page = await readFile(join(folder, 'c.html'), 'utf8');
    assert.equal(page.match(/<circle /g)?.length, 3);
    for (const name of ['v1.bin', 'v2.bin', 'v3.bin']) assert(page.includes(`<th scope="row">${name}</th>`), name);
    assert.doesNotMatch(page, /NaN|Infinity|undefined/);
  });

  it('refuses files of two vocabularies by name, before anything is measured', async () => {
    await drain(exportModel({ source: otherModel, output: join(folder, 'other.bin') }));
    const { exitCode, stdout, stderr } = await run('compare', 'v1.bin', 'v2.bin', 'other.bin', ...short);
    assert.deepEqual([exitCode, stdout], [3, '']);
    assert.match(stderr, /other\.bin and v1\.bin differ in \d+ and \d+ tokens, .*\[DIFFERENT_TOKENIZERS\]/);
    assert.match(stderr, / {2}try: leave it out: llama compare v1\.bin v2\.bin --text text\.txt /);
  });

  for (const [what, args, message] of [
    ['one file', ['v1.bin'], /v1\.bin: is one file.*\n {2}try: measure it alone: llama eval v1\.bin --text text\.txt/],
    ['a file that is named twice', ['v1.bin', './v1.bin', 'v2.bin'], /named twice/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { exitCode, stderr } = await run('compare', ...args, ...short);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });
  }
});

describe('the Pareto front', () => {
  it('has the files that no other beats, and both of two equal ones', () => {
    const files = [
      { byteLength: 9, kl: 0 },
      { byteLength: 5, kl: 2 },
      { byteLength: 6, kl: 2 },
      { byteLength: 4, kl: 3 },
      { byteLength: 4, kl: 3 },
      { byteLength: 4, kl: 4 },
    ];
    assert.deepEqual(onFront(files), [true, true, false, true, true, false]);
  });
});

describe('groups of models', () => {
  it('fill the room in order, and hold at least one', () => {
    assert.deepEqual(groupsThatFit([3, 3, 3, 9, 1], 6), [[0, 1], [2], [3], [4]]);
    assert.deepEqual(groupsThatFit([3, 3], Number.POSITIVE_INFINITY), [[0, 1]]);
    assert.deepEqual(groupsThatFit([3, 3], -5), [[0], [1]]);
  });
});
