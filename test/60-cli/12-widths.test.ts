// What commands print at terminals of many widths: words stay whole, and commands can be copied.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { commandLine } from '@llama-ts/base';
import { sampleModelPath } from '@llama-ts/sample-model';
import fc from 'fast-check';
import { benchLines } from '../../packages/cli/src/bench/bench-lines.js';
import { fitTable } from '../../packages/cli/src/terminal/fit-table.js';
import { textWidth } from '../../packages/cli/src/terminal/text-width.js';
import { shellWords, wrapAdvice, wrapCommand } from '../../packages/cli/src/terminal/wrap-command.js';
import { wrapWords } from '../../packages/cli/src/terminal/wrap-words.js';
import { runLlama } from '../helpers/run-llama.js';
import { terminalOutput } from '../helpers/terminal-output.js';
import { withFolder } from './support.js';

const commands: readonly (readonly string[])[] = [
  ['run', '-n', '60', '-t', '0'],
  ['run', 'a.bin', 'Once upon a time, a fox', '-n', '40', '-t', '0'],
  ['run', 'a.bin', '<|eot_id|>', '-n', '2', '--threads', '256', '-t', '8'],
  ['export', 'b.bin', '--dry-run'],
  ['export', 'a.bin'],
  ['quantize', 'a.bin', '--force'],
  ['inspect', 'a-q8_0.bin'],
  ['inspect', sampleModelPath],
  ['verify', 'a-q8_0.bin', '--against', 'a.bin'],
  ['eval', 'a-q8_0.bin', '--baseline', 'a.bin', '--max-tokens', '200'],
  ['doctor'],
  ['chat', 'a.bin', 'What sound does a cow make?', '-t', '0', '--stats'],
  ['run', 'nothing.bin', 'Once upon a time, there was a clever otter named Ada'],
];

describe('output at a terminal', function () {
  this.timeout(120_000);

  for (const columns of [40, 80]) {
    it(`breaks no word at ${columns} columns`, () =>
      withFolder(async (cwd) => {
        const env = { XDG_CACHE_HOME: cwd };
        for (const args of [
          ['export', 'a.bin'],
          ['quantize', 'a.bin'],
        ]) {
          assert.equal((await runLlama(args, { cwd, env })).exitCode, 0);
        }
        for (const args of commands) {
          const text = shownLines(await terminalOutput(args, columns, env, cwd));
          const long = text.filter((line) => textWidth(line) > columns && /\S\s+\S/.test(line.trim()));
          assert.deepEqual(long, [], commandLine(args));
          assert(text.length > 0, commandLine(args));
        }
      }));
  }

  it('is not wrapped in a pipe', () =>
    withFolder(async (cwd) => {
      const env = { XDG_CACHE_HOME: cwd };
      await runLlama(['export', 'a.bin', '--version', '2'], { cwd, env });
      const { stdout } = await runLlama(['verify', 'a.bin', '--against', sampleModelPath], { cwd, env });
      const table = stdout.split('\n').filter((line) => /^ {2}layers\./.test(line));
      assert.equal(table.length, 10);
      for (const row of table)
        assert.match(row, /^ {2}\S+ +[\d.]+ +\S+ +\S+ +[\d.]+ +[\d.]+ % {2}\d+ \(row \d+, column \d+\)$/);
      const story = await runLlama(['run', 'a.bin', '-n', '60', '-t', '0', '-i', 'Once upon a time'], { cwd, env });
      assert.equal(story.stdout.trimEnd().split('\n').length, 1);
    }));
});

describe('a wrapped command', () => {
  const word = fc.string({ unit: fc.constantFrom(...'ab-./ "\'$\\=é'), minLength: 1, maxLength: 20 });
  const words = fc.array(word, { minLength: 1, maxLength: 8 });

  it('is the same words to a shell', function () {
    if (process.platform === 'win32') this.skip();
    const seen = (command: string): string =>
      execFileSync('/bin/sh', ['-c', `printf '<%s>' ${command}`], { encoding: 'utf8' });
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 60 }), (parts, width) => {
        const command = commandLine(parts);
        assert.equal(seen(wrapCommand(command, width)), seen(command));
        assert.deepEqual(shellWords(command), parts);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps a flag with its value, and stands below the words before it', () => {
    assert.equal(
      wrapAdvice('for an answer: llama chat sample-model.bin "What now?" --max-tokens 12', 34, '  '),
      ['  for an answer:', '    llama chat sample-model.bin \\', '      "What now?" --max-tokens 12'].join('\n'),
    );
    assert.equal(wrapAdvice('try: llama inspect a.bin', 20), 'try: llama inspect \\\n  a.bin');
    assert.equal(wrapAdvice('name another file', 12), 'name another\n  file');
  });
});

describe('a table', () => {
  const table = {
    title: 'tensors (2)',
    columns: [{ head: 'type' }, { head: 'size', isNumber: true }],
    rows: [
      { name: 'layers.0.wq', cells: ['F32', '128'] },
      { name: 'norm', cells: ['Q8_0', '5'] },
    ],
    hasHeads: true,
  };

  it('has its cells next to the names, below them or in words, as the width allows', () => {
    assert.deepEqual(fitTable(table, 80), [
      'tensors (2)    type  size',
      '  layers.0.wq  F32    128',
      '  norm         Q8_0     5',
    ]);
    assert.deepEqual(fitTable(table, 16), [
      'tensors (2)',
      '    type  size',
      '  layers.0.wq',
      '    F32    128',
      '  norm',
      '    Q8_0     5',
    ]);
    assert.deepEqual(fitTable(table, 13), [
      'tensors (2)',
      '  layers.0.wq',
      '    type F32,',
      '    size 128',
      '  norm',
      '    type',
      '    Q8_0,',
      '    size 5',
    ]);
  });

  it('of speeds is Markdown where it fits, and words where not', () => {
    const report = {
      model: 'a.bin',
      backend: 'avx2',
      threads: 2,
      tuning: null,
      repetitions: 3,
      bytesPerToken: 1_000_000,
      readBytesPerSecond: 1e10,
      tests: [
        { test: 'prompt', nTokens: 8, depth: 0, tokensPerSecond: { median: 2, min: 1, max: 3 } },
        { test: 'generation', nTokens: 4, depth: 9, tokensPerSecond: { median: 1000, min: 900, max: 1100 } },
      ],
    } as const;
    assert.match(benchLines(report, 80)[3]!, /^\| -+ \| -+: \|/);
    assert.deepEqual(benchLines(report, 50).slice(2), [
      'prompt of 8',
      '  2.0 tokens/s (1.0 – 3.0)',
      'generation of 4 after 9',
      '  1000.0 tokens/s (900.0 – 1100.0); 1.0 GB/s, 10 % of the ceiling',
    ]);
  });
});

describe('wrapped words', () => {
  it('keep a percent sign with its number', () => {
    assert.equal(wrapWords('median 1, 95 % 0.2, max 3', 13), 'median 1,\n95 % 0.2, max\n3');
    assert.equal(wrapWords('at most 99.9 % 0.1', 12), 'at most\n99.9 % 0.1');
  });
});

/** Lines as they stand in the end: without progress that was drawn over. */
function shownLines(sent: string): string[] {
  const last = sent.split('\n').map((line) => line.split(/\r|\x1b\[1G/).at(-1)!);
  return last.map((line) => stripVTControlCharacters(line)).filter((line) => line !== '');
}
