// Prompt lookup from the command line: the same answers, and how the drafts went.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

/** A story in the sample model's words, which its continuation mostly repeats. */
const prompt =
  'Once upon a time, there was a clever otter named Ada. It was a sunny morning, and Ada walked to the meadow. Ada ' +
  'wanted to cross the water, but it was too deep. Ada called for help. Once upon a time, there was a clever otter named';
const DRAFTED = /drafted (\d+) tokens, (\d+) accepted \(\d+ %\)/;

describe('--lookup', function () {
  this.timeout(60_000);

  it('gives run the same answer, and reports its drafts', async () => {
    const args = ['run', '-i', prompt, '-t', '0', '--max-tokens', '60', '--no-echo'];
    const [plain, drafted] = [await runLlama(args), await runLlama([...args, '--lookup'])];
    assert.equal(drafted.stdout, plain.stdout, drafted.stderr);
    assert.doesNotMatch(plain.stderr, DRAFTED);
    const [, nDrafted, nAccepted] = DRAFTED.exec(drafted.stderr) ?? assert.fail(drafted.stderr);
    assert.ok(Number(nAccepted) > 0);
    const { stdout } = await runLlama([...args, '--lookup', '--json']);
    assert.deepEqual(JSON.parse(stdout).speculation, { nDrafted: Number(nDrafted), nAccepted: Number(nAccepted) });
  });

  it('gives a file of prompts the same results', async () => {
    await withFolder(async (cwd) => {
      const lines = [1, 2, 3].map((seed) => JSON.stringify({ prompt, seed, max_tokens: 40, temperature: 0.5 }));
      await writeFile(join(cwd, 'prompts.jsonl'), lines.join('\n'));
      const args = ['run', '--input', 'prompts.jsonl'];
      await runLlama([...args, '--output', 'plain.jsonl'], { cwd });
      const { stderr } = await runLlama([...args, '--output', 'drafted.jsonl', '--lookup'], { cwd });
      assert.match(stderr, DRAFTED);
      assert.deepEqual(await readFile(join(cwd, 'drafted.jsonl')), await readFile(join(cwd, 'plain.jsonl')));
    });
  });

  it('gives chat the same answers, and --stats reports its drafts', async () => {
    const args = ['chat', '-t', '0', '--max-tokens', '30', '--stats'];
    const options = { stdin: 'Hi\nHi\nHi\n' };
    const [plain, drafted] = [await runLlama(args, options), await runLlama([...args, '--lookup'], options)];
    assert.equal(drafted.stdout, plain.stdout, drafted.stderr);
    assert.match(drafted.stderr, DRAFTED);
  });
});
