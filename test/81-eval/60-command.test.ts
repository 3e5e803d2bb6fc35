// llama eval, as a user runs it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { withFolder } from '../60-cli/support.js';
import { type LlamaRun, type RunLlamaOptions, runLlama } from '../helpers/run-llama.js';
import { sampleFile, scratchFile } from './support.js';

const short = ['--max-tokens', '60', '--window', '32', '--stride', '31'];

describe('llama eval', function () {
  this.timeout(60_000);
  let model = '';
  let baseline = '';
  const run = (args: readonly string[], options: RunLlamaOptions = {}): Promise<LlamaRun> =>
    runLlama(['eval', ...args], options);
  const compare = (...args: string[]): Promise<LlamaRun> => run([model, '--baseline', baseline, ...short, ...args]);

  before(async () => {
    [model, baseline] = [await sampleFile(2), await sampleFile(1)];
  });

  it('measures an export of the sample model on the text that comes with it', async () => {
    const { exitCode, stdout, stderr } = await run([baseline, ...short]);
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stdout,
      /^text +60 tokens in 2 windows of 32, stride 31\nperplexity +\d+\.\d+ ± \d+\.\d+\nworst tokens /,
    );
    assert.equal(stderr, '');
  });

  it('compares with a baseline, and exits with 0 when every bound is kept', async () => {
    const { exitCode, stdout, stderr } = await compare('--max-kl', '1e-2', '--max-ppl-ratio', '1.05');
    assert.equal(exitCode, 0, stderr);
    for (const label of ['baseline', 'ratio', 'KL divergence', 'same top token', 'greedy decoding']) {
      assert.match(stdout, new RegExp(`^${label} `, 'm'));
    }
    assert.match(stdout, /^PASS eval: 2 of 2 bounds kept$/m);
  });

  it('exits with 3 and one line when a bound is broken', async () => {
    const { exitCode, stdout, stderr } = await compare('--max-kl', '1e-9', '--min-agreement', '0.5');
    assert.equal(exitCode, 3, stderr);
    assert.match(stdout, /^FAIL eval: 1 of 2 bounds broken: .*: kl \S+, expected at most 1e-9$/m);
  });

  it('reads bounds from a thresholds file, on both sides, and prefers a flag', async () => {
    const strict = scratchFile(
      'strict.json',
      '{"verify": {"*": {"min-snr": 1}}, "eval": {"max-kl": 1e-9, "min-ppl": 1}}',
    );
    const failed = await compare('--thresholds', strict);
    assert.equal(failed.exitCode, 3, failed.stderr);
    const loose = await compare('--thresholds', strict, '--max-kl', '1');
    assert.equal(loose.exitCode, 0, loose.stdout);
  });

  it('prints one JSON document with the same figures in every run, also when a bound is broken', async () => {
    const [a, b] = [await compare('--max-kl', '0', '--json'), await compare('--max-kl', '0', '--json')];
    assert.deepEqual([a.exitCode, b.exitCode], [3, 3]);
    const [first, second] = [a, b].map(({ stdout }) => {
      const { tokensPerSecond, baselineTokensPerSecond, ...report } = JSON.parse(stdout);
      assert.ok(tokensPerSecond > 0 && baselineTokensPerSecond > 0);
      return report;
    });
    assert.deepEqual(first, second);
    assert.equal(first.passed, false);
    assert.deepEqual(first.checks, [
      { subject: model, bound: 'max-kl', limit: 0, found: first.divergence.kl.mean.value, passed: false },
    ]);
  });

  const usage: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a bound that needs a baseline', ['--max-kl', '1'], /needs --baseline/],
    ['a bound that is no number', ['--max-ppl', 'x'], /expected a number/],
    ['a stride beyond the window', ['--window', '16', '--stride', '16'], /stride 16, expected 1 to 15/],
  ];
  for (const [what, args, message] of usage) {
    it(`refuses ${what} with exit status 2`, async () => {
      const { exitCode, stdout, stderr } = await run([baseline, ...args]);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, message);
    });
  }

  it('writes the result as one page with --html, whose figures are those it prints', () =>
    withFolder(async (folder) => {
      const page = join(folder, 'eval.html');
      const { exitCode, stdout, stderr } = await compare('--html', page);
      assert.equal(exitCode, 0, stderr);
      const html = await readFile(page, 'utf8');
      const [, perplexity] = /^perplexity +(\d+\.\d+)/m.exec(stdout)!;
      assert.match(html, /^<!doctype html>/);
      assert(html.includes(`${Number(perplexity).toFixed(2)} ±`), 'the page rounds to two places');
    }));

  it('refuses a bound of the thresholds file on what is not measured, before it measures', async () => {
    const file = scratchFile('typo.json', '{"eval": {"max-k1": 1}}');
    const { exitCode, stdout, stderr } = await compare('--thresholds', file);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(stderr, /typo\.json: bound "max-k1", expected one of max-ppl.*\[BAD_BOUND\]/);
  });

  it('refuses a text that is not UTF-8, with a command that converts it', async () => {
    const { exitCode, stderr } = await run([baseline, '--text', scratchFile('latin.txt', Uint8Array.of(0x61, 0xe9))]);
    assert.equal(exitCode, 3);
    assert.match(stderr, /\[BAD_TEXT\]\n {2}try: convert it, .*iconv .*\n/);
  });

  it('suggests how to evaluate a model without a text of its own', async () => {
    const output = scratchFile('unknown.bin', '');
    for await (const _ of exportModel({ source: sampleModelPath, output, force: true }));
    const { exitCode, stderr } = await run([output]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /expected --text FILE.*\n {2}try: llama eval \S*unknown\.bin --text \S+\n/);
  });
});
