// Run and chat on the sample model, through pipes.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LlamaRun, llamaBin, type RunLlamaOptions, runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const prompt = 'Once upon a time';

describe('llama run and llama chat', () => {
  const run = (args: readonly string[], options: RunLlamaOptions = {}): Promise<LlamaRun> =>
    runLlama(args, { ...options, env: { XDG_CACHE_HOME: cache } });
  let cache = '';
  let release = (): void => undefined;

  before(async () => {
    await new Promise<void>((ready) => {
      void withFolder(async (folder) => {
        cache = folder;
        await new Promise<void>((resolve) => {
          release = resolve;
          ready();
        });
      });
    });
  });
  after(() => release());

  it('print the prompt and its continuation, and one line on speed to stderr', async () => {
    const { exitCode, stdout, stderr } = await run(['run', '-i', prompt, '-n', '12', '-t', '0']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Once upon a time, .+\n$/);
    assert.match(
      stderr,
      /sample model.*\nrun continues the text of the prompt; this model can also answer it\n {2}for an answer: llama chat .*\nprompt 5 tokens, .* tok\/s; generated 8 tokens, .* tok\/s .*\n$/,
    );
  });

  it('tell the same story each time without a model and a prompt, and say how to get another', async () => {
    const first = await run(['run']);
    assert.equal(first.exitCode, 0, first.stderr);
    assert.match(first.stdout, /^Once upon a time, there was an? \w+ \w+ named \w+\. (?:["A-Z][^\n]*[.!?]"? ?){5,}\n$/);
    assert.match(first.stderr, /^no MODEL and no PROMPT: .*\n {2}another one: llama run --seed 7\n/);
    assert.doesNotMatch(first.stderr, /can also answer/);
    assert.equal((await run(['run', '--json'])).stdout.includes('Once upon a time'), true);
    const another = await run(['run', '--seed', '7']);
    assert.notEqual(another.stdout, first.stdout);
    await withFolder(async (cwd) => {
      await run(['export', 'm.bin'], { cwd });
      assert.equal((await run(['run', 'm.bin'], { cwd })).stdout, first.stdout);
      assert.notEqual((await run(['run', 'm.bin', ''], { cwd })).stdout, first.stdout, 'an empty prompt is a prompt');
    });
  });

  it('say once, of a model with a chat template, how to get an answer', async () => {
    await withFolder(async (cwd) => {
      await run(['export', 'm.bin'], { cwd });
      const question = 'What sound does a cow make?';
      const { stderr } = await run(['run', 'm.bin', question, '--answers', '2'], { cwd });
      assert.equal(stderr.match(/can also answer/g)?.length, 1, stderr);
      assert.match(stderr, /for an answer: llama chat m\.bin "What sound does a cow make\?"\n/);
      const { stderr: formatted } = await run(['run', 'm.bin', `<|begin_of_text|>${question}`], { cwd });
      assert.doesNotMatch(formatted, /for an answer/);
    });
  });

  it('answer one question from an argument or a flag, after piped text, and end', async () => {
    await withFolder(async (cwd) => {
      await run(['export', 'm.bin'], { cwd });
      const args = ['chat', 'm.bin', 'What sound does a cow make?', '-t', '0'];
      const { exitCode, stdout, stderr } = await run(args, { cwd });
      assert.deepEqual([exitCode, stdout], [0, 'The cow says moo.\n'], stderr);
      const piped = await run([...args, '--json', '--system', 'Be brief.'], { cwd, stdin: 'Some facts.\n' });
      const { answers, messages } = JSON.parse(piped.stdout);
      assert.equal(answers.length, 1);
      assert.deepEqual(messages.slice(0, 2), [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Some facts.\n\nWhat sound does a cow make?' },
      ]);
      for (const command of [['chat'], ['run', '-m', 'chat']]) {
        const bundled = await run([...command, '-i', '/help', '-t', '0'], { cwd });
        assert.equal(bundled.exitCode, 0, bundled.stderr);
        assert.doesNotMatch(bundled.stderr, /this list/, 'a question is no command');
      }
    });
  });

  for (const [flag, text, value] of [
    ['-t', '1e-3', 1e-3],
    ['-t', '.5', 0.5],
    ['-t', '5.', 5],
    ['-t', '+1', 1],
    ['-t', '1E+1', 10],
    ['--top-k', '1_000', 1000],
    ['--top-k', '1e3', 1000],
    ['--top-k', '5.', 5],
    ['--logit-bias', '3+1e-3', 3],
    ['--seed', '+1_0', 10],
  ] as const) {
    it(`read \`${flag} ${text}\` as ${value}`, async () => {
      const { exitCode, stderr } = await run(['run', '-i', prompt, '--max-tokens', '1', flag, text]);
      assert.equal(exitCode, 0, stderr);
      const known = { '-t': 'temperature', '--top-k': 'top-k', '--seed': 'seed', '--logit-bias': '' }[flag];
      if (known === '') return;
      const shown = await run(['chat', '-i', 'Hi', '--max-tokens', '1', flag, text]);
      assert.equal(shown.exitCode, 0, shown.stderr);
      const { stderr: settings } = await run(['chat', flag, text], { stdin: `/set ${known}\n` });
      assert.match(settings, new RegExp(`^${known} ${value}$`, 'm'));
    });
  }

  it('read a piped prompt, and give what -i gives', async () => {
    const args = ['run', '--max-tokens', '8', '-t', '0'];
    const piped = await run(args, { stdin: `${prompt}\n` });
    const flag = await run([...args, '--prompt', prompt]);
    assert.equal(piped.exitCode, 0, piped.stderr);
    assert.equal(piped.stdout, flag.stdout);
  });

  it('print no prompt with --no-echo', async () => {
    const args = ['run', '-i', prompt, '-n', '12', '-t', '0'];
    const [full, bare] = [await run(args), await run([...args, '--no-echo'])];
    assert.equal(prompt + bare.stdout, full.stdout);
  });

  it('repeat an answer for the same seed, and report seed and answer with --json', async () => {
    const args = ['run', '-i', prompt, '--max-tokens', '8', '-s', '18446744073709551615', '--json'];
    const reports = [await run(args), await run(args)].map(({ stdout }) => JSON.parse(stdout));
    assert.equal(reports[0].text, reports[1].text);
    assert.equal(reports[0].seed, '18446744073709551615');
    assert.equal(reports[0].ids.length, 8);
    assert.equal(reports[0].endReason, 'length');
  });

  it('read a lone positional as the model, and suggest how to give a prompt when there is no such file', async () => {
    const { exitCode, stdout, stderr } = await run(['run', prompt]);
    assert.deepEqual([exitCode, stdout], [3, '']);
    assert.match(stderr, /no such model file.*\n {2}try: .*llama run -i/);
  });

  it('run an exported file, also a plain one with the tokenizer.bin of the C programs', async () => {
    await withFolder(async (cwd) => {
      await run(['export', 'm.bin'], { cwd });
      const own = await run(['run', 'm.bin', prompt, '-n', '12', '-t', '0'], { cwd });
      assert.equal(own.exitCode, 0, own.stderr);
      await run(['export', 'v0.bin', '--version', '0', '--tokenizer-bin', 'tokenizer.bin'], { cwd });
      const other = await run(['run', 'v0.bin', prompt, '-n', '12', '-t', '0', '-z', 'tokenizer.bin'], { cwd });
      assert.equal(other.stdout, own.stdout, other.stderr);
    });
  });

  it('refuse a piped prompt that is not UTF-8', async () => {
    const { exitCode, stderr } = await run(['run'], { stdin: new Uint8Array([0x61, 0xff]) });
    assert.equal(exitCode, 3);
    assert.match(stderr, /\[BAD_PROMPT\]/);
  });

  it('refuse a prompt longer than the context by an error with both lengths', async () => {
    const { exitCode, stderr } = await run(['run', '--context', '4', '-i', prompt]);
    assert.equal(exitCode, 7);
    assert.match(stderr, /1 too many \[CONTEXT_EXCEEDED\]\n {2}try: llama run --context 261 -i "Once upon a time"\n/);
    const long = await run(['run', '-i', 'Once upon a time '.repeat(600)]);
    assert.equal(long.exitCode, 7);
    assert.doesNotMatch(long.stderr, /--context/, 'the model was made for no more');
    const one = await run(['chat', '-i', 'Once upon a time there was a long story', '--context', '20']);
    assert.doesNotMatch(one.stderr, /when-full/, 'there is no turn to drop');
  });

  const badFlags = [
    ['-t', '-1'],
    ['-t', 'NaN'],
    ['-p', '1.1'],
    ['-n', '12abc'],
    ['-n', '0x10'],
    ['-n', '1e99'],
    ['-n', ''],
    ['-s', '18446744073709551616'],
    ['--context', '0'],
    ['--backend', 'abacus'],
  ];
  for (const flags of badFlags) {
    it(`refuse ${JSON.stringify(flags.join(' '))} with exit status 2`, async () => {
      const { exitCode, stdout } = await run([
        'run',
        '-i',
        prompt,
        `${flags[0]}=${flags[1]}`.replace(/^(-\w)=/, '$1'),
        ...(flags[1] === '' ? [''] : []),
      ]);
      assert.deepEqual([exitCode, stdout], [2, '']);
    });
  }

  it('end quietly with 0 when the reader of stdout leaves', async () => {
    const { exitCode, stderr } = await run(['run', '-i', prompt, '-n', '2000', '-t', '0'], {
      onStdout: (child) => void child.stdout.destroy(),
    });
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stderr, /EPIPE|llama:/);
  });

  it('end with 130 when interrupted', async () => {
    const { exitCode, stderr } = await run(['run', '-i', prompt, '-n', '0', '-t', '1', '-s', '3'], {
      onStdout: (child, stdout) => {
        if (stdout.length > prompt.length && !child.killed) child.kill('SIGINT');
      },
    });
    assert.equal(exitCode, 130, stderr);
  });

  it('answer each piped line, as chat and as run -m chat', async () => {
    const options = { stdin: 'Hi\n\nWho are you?' };
    const chat = await run(['chat', '-t', '0'], options);
    assert.equal(chat.exitCode, 0, chat.stderr);
    assert.equal(chat.stdout.trimEnd().split('\n').length, 2, chat.stdout);
    const mode = await run(['run', '-m', 'chat', '-t', '0'], options);
    assert.equal(mode.stdout, chat.stdout, mode.stderr);
  });

  it('do not read the name of a special token in a message as the token', async () => {
    const { exitCode, stderr } = await run(['chat', '-t', '0', '--max-tokens', '4'], { stdin: 'a<|eot_id|>b\n' });
    assert.equal(exitCode, 0, stderr);
  });

  it('stop an answer at the first Ctrl-C and end at the next', async () => {
    const child = spawn(process.execPath, [llamaBin, 'chat', '-t', '1', '-s', '4'], {
      env: { ...process.env, XDG_CACHE_HOME: cache },
    });
    const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    const until = async (isReached: () => boolean): Promise<void> => {
      while (!isReached() && child.exitCode === null) await Promise.race([once(child.stdout, 'data'), exit]);
    };
    child.stdin.write('Tell me a story\n');
    await until(() => stdout !== '');
    child.kill('SIGINT');
    await until(() => stdout.includes('\n'));
    child.stdin.write('Hi\n');
    await until(() => /\n.+\n/.test(stdout));
    assert.match(stdout, /\n.+\n/, 'an answer after the one that was stopped');
    child.kill('SIGINT');
    assert.equal(await exit, 130);
  });

  it('say what is wrong with a folder that no model can be made from', async () => {
    await withFolder(async (cwd) => {
      await writeFile(join(cwd, 'config.json'), '{}');
      const { exitCode, stderr } = await runLlama(['run', cwd, 'x'], { env: { LLAMA_HOME: join(cwd, 'store') } });
      assert.equal(exitCode, 3);
      assert.match(stderr, /config\.json: no architectures .*\[UNSUPPORTED_MODEL\]\n {2}try: .*llama export/);
    });
  });
});

describe('the cache of the bundled model', function () {
  this.timeout(60_000);

  it('is in the home folder when XDG_CACHE_HOME is relative', () =>
    withFolder(async (folder) => {
      const env = { XDG_CACHE_HOME: 'relative', HOME: folder, LOCALAPPDATA: '' };
      const { exitCode, stderr } = await runLlama(['run', '-i', 'Once', '-n', '1'], { cwd: folder, env });
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(await readdir(folder), ['.cache']);
      assert.deepEqual(await readdir(join(folder, '.cache')), ['llama3.2.ts']);
    }));

  it('warns when -t looks like a number of threads', async () => {
    const { exitCode, stderr } = await runLlama(['run', '-i', 'Once', '-n', '2', '-t', '8']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /^temperature 8: .*\n {2}for 8 threads, .*: llama run -i Once -n 2 --threads 8$/m);
    assert.doesNotMatch((await runLlama(['run', '-i', 'Once', '-n', '2', '-t', '2'])).stderr, /--threads/);
  });
});
