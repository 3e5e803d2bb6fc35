// What --json prints: every command's output meets its schema, and the page on them lists all.

import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkAgainst, schemaNames } from '../helpers/json-schemas.js';
import { runLlama } from '../helpers/run-llama.js';

describe('the JSON output', function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-json-'));
    await writeFile(
      join(folder, 'p.jsonl'),
      '{"prompt": "Once", "max_tokens": 2}\n{"prompt": "", "max_tokens": 2, "id": "a"}\n',
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** runLlama holds the output against the schema. */
  async function json(args: string, exitCode = 0) {
    const words = args.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', ''));
    const run = await runLlama([...words, '--json'], { cwd: folder, env: { XDG_CACHE_HOME: folder } });
    assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
    assert.equal(run.stderr, '');
    return JSON.parse(run.stdout);
  }

  it('of every command meets its schema', async () => {
    const commands = [
      ...['export m.bin', 'export --dry-run', 'export --dry-run m.gguf', 'export m.gguf', 'quantize m.bin'],
      ...['convert m.bin f --to safetensors', 'inspect m.bin', 'inspect f', 'inspect f/model.safetensors'],
      ...['verify m-q8_0.bin --against m.bin', 'eval m-q8_0.bin --baseline m.bin --max-tokens 40 --max-kl 1'],
      ...[
        'compare m.bin m-q8_0.bin --text p.jsonl --max-tokens 8',
        'compare m.bin m-q8_0.bin --text p.jsonl --no-speed',
      ],
      ...[
        'run -i Once --max-tokens 2 --logprobs 2',
        'run -i Once --max-tokens 2 --answers 2 --logprobs 1',
        'run --lookup',
      ],
      ...['run --input p.jsonl --output r.jsonl', 'chat m.bin Hi', 'bench m.bin -p 4 -n 2 -r 1', 'doctor', 'version'],
      ...['tokenize -i Hi', 'detokenize 1 2', 'embed -i Hi'],
    ];
    for (const command of commands) await json(command);
    const results = (await readFile(join(folder, 'r.jsonl'), 'utf8')).trim().split('\n');
    for (const line of results) checkAgainst('batch-result', JSON.parse(line));
    assert.equal(results.length, 2);
    await json('inspect nothing.bin', 3);
    await json('run --nosuch', 2);
  });

  it('has ids and texts of log-probabilities, whose texts make the answer', async () => {
    const { text, ids, logprobs } = await json('run -i "Once upon a time" -t 0 --max-tokens 6 --logprobs 2');
    const words = logprobs.map((entry: { text: string }) => entry.text);
    assert.equal(words.join(''), text);
    assert.deepEqual(
      logprobs.map((entry: { id: number }) => entry.id),
      ids,
    );
    assert.deepEqual(
      logprobs.map((entry: { top: { text: string }[] }) => entry.top[0]!.text),
      words,
    );
  });

  it('lists the tensors of an export, and shows them with --verbose alone', async () => {
    const { tensors } = await json('export t.bin');
    const run = (args: string[]) => runLlama(args, { cwd: folder, env: { XDG_CACHE_HOME: folder } });
    const verbose = await run(['export', 't.bin', '--force', '--verbose']);
    const quiet = await run(['export', 't.bin', '--force']);
    assert.equal(verbose.stdout.match(/^\d+\/\d+ {2}\S+/gm)?.length, tensors.length);
    assert.doesNotMatch(quiet.stdout, /^\d+\//m);
    assert.ok((quiet.stderr.match(/^\d0 % \(of/gm)?.length ?? 0) <= 9, quiet.stderr);
  });

  it('is described on a page that lists every schema', async () => {
    const page = await readFile(new URL('../../docs/json-output.md', import.meta.url), 'utf8');
    for (const name of schemaNames)
      assert.ok(page.includes(`${name === 'verify' ? 'verify-result' : name}.schema.json`), name);
  });
});
