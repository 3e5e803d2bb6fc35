// llama run --input: many prompts of a file, answered together, in order, and resumed after a kill.
//
// LLAMA_TEST_KILLS sets how many kills; scripts/fuzz/nightly.mjs asks for 200.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readBatch } from '../../packages/cli/src/batch/read-batch.js';
import { llamaBin, runLlama, succeed } from '../helpers/run-llama.js';
import { hiddenIn } from '../helpers/scratch-folder.js';
import { withFolder } from './support.js';

const N_KILLS = Number(process.env.LLAMA_TEST_KILLS ?? 3);
const ARGS = ['run', '--input', 'prompts.jsonl', '--output', 'results.jsonl', '--seed', '7'];

interface Result {
  readonly line: number;
  readonly id?: string | number;
  readonly text?: string;
  readonly seed?: string;
  readonly nTokens?: number;
  readonly endReason?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly suggestions: string[] };
}

function writeLines(folder: string, lines: readonly unknown[]): Promise<void> {
  return writeFile(join(folder, 'prompts.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

async function answerAll(cwd: string, ...more: string[]): Promise<string> {
  return (await succeed([...ARGS, ...more], { cwd })).stderr;
}

async function results(folder: string): Promise<Result[]> {
  const text = await readFile(join(folder, 'results.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

describe('llama run --input', function () {
  this.timeout(60_000);

  it('gives each prompt the answer that it gets alone, in the order of the file, however many run at once', async () => {
    await withFolder(async (folder) => {
      const lines = [
        { id: 'long', prompt: 'Once upon a time', max_tokens: 60, temperature: 1, seed: 3 },
        { id: 2, prompt: 'The', max_tokens: 4, temperature: 0 },
        { prompt: 'Once upon a time', max_tokens: 30, temperature: 0, stop: ['the', 'a'] },
        { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 12, temperature: 0 },
        { prompt: 'Once', max_tokens: 9, temperature: 1.5, seed: '18446744073709551615', top_p: 1, top_k: 40 },
      ];
      await writeLines(folder, lines);
      assert.match(await answerAll(folder), /5 lines answered, \d+ tokens, [\d.]+ tok\/s together/);
      const found = await results(folder);
      assert.deepEqual(
        found.map(({ line, id }) => [line, id]),
        [
          [1, 'long'],
          [2, 2],
          [3, undefined],
          [4, undefined],
          [5, undefined],
        ],
      );
      const alone = async (...args: string[]) => {
        const { stdout, stderr } = await runLlama(['run', '--json', ...args]);
        assert.notEqual(stdout, '', stderr);
        return JSON.parse(stdout) as { text: string; endReason: string };
      };
      const story = ['-i', 'Once upon a time'];
      const first = await alone(...story, '--max-tokens', '60', '-t', '1', '-s', '3');
      assert.deepEqual([found[0]!.text, found[0]!.endReason], [first.text, first.endReason]);
      const third = await alone(...story, '--max-tokens', '30', '-t', '0', '--stop', 'the', '--stop', 'a');
      assert.equal(found[2]!.text, third.text);
      const last = ['-t', '1.5', '-s', '18446744073709551615', '-p', '1', '--top-k', '40'];
      assert.equal(found[4]!.text, (await alone('-i', 'Once', '--max-tokens', '9', ...last)).text);
      const chat = await runLlama(['chat', '-t', '0', '--max-tokens', '12'], { stdin: 'Hi\n' });
      assert.equal(`${found[3]!.text}\n`, chat.stdout);
      const together = await readFile(join(folder, 'results.jsonl'));
      await rm(join(folder, 'results.jsonl'));
      await answerAll(folder, '--parallel', '1', '--cache-bytes', '0');
      assert.deepEqual(await readFile(join(folder, 'results.jsonl')), together);
      assert.deepEqual(await hiddenIn(folder), []);
    });
  });

  it('writes an error in the place of a line that cannot be answered, and fails at the end', async () => {
    await withFolder(async (folder) => {
      await writeLines(folder, [
        { prompt: 'Once', max_tokens: 2 },
        { id: 'x', prompt: 'word '.repeat(200) },
        { prompt: 'Once', max_tokens: 2 },
      ]);
      const { exitCode, stderr } = await runLlama([...ARGS, '--context', '64'], { cwd: folder });
      assert.equal(exitCode, 3);
      assert.match(stderr, /1 line of 3 could not be answered \[LINES_FAILED\]\n {2}try: .*grep/);
      const found = await results(folder);
      assert.deepEqual([found[1]!.line, found[1]!.id, found[1]!.error!.code], [2, 'x', 'CONTEXT_EXCEEDED']);
      assert.match(found[1]!.error!.message, /^line 2: prompt of \d+ tokens, expected at most 64/);
      assert.ok(found[1]!.error!.suggestions.length > 0);
      assert.deepEqual([found[0]!.nTokens, found[2]!.nTokens], [2, 2]);
    });
  });

  const malformed: readonly (readonly [string, RegExp])[] = [
    ['{"prompt": "a"', /line 2: no JSON \(.*\), expected \{"prompt": "…"\}/],
    ['[1]', /line 2: \[1\], expected an object/],
    ['null', /line 2: null, expected an object/],
    ['{"prompt": 5}', /line 2: prompt 5, expected a text/],
    ['{}', /line 2: neither prompt nor messages, expected one of them/],
    ['{"prompt": "a", "messages": []}', /line 2: both prompt and messages/],
    ['{"messages": []}', /line 2: messages \[\], expected a list/],
    ['{"messages": [{"content": "a"}]}', /line 2: messages .*, expected a list/],
    ['{"prompt": "a", "temp": 1}', /line 2: unknown field "temp", expected temperature$/],
    ['{"prompt": "a", "temperature": "1"}', /line 2: temperature "1", expected a number from 0 to 1000/],
    ['{"prompt": "a", "max_tokens": -1}', /line 2: max_tokens -1, expected a whole number from 0/],
    ['{"prompt": "a", "seed": 0}', /line 2: seed 0, expected a whole number from 1 to/],
    ['{"prompt": "a", "stop": ["b", ""]}', /line 2: stop \["b",""\], expected a text/],
    ['{"prompt": "a", "regex": "a", "json_mode": true}', /line 2: json_mode and regex, expected one of them/],
    ['{"prompt": "a", "regex": "a", "stop": "b"}', /line 2: regex and stop, expected one of them/],
    ['{"prompt": "a", "regex": "(?=a)"}', /line 2: regex: .*\(\?=/],
    ['{"prompt": "a", "json_mode": 1}', /line 2: json_mode: expected true or false/],
    ['{"prompt": "a", "json_schema": "a.json"}', /line 2: json_schema: expected a schema/],
    ['{"prompt": "a", "json_schema": {"not": {}}}', /line 2: json_schema: no value meets it/],
    ['{"prompt": "a", "id": {}}', /line 2: id \{\}, expected a text or a whole number/],
    ['{"prompt": "a", "id": "one"}', /line 2: id "one" is that of line 1, expected another/],
  ];
  it('refuses a file with a malformed line before it does anything', async () => {
    await withFolder(async (cwd) => {
      await writeFile(join(cwd, 'prompts.jsonl'), '{"prompt": "a"}\n\n{"prompt": 5}\n{}\n');
      // A model that is not there would be found missing later.
      const { exitCode, stderr } = await runLlama(ARGS.toSpliced(1, 0, 'no.bin'), { cwd });
      assert.equal(exitCode, 3);
      assert.match(stderr, /prompts.jsonl: line 3: prompt 5, expected a text \(and 1 more\) \[BAD_PROMPTS\]/);
      assert.match(stderr, /\n {2}try: look at the line: sed -n 3p prompts\.jsonl/);
      assert.deepEqual(await readdir(cwd), ['prompts.jsonl']);
    });
  });

  for (const [line, message] of malformed) {
    it(`refuses the line ${line}`, async () => {
      await withFolder(async (folder) => {
        const path = join(folder, 'prompts.jsonl');
        await writeFile(path, `{"prompt": "a", "id": "one"}\n${line}\n`);
        await assert.rejects(readBatch(path), { code: 'BAD_PROMPTS', message });
      });
    });
  }

  it('never replaces results of something else without --force', async () => {
    await withFolder(async (folder) => {
      await writeLines(folder, [{ prompt: 'Once', max_tokens: 2 }]);
      await writeFile(join(folder, 'results.jsonl'), 'mine\n');
      const refused = await runLlama(ARGS, { cwd: folder });
      assert.equal(refused.exitCode, 2);
      assert.match(refused.stderr, /exists already.*\[OUTPUT_EXISTS\]/);
      assert.equal(await readFile(join(folder, 'results.jsonl'), 'utf8'), 'mine\n');
      await answerAll(folder, '--force');
      assert.equal((await results(folder)).length, 1);
    });
  });

  it('goes on after a kill at any moment, and ends with the bytes of a run that was never killed', async function () {
    this.timeout(60_000 + N_KILLS * 30_000);
    await withFolder(async (folder) => {
      const lines = Array.from({ length: 400 }, (_, i) => ({
        id: `request ${i}`,
        prompt: `Once upon a time there were ${i}`,
        max_tokens: 20 + ((i * 37) % 90),
        temperature: 1 + (i % 3) / 4,
      }));
      await writeLines(folder, lines);
      const output = join(folder, 'results.jsonl');
      await answerAll(folder);
      const expected = await readFile(output);
      await rm(output);
      let nLeft = 0;
      for (let kill = 0; kill < N_KILLS; kill++) {
        await killDuring(folder, Math.random() * 400);
        const found = await readFile(output).catch(() => Buffer.alloc(0));
        const whole = found.subarray(0, found.lastIndexOf('\n') + 1);
        assert.ok(expected.subarray(0, whole.length).equals(whole), 'lines of another answer');
        // Every other time an incomplete line is left, as after a power cut.
        if (kill % 2 === 0 && whole.length > 0) await truncate(output, whole.length - 5);
        if (found.equals(expected)) await rm(output);
        if (found.length > 0 && !found.equals(expected)) nLeft++;
      }
      await answerAll(folder);
      assert.ok(nLeft > 0, 'no kill left anything to go on with');
      if (process.env.LLAMA_TEST_KILLS !== undefined) {
        process.stdout.write(`      ${N_KILLS} kills: ${JSON.stringify({ leftToGoOnWith: nLeft })}\n`);
      }
      assert.ok((await readFile(output)).equals(expected));
      assert.deepEqual(await hiddenIn(folder), []);
    });
  });

  it('keeps its answers after Ctrl-C, and without --seed goes on with the seed it began with', async () => {
    await withFolder(async (folder) => {
      await writeLines(
        folder,
        Array.from({ length: 40 }, () => ({ prompt: 'Once upon a time', max_tokens: 60, temperature: 1.5 })),
      );
      const args = ARGS.slice(0, -2);
      const child = spawn(process.execPath, [llamaBin, ...args], { cwd: folder, stdio: 'ignore' });
      const over = new Promise<number | null>((resolve) => child.on('exit', resolve));
      await untilWritten(folder, over);
      child.kill('SIGINT');
      assert.equal(await over, 130);
      const before = await results(folder);
      assert.ok(before.length < 40);
      const { exitCode, stderr } = await runLlama(args, { cwd: folder });
      assert.equal(exitCode, 0, stderr);
      const after = await results(folder);
      assert.deepEqual(after.slice(0, before.length), before);
      const whole = await readFile(join(folder, 'results.jsonl'));
      await rm(join(folder, 'results.jsonl'));
      await runLlama([...args, '--seed', after[0]!.seed!], { cwd: folder });
      assert.ok((await readFile(join(folder, 'results.jsonl'))).equals(whole));
    });
  });

  it('refuses to go on with other prompts or another seed', async () => {
    await withFolder(async (folder) => {
      await writeLines(folder, [{ prompt: 'Once', max_tokens: 2 }]);
      await writeFile(join(folder, 'results.jsonl'), '{"line":1,"text":"x"}\n');
      await writeFile(join(folder, '.results.jsonl.started'), '{"key":"of another run","decided":{}}\n');
      const { exitCode, stderr } = await runLlama(ARGS, { cwd: folder });
      assert.equal(exitCode, 2);
      assert.match(stderr, /was begun with another input, model or other settings/);
    });
  });

  for (const args of [
    ['--input', 'prompts.jsonl'],
    [...ARGS.slice(1), '-i', 'Once'],
    ['--parallel', '2'],
    ['--cache-bytes', '1MiB'],
    [...ARGS.slice(1), '--cache-bytes', '-1'],
  ]) {
    it(`refuses ${JSON.stringify(args.join(' '))} with exit status 2`, async () => {
      assert.equal((await runLlama(['run', ...args])).exitCode, 2);
    });
  }
});

/** Resolves when a first result is there, or the command is over. */
async function untilWritten(folder: string, over: Promise<unknown>): Promise<void> {
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  const size = () =>
    stat(join(folder, 'results.jsonl')).then(
      (found) => found.size,
      () => 0,
    );
  while (!isOver && (await size()) === 0) await delay(1);
}

async function killDuring(cwd: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [llamaBin, ...ARGS], { cwd, stdio: 'ignore' });
  const over = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  await untilWritten(cwd, over);
  await Promise.race([delay(afterMs), over]);
  child.kill('SIGKILL');
  await over;
}
