// Chat as a pipe: the same commands, for scripts. Answers go to stdout, everything else to stderr.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';

const STORY = 'Tell me a story about a fox.';

describe('llama chat in a pipe', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-chat-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const chat = (lines: readonly string[], args: readonly string[] = ['-t', '0']) =>
    runLlama(['chat', '-s', '3', ...args], {
      cwd: folder,
      stdin: lines.join('\n'),
      env: { XDG_CACHE_HOME: folder, XDG_STATE_HOME: join(folder, 'state') },
    });

  /** Runs and takes what --json prints. */
  async function report(lines: readonly string[], args: readonly string[] = ['-t', '0']) {
    const { exitCode, stdout, stderr } = await chat(lines, ['--json', ...args]);
    assert.equal(exitCode, 0, stdout + stderr);
    assert.equal(stderr, '');
    return JSON.parse(stdout) as {
      seed: string;
      answers: { text: string; ids: number[]; endReason: string; nPromptTokens: number; nCachedTokens: number }[];
      messages: { role: string; content: string }[];
    };
  }

  it('follows the command on each line, and prints only answers to stdout', async () => {
    const lines = ['/help', 'Hi', '/context', '/stats', '/set', '/system Be brief.', '/system', '/edit Who are you?'];
    const { exitCode, stdout, stderr } = await chat([...lines, '/undo', '/quit', 'never said']);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout.trimEnd().split('\n').length, 2, stdout);
    for (const said of [
      /^\/regenerate +another answer/m,
      /^\d+ of 2048 positions \(\d+ %\): 2 messages, 1 turn; when full: stop$/m,
      /^prompt \d+ tokens, cached tokens 0, .* tok\/s; generated \d+ tokens/m,
      /^temperature +0$/m,
      /^top-p +0\.9 \(default\)$/m,
      /^Be brief\.$/m,
      /^undone: .* 1 message, 0 turns/m,
    ]) {
      assert.match(stderr, said);
    }
  });

  it('reports answers and conversation with --json', async () => {
    const { seed, answers, messages } = await report([STORY, '/regenerate', 'one \\', 'two', '//slash'], ['-t', '1']);
    assert.equal(seed, '3');
    assert.equal(answers.length, 4);
    assert.notDeepEqual(answers[0]!.ids, answers[1]!.ids);
    assert.equal(answers[1]!.nCachedTokens, answers[1]!.nPromptTokens - 1, 'a reused prefix is not computed again');
    assert.deepEqual(
      messages.map(({ content }) => content),
      [STORY, answers[1]!.text, 'one \ntwo', answers[2]!.text, '/slash', answers[3]!.text],
    );
    assert.ok(answers.every(({ endReason }) => endReason === 'eos'));
  });

  it('accepts the sampling flags of run, such as --top-k 1 and a bias that bans a token', async () => {
    const greedy = await report([STORY], ['-t', '0']);
    const only = await report([STORY], ['-t', '1', '--top-k', '1']);
    assert.deepEqual(only.answers[0]!.ids, greedy.answers[0]!.ids);
    const [first] = greedy.answers[0]!.ids;
    const banned = await report([STORY], ['-t', '0', '--logit-bias', `${first}-inf`]);
    assert(!banned.answers[0]!.ids.includes(first!));
  });

  it('changes every setting by /set as its flag would, and shows the values', async () => {
    const settings = [
      ['temperature', '1.5'],
      ['top-p', '0.95'],
      ['top-k', '30'],
      ['min-p', '0.01'],
      ['typical-p', '0.99'],
      ['repeat-penalty', '1.2'],
      ['presence-penalty', '0.1'],
      ['frequency-penalty', '-0.2'],
      ['repeat-last-n', '20'],
      ['logit-bias', '300+1.5 301-inf'],
      ['stop', '["fox who", "\\n\\n"]'],
      ['stop-id', '9 13'],
      ['min-tokens', '3'],
      ['seed', '3'], // the one of every chat here
      ['max-tokens', '40'],
      ['when-full', 'shift'],
    ] as const;
    const flags = settings
      .filter(([name]) => name !== 'seed')
      .flatMap(([name, text]) => {
        const values = name === 'stop' ? (JSON.parse(text) as string[]) : text.split(' ');
        return values.map((value) => `--${name}=${value}`);
      });
    const bySet = await report([...settings.map(([name, text]) => `/set ${name} ${text}`), STORY], []);
    assert.deepEqual(bySet.messages, (await report([STORY], flags)).messages);
    assert.notDeepEqual(bySet.messages, (await report([STORY], [])).messages);
    const { stderr } = await chat(['/set'], flags);
    const forms = ['json-schema', 'json-mode', 'regex'];
    const lines = stderr
      .trimEnd()
      .split('\n')
      .slice(-settings.length - forms.length);
    const shown = lines.filter((line) => !forms.some((form) => line.startsWith(form)));
    const expected = settings.map(([name, text]) => [name, name === 'stop' ? text.replace(', ', ',') : text]);
    assert.deepEqual(
      new Map(shown.map((line) => /^(\S+) +(.*)$/.exec(line)!.slice(1) as [string, string])),
      new Map(expected as [string, string][]),
    );
  });

  it('constrains answers by /set, with a later constraint in place of an earlier one, until it is off', async () => {
    await writeFile(join(folder, 'yes.json'), '{"enum": ["yes"]}');
    const { answers } = await report([
      ...['/set regex [a-c]{3}', STORY, '/set json-schema yes.json', STORY, '/set regex off', STORY],
      ...['/set json-schema off', STORY],
    ]);
    assert.match(answers[0]!.text, /^[a-c]{3}$/);
    assert.deepEqual([answers[1]!.text, answers[2]!.text], ['"yes"', '"yes"']);
    assert(answers[3]!.text.length > 10, answers[3]!.text);
    const { stderr } = await chat(['/set json-mode on', '/set json-mode', '/set regex', '/set'], ['--regex', 'a']);
    assert.match(stderr, /^json-mode on\nregex off$/m);
    assert.match(stderr, /^json-mode +on$/m);
  });

  for (const [lines, message] of [
    [['/set json-mode yes'], /\/set json-mode "yes": expected on or off/],
    [['/set regex (?=a)'], /BAD_PATTERN/],
    [['/set json-schema no.json'], /FILE_NOT_FOUND/],
    [['/set stop x', '/set regex a'], /\/set regex together with stop \["x"\].*\n {2}try: \/set stop default/],
    [['/set regex a', '/set stop x'], /\/set stop together with regex a.*\n {2}try: \/set regex off/],
    [['/set stop-id 9 99999'], /\/set stop-id 99999: expected token ids below 1329/],
    [['/set logit-bias 99999+1'], /\/set logit-bias 99999\+1: expected token ids below 1329/],
  ] as const) {
    it(`refuses ${lines.at(-1)} at once`, async () => {
      assert.match((await chat(lines)).stderr, message);
    });
  }

  it('gives the same answers for the same seed, and others for another seed', async () => {
    const lines = [STORY, STORY];
    const first = await report(lines, ['-t', '1']);
    assert.notEqual(first.answers[0]!.text, first.answers[1]!.text);
    assert.deepEqual((await report(lines, ['-t', '1'])).messages, first.messages);
    const other = await report(['/set seed 4', STORY], ['-t', '1']);
    assert.notEqual(other.answers[0]!.text, first.answers[0]!.text);
  });

  it('continues a saved session without computing it again', async () => {
    const whole = await report([STORY, 'Who are you?'], ['-t', '1']);
    for (const type of ['f32', 'f16']) {
      // The second opens what the first left.
      const session = ['--session', `${type}.session`, '-t', '1', '--cache-type', type];
      const first = await report([STORY], session);
      const second = await report(['Who are you?'], session);
      if (type === 'f32') assert.deepEqual(second.messages, whole.messages);
      assert.deepEqual(second.messages.slice(0, 2), first.messages);
      assert.ok(second.answers[0]!.nCachedTokens > 100, `${second.answers[0]!.nCachedTokens} cached tokens`);
      assert.equal(second.messages.length, 4);
    }
    const { exitCode, stderr } = await chat(['Hi'], ['--session', 'f16.session', '--cache-type', 'f32']);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /cache type f32 for a session of f16, .*\[INVALID_OPTION\]/);
    const size = async (type: string) => (await stat(join(folder, `${type}.session`))).size;
    assert.ok((await size('f16')) < 0.55 * (await size('f32')));
  });

  it('continues from the transcript of a conversation that crashed', async () => {
    const { messages } = await report(['Hi', '/undo', STORY], ['-t', '0', '--transcript', 'talk.jsonl']);
    const path = join(folder, 'talk.jsonl');
    await writeFile(path, `${await readFile(path, 'utf8')}{"message":{"role":"us`);
    assert.deepEqual((await report(['/load talk.jsonl'])).messages, messages);
  });

  it('refuses at start a session of another model, and one that is damaged', async () => {
    await report([STORY], ['--session', 'good.session']);
    const bytes = await readFile(join(folder, 'good.session'));
    for (const [offset, code] of [
      [24, 'SESSION_OF_ANOTHER_MODEL'],
      [bytes.length >> 1, 'BAD_SESSION'],
    ] as const) {
      const damaged = Buffer.from(bytes);
      damaged[offset]! ^= 1;
      await writeFile(join(folder, 'bad.session'), damaged);
      const { exitCode, stderr } = await chat(['Hi'], ['--session', 'bad.session']);
      assert.equal(exitCode, 3);
      assert.match(stderr, new RegExp(`\\[${code}\\]`));
      assert.deepEqual(await readFile(join(folder, 'bad.session')), damaged, 'it is left as it was');
    }
  });

  it('ends at the first error with its exit status', async () => {
    for (const [line, exitCode, code] of [
      ['/hlep', 2, 'USAGE'],
      ['/load nowhere', 3, 'FILE_NOT_FOUND'],
      ['"""open', 3, 'BAD_PROMPT'],
    ] as const) {
      const run = await chat([line, '/help']);
      assert.equal(run.exitCode, exitCode, `${line}: ${run.stderr}`);
      assert.match(run.stderr, new RegExp(`\\[${code}\\]`));
      assert.doesNotMatch(run.stderr, /this list/);
    }
  });

  it('stops or shifts when -n positions are full, and reports it', async () => {
    const stopped = await chat([STORY, STORY], ['-t', '0', '-n', '110']);
    assert.equal(stopped.exitCode, 7, stopped.stderr);
    assert.match(stopped.stderr, /context full: the answer ends here, at 110 of 110 positions/);
    assert.match(stopped.stderr, /takes \d+ tokens, expected at most 110: \d+ too many \[CONTEXT_EXCEEDED\]/);
    const shift = ['-t', '0', '-n', '160', '--when-full', 'shift', '--max-tokens', '30'];
    const shifted = await chat([STORY, STORY, STORY], shift);
    assert.equal(shifted.exitCode, 0, shifted.stderr);
    assert.match(shifted.stderr, /context full: dropped the oldest 2 turns, 4 messages; \d+ tokens became \d+ of 160/);
  });
});
