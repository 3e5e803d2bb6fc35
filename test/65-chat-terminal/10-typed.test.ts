// Chat at a pseudo-terminal: what is typed, what is shown, and what is kept.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTranscript } from '../../packages/cli/src/chat/transcript.js';
import { type ChatTerminal, CTRL_C, CTRL_D, ENTER, LEFT, startChat, UP } from './terminal.js';

const STORY = 'Tell me a story about a fox.';
const SLOW = ['--backend', 'reference'];

describe('llama chat at a terminal', function () {
  this.timeout(60_000);
  let folder: string;
  let running: ChatTerminal[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-chat-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => {
    for (const terminal of running) terminal.kill();
    running = [];
  });

  /** A chat of its own state folder, at its first prompt. */
  async function chat(name: string, args: readonly string[] = [], options: { columns?: number } = {}) {
    const env = { XDG_CACHE_HOME: folder, XDG_STATE_HOME: join(folder, name), NO_COLOR: '1' };
    const terminal = startChat(['-t', '0', '-s', '3', ...args], { cwd: folder, env, ...options });
    running.push(terminal);
    await terminal.untilPrompt();
    return terminal;
  }

  async function say(terminal: ChatTerminal, text: string): Promise<void> {
    terminal.type(text + ENTER);
    await terminal.untilPrompt();
  }

  async function quit(terminal: ChatTerminal): Promise<void> {
    terminal.type(`/quit${ENTER}`);
    assert.equal(await terminal.exit, 0);
  }

  async function transcriptOf(name: string) {
    const transcripts = join(folder, name, 'llama3.2.ts', 'transcripts');
    const [file] = await readdir(transcripts);
    return parseTranscript(await readFile(join(transcripts, file!), 'utf8'), file!);
  }

  /** The lines between what was asked and the next prompt. */
  function answerTo(terminal: ChatTerminal, asked: string): string[] {
    const lines = terminal.screen();
    const start = lines.lastIndexOf(`> ${asked}`) + 1;
    const length = lines.slice(start).findIndex((line) => line.startsWith('>'));
    return lines.slice(start, start + length);
  }

  it('edits a line with the arrow keys, and has it in the history of the next chat', async () => {
    const first = await chat('editing');
    first.type(`Tell me a story about a ox.${LEFT.repeat(3)}f`);
    await first.until(/^> Tell me a story about a fox\.$/);
    await say(first, '');
    const answer = answerTo(first, STORY);
    await quit(first);
    const later = await chat('editing');
    await say(later, UP + UP);
    assert.deepEqual(answerTo(later, STORY), answer);
    await quit(later);
    const state = join(folder, 'editing', 'llama3.2.ts');
    assert.equal((await stat(join(state, 'chat-history'))).mode & 0o777, 0o600);
    assert.equal((await stat(join(state, 'transcripts'))).mode & 0o777, 0o700);
  });

  it('stops an answer at Ctrl-C, keeps what was generated, and goes on', async () => {
    const whole = await chat('whole');
    await say(whole, STORY);
    const text = answerTo(whole, STORY).join(' ');
    await quit(whole);

    const terminal = await chat('interrupted', SLOW);
    terminal.type(STORY + ENTER);
    await terminal.until(/^Long ago|^\w+ \w+ \w+/);
    terminal.type(CTRL_C);
    await terminal.untilPrompt();
    await say(terminal, '/context');
    await terminal.until(/: 2 messages, 1 turn;/);
    const [, kept] = await transcriptOf('interrupted');
    assert.ok(kept!.content !== '' && String(kept!.content).length < text.length, String(kept!.content));
    await say(terminal, 'Hi');
    await quit(terminal);
  });

  it('ends at the second Ctrl-C at the prompt, and not at the first', async () => {
    const terminal = await chat('leaving');
    terminal.type(`half a line${CTRL_C}`);
    await terminal.until(/Ctrl-C again, or \/quit, to leave/);
    await terminal.untilPrompt();
    assert.ok(!terminal.screen().some((line) => line.includes('half')), 'the line is gone');
    await say(terminal, '/context');
    terminal.type(CTRL_C);
    await terminal.untilPrompt();
    terminal.type(CTRL_C);
    assert.equal(await terminal.exit, 0);
    const atOnce = await chat('leaving');
    atOnce.type(CTRL_C + CTRL_C);
    assert.equal(await atOnce.exit, 0);
  });

  it('regenerates an answer, edits the last message in place, and removes a turn', async () => {
    const terminal = await chat('changing');
    await say(terminal, '/set temperature 1');
    await say(terminal, STORY);
    const first = answerTo(terminal, STORY);
    await say(terminal, '/regenerate');
    const second = answerTo(terminal, '/regenerate');
    assert.notDeepEqual(second, first);
    terminal.type(`/edit${ENTER}`);
    await terminal.until(/^edit> Tell me a story about a fox\.$/);
    terminal.type(`\b\b\b\bcat.${ENTER}`);
    await terminal.untilPrompt();
    await say(terminal, '/context');
    await terminal.until(/: 2 messages, 1 turn;/);
    const messages = await transcriptOf('changing');
    assert.deepEqual(messages[0], { role: 'user', content: 'Tell me a story about a cat.' });
    await say(terminal, '/undo');
    await terminal.until(/undone: .* 0 messages, 0 turns/);
    await quit(terminal);
  });

  it('saves a session, which another process loads without computing it again and continues with the same answer', async () => {
    const first = await chat('saving');
    await say(first, STORY);
    await say(first, '/save talk.session');
    await first.until(/saved to talk\.session: 2 messages/);
    await say(first, 'Who are you?');
    const answer = answerTo(first, 'Who are you?');
    await quit(first);
    assert.equal((await stat(join(folder, 'talk.session'))).mode & 0o777, 0o600);

    const later = await chat('loading');
    await say(later, '/load talk.session');
    await later.until(/loaded talk\.session: .* 2 messages, 1 turn/);
    await say(later, 'Who are you?');
    assert.deepEqual(answerTo(later, 'Who are you?'), answer);
    await say(later, '/stats');
    const cached = Number(/cached tokens (\d+)/.exec(later.screen().join(' '))![1]);
    assert.ok(cached > 100, `${cached} cached tokens`);
    await quit(later);
  });

  it('says once of a command without its slash what the command is', async () => {
    const terminal = await chat('slashes', [], { columns: 200 });
    await say(terminal, 'help');
    await terminal.until(/help alone would be a message to the model; the command is \/help,/);
    await say(terminal, '/stats');
    await terminal.until(/no answer yet/);
    await say(terminal, 'help');
    assert.ok(answerTo(terminal, 'help').length > 0);
    await quit(terminal);
  });

  it('shows an error and goes on', async () => {
    const terminal = await chat('mistakes', [], { columns: 200 });
    await writeFile(join(folder, 'damaged.session'), 'llamas, not a session');
    for (const [line, code] of [
      ['/hlep', /no such command \[USAGE\]/],
      ['/load damaged.session', /is no session.*\[BAD_SESSION\]/],
      ['/load nowhere.session', /\[FILE_NOT_FOUND\]/],
      ['/save damaged.session', /\[OUTPUT_EXISTS\]/],
      ['/set temperature hot', /expected a number.*\[USAGE\]/],
      ['/set top', /\/set "top": no such setting, .*\[USAGE\]/],
      ['/set when-full forget', /expected stop or shift \[USAGE\]/],
      ['/stats maybe', /expected on or off \[USAGE\]/],
      ['/save', /\/save: expected a file \[USAGE\]/],
      ['/undo', /there is no message yet \[USAGE\]/],
    ] as const) {
      await say(terminal, line);
      await terminal.until(code);
    }
    await quit(terminal);
  });

  it('takes several lines: after a backslash, in a block, and pasted', async () => {
    const terminal = await chat('lines', ['--max-tokens', '2']);
    terminal.type(`one \\${ENTER}`);
    await terminal.until(/^\.\.\.$/);
    await say(terminal, 'two');
    terminal.type(`"""three${ENTER}`);
    await terminal.until(/^\.\.\. *$/);
    await say(terminal, 'four"""');
    await say(terminal, '\x1b[200~five\rsix\x1b[201~');
    const asked = (await transcriptOf('lines')).filter(({ role }) => role === 'user').map(({ content }) => content);
    assert.deepEqual(asked, ['one \ntwo', 'three\nfour', 'five\nsix']);
    await quit(terminal);
  });

  it('puts what is typed during an answer into the next prompt', async () => {
    const terminal = await chat('ahead', SLOW);
    terminal.type(STORY + ENTER);
    await terminal.until(/^Long ago|^\w+ \w+ \w+/);
    terminal.type(`/context${ENTER}half`);
    await terminal.until(/: 2 messages, 1 turn;/);
    await terminal.until(/^> half$/);
    terminal.type(CTRL_D.repeat(2) + CTRL_C + CTRL_C);
    assert.equal(await terminal.exit, 0);
    assert.ok(answerTo(terminal, STORY).every((line) => !line.includes('half')));
  });

  it('wraps at words and never draws anything twice, without colour', async () => {
    const terminal = await chat('wrapping', [], { columns: 40 });
    const before = terminal.sent().length;
    await say(terminal, STORY);
    const answer = answerTo(terminal, STORY);
    assert.ok(answer.length > 4 && answer.every((line) => line.length <= 40));
    const wide = await chat('wrapping', [], { columns: 200 });
    await say(wide, STORY);
    assert.equal(answer.join(' '), answerTo(wide, STORY).join(' '));
    const shown = terminal.sent().slice(before);
    const start = shown.indexOf(answer[0]!);
    const end = shown.indexOf(answer.at(-1)!) + answer.at(-1)!.length;
    assert.equal(shown.slice(start, end), answer.join('\r\n'), 'the answer alone, from beginning to end');
    assert.doesNotMatch(terminal.sent(), /\x1b\[[\d;]*m/);
    await quit(terminal);
  });

  it('shows control characters of a loaded text escaped', async () => {
    const lines = [{ transcript: 1 }, { message: { role: 'system', content: 'Be \x1b[2J\x1b]0;brief\x07.' } }];
    await writeFile(join(folder, 'evil.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const terminal = await chat('steering');
    await say(terminal, '/load evil.jsonl');
    await say(terminal, '/system');
    await terminal.until(/^Be ␛\[2J␛\]0;brief␇\.$/);
    await quit(terminal);
  });

  it('has recorded everything when it is killed during an answer', async () => {
    const terminal = await chat('crash', SLOW);
    await say(terminal, 'Hi');
    terminal.type(STORY + ENTER);
    await terminal.until(/^Long ago|^\w+ \w+ \w+ \w+ \w+ \w+ \w+/);
    terminal.kill();
    await terminal.exit;
    const messages = await transcriptOf('crash');
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['user', 'assistant', 'user'],
    );
    assert.equal(messages[2]!.content, STORY);
  });
});
