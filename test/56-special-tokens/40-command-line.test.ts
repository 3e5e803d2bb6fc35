// Special tokens and chat templates at the command line.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChat, regex } from '@llama-ts/runtime';
import { type RunLlamaOptions, runLlama } from '../helpers/run-llama.js';
import { EOT, openSmallModel, SPECIALS, TEMPLATE, writeSmallModel } from './support.js';

const question =
  '<|start_header_id|>user<|end_header_id|>\n\nWhat sound does a cow make?<|eot_id|>' +
  '<|start_header_id|>assistant<|end_header_id|>\n\n';

describe('names of special tokens at the command line', function () {
  this.timeout(120_000);
  let folder = '';
  const run = (args: readonly string[], options: RunLlamaOptions = {}) =>
    runLlama(args, { ...options, env: { XDG_CACHE_HOME: folder, LLAMA_KERNELS: 'reference' } });
  const model = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-special-'));
    assert.equal((await run(['export', model('sample.bin')])).exitCode, 0);
    await writeSmallModel(folder, { added: SPECIALS });
    assert.equal((await run(['export', model('plain.bin'), '--hf', folder])).exitCode, 0);
    await writeFile(model('template.jinja'), TEMPLATE);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are read as text by run with one warning, and as tokens with --special', async () => {
    const args = ['run', model('sample.bin'), question, '-t', '0', '--max-tokens', '12', '--no-echo', '--json'];
    const asText = await run(args);
    assert.equal(JSON.parse(asText.stdout).nPromptTokens, 70);
    assert.equal(asText.stderr.match(/ --special$/gm)?.length, 1);
    const asTokens = await run([...args, '--special']);
    const { nPromptTokens, text, endReason } = JSON.parse(asTokens.stdout);
    assert.deepEqual([nPromptTokens, text, endReason], [21, 'The cow says moo.', 'eos']);
    assert.doesNotMatch(asTokens.stderr, /--special/);
  });

  it('can be allowed by run --input for all lines and by a line for itself', async () => {
    const lines = [{ prompt: question }, { prompt: question, special: true }, { prompt: question, special: false }];
    await writeFile(model('lines.jsonl'), lines.map((line) => JSON.stringify({ ...line, max_tokens: 12 })).join('\n'));
    const args = ['run', model('sample.bin'), '--input', model('lines.jsonl'), '-t', '0', '-s', '1', '--force'];
    const counts = async (name: string) =>
      (await readFile(model(name), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).nPromptTokens);
    const first = await run([...args, '--output', model('a.jsonl')]);
    assert.match(first.stderr, /line 1 holds <\|start_header_id\|>.*--special/);
    assert.deepEqual(await counts('a.jsonl'), [70, 21, 70]);
    await run([...args, '--special', '--output', model('b.jsonl')]);
    assert.deepEqual(await counts('b.jsonl'), [21, 21, 70]);
    await writeFile(model('bad.jsonl'), '{"messages": [{"role": "user", "content": "x"}], "special": true}');
    const bad = await run(['run', model('sample.bin'), '--input', model('bad.jsonl'), '--output', model('c.jsonl')]);
    assert.match(bad.stderr, /special with messages/);
  });

  it('can be given to --stop by name, and are refused within a longer stop string', async () => {
    const args = [
      'run',
      model('plain.bin'),
      'x',
      '-t',
      '0',
      '--max-tokens',
      '4',
      '--logit-bias',
      `${EOT}+1000`,
      '--json',
    ];
    const { stop, ids } = JSON.parse((await run([...args, '--stop', '<|eot_id|>'])).stdout);
    assert.deepEqual([stop, ids], ['<|eot_id|>', []]);
    const refused = await run([...args, '--stop', 'a<|eot_id|>']);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stdout, /--stop \\"<\|eot_id\|>\\"/);
  });

  it('follow the template that --chat-template gives a model without one, as the error suggests', async () => {
    const chat = ['chat', model('plain.bin'), '--max-tokens', '2'];
    const without = await run(chat, { stdin: 'hi\n' });
    assert.match(without.stderr, /NO_CHAT_TEMPLATE/);
    assert.match(without.stderr, /try: .*--chat-template llama3$/m);
    for (const template of [model('template.jinja'), 'llama3']) {
      const { exitCode, stderr } = await run([...chat, '--chat-template', template], { stdin: 'hi\n' });
      assert.equal(exitCode, 0, stderr);
    }
    await writeFile(model('talk.jsonl'), '{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}');
    const batch = ['run', model('plain.bin'), '--input', model('talk.jsonl'), '--output', model('talk.out'), '--force'];
    assert.match((await run(batch)).stderr, /NO_CHAT_TEMPLATE/);
    assert.equal((await run([...batch, '--chat-template', 'llama3'])).exitCode, 0);
    const missing = await run([...chat, '--chat-template', model('none.jinja')], { stdin: 'hi\n' });
    assert.match(missing.stderr, /FILE_NOT_FOUND/);
  });

  it('end an answer by the template that export was given, as inspect reports', async () => {
    const args = ['export', model('with.bin'), '--hf', folder, '--chat-template', model('template.jinja')];
    assert.equal((await run(args)).exitCode, 0);
    const { stdout } = await run(['inspect', model('with.bin')]);
    assert.match(stdout, /end 257 +named by config\.json\n/);
    assert.match(stdout, /end 260 +named by chat template\n/);
    assert.match(stdout, /chat template +yes/);
    assert.equal((await run([...args, '--plain', '--force'])).exitCode, 2);
  });
});

describe('a chat with tools', () => {
  it('reports the calls of an answer at its end, and a chat without tools does not', async () => {
    const made = {
      added: [...SPECIALS, { content: '<|python_tag|>', special: true }],
      tokenizerConfig: { chat_template: TEMPLATE },
      config: { max_position_embeddings: 256 },
    };
    const own = await mkdtemp(join(tmpdir(), 'llama-special-'));
    const small = await openSmallModel(own, made);
    const constraint = regex('\\{"name": "f", "parameters": \\{"a": 1\\}\\}; \\{"name": "g", "arguments": \\{\\}\\}');
    for (const tools of [undefined, [{ type: 'function', function: { name: 'f' } }]]) {
      for await (const event of createChat(small, { tools }).send('x', { constraint })) {
        if (event.type !== 'end') continue;
        const names = event.toolCalls?.map((call) => call.function.name);
        assert.deepEqual(names, tools === undefined ? undefined : ['f', 'g']);
      }
    }
    await small.close();
    await rm(own, { recursive: true, force: true });
  });
});
