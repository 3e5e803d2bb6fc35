// The flags that hold answers to a form, on the sample model.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const person = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 12 }, age: { type: 'integer', minimum: 0, maximum: 120 } },
  required: ['name', 'age'],
};

describe('the constraint flags', function () {
  this.timeout(60_000);

  it('give an answer that parses and meets the schema, and in chat too', () =>
    withFolder(async (folder) => {
      const schema = join(folder, 'person.json');
      await writeFile(schema, JSON.stringify(person));
      const run = await runLlama(['run', '-i', 'Ada: ', '--no-echo', '--json-schema', schema]);
      assert.equal(run.exitCode, 0, run.stderr);
      const { name, age } = JSON.parse(run.stdout);
      assert(typeof name === 'string' && Number.isInteger(age));
      const chat = await runLlama(['chat', '--json-schema', schema, '--json'], { stdin: 'Who?\n' });
      const [answer] = JSON.parse(chat.stdout).answers;
      assert.deepEqual([Object.keys(JSON.parse(answer.text)), answer.meetsConstraint], [['name', 'age'], true]);
    }));

  it('report an answer that a limit cut off as incomplete, with exit status 7', async () => {
    const args = ['run', '-i', 'x', '--no-echo', '--regex', '[a-z]{90}', '--max-tokens', '3'];
    const { exitCode, stdout, stderr } = await runLlama(args);
    assert.equal(exitCode, 7);
    assert.match(stdout, /^[a-z]+\n$/);
    assert.match(stderr, /cut off: .*\n {2}give it more room: llama run -i x .* --max-tokens N\n/);
    const report = await runLlama([...args, '--json']);
    const { endReason, meetsConstraint } = JSON.parse(report.stdout);
    assert.deepEqual([report.exitCode, endReason, meetsConstraint], [7, 'length', false]);
  });

  it('hold for each answer to a file of prompts', () =>
    withFolder(async (folder) => {
      const [input, output] = [join(folder, 'prompts.jsonl'), join(folder, 'results.jsonl')];
      await writeFile(input, '{"prompt": "Is it?"}\n{"prompt": "Was it?"}\n');
      const { exitCode, stderr } = await runLlama(['run', '--input', input, '--output', output, '--regex', '(yes|no)']);
      assert.equal(exitCode, 0, stderr);
      for (const line of (await readFile(output, 'utf8')).trim().split('\n')) {
        const { text, meetsConstraint } = JSON.parse(line);
        assert.match(text, /^(yes|no)$/);
        assert.equal(meetsConstraint, true);
      }
      const other = await runLlama(['run', '--input', input, '--output', output, '--regex', '(no|yes)']);
      assert.notEqual(other.exitCode, 0);
    }));

  it('give way to the constraint of a line, or to none where the line has null', () =>
    withFolder(async (folder) => {
      const [input, output] = [join(folder, 'prompts.jsonl'), join(folder, 'results.jsonl')];
      const lines = [
        { prompt: 'Ada: ', json_schema: person },
        { prompt: 'x', json_mode: true },
        { prompt: 'x', regex: '[a-c]{3}' },
        { prompt: 'Once', json_mode: false, max_tokens: 3 },
        { prompt: 'Is it?' },
      ];
      await writeFile(input, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const args = ['run', '--input', input, '--output', output, '--regex', '(yes|no)', '--seed', '5'];
      const { exitCode, stderr } = await runLlama(args);
      assert.equal(exitCode, 0, stderr);
      const results = (await readFile(output, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(Object.keys(JSON.parse(results[0].text)), ['name', 'age']);
      if (results[1].meetsConstraint) JSON.parse(results[1].text);
      assert.match(results[2].text, /^[a-c]{3}$/);
      assert.equal(results[3].meetsConstraint, undefined);
      assert.match(results[4].text, /^(yes|no)$/);
    }));

  it('are refused before a model is opened for a file that is no schema, a keyword, a pattern and a stop string', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'schema.json');
      for (const [text, code] of [
        ['{', 'BAD_SCHEMA'],
        ['{"format": "colour"}', 'UNSUPPORTED_SCHEMA'],
      ] as const) {
        await writeFile(file, text);
        const { exitCode, stderr } = await runLlama(['run', 'no-such.bin', 'x', '--json-schema', file]);
        assert.equal(exitCode, 3);
        assert.match(stderr, new RegExp(code));
      }
      const pattern = await runLlama(['run', 'no-such.bin', 'x', '--regex', '(?=a)']);
      assert.match(pattern.stderr, /BAD_PATTERN/);
      assert.equal((await runLlama(['run', '-i', 'x', '--json-mode', '--stop', 'y'])).exitCode, 2);
    }));
});
