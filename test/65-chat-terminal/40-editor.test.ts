// The line editor: by itself, and at terminals of 80 and of 40 columns.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completions } from '../../packages/cli/src/chat/commands.js';
import { createLineEditor, type LineEditor } from '../../packages/cli/src/chat/line-editor.js';
import { progressLine, timeLeft } from '../../packages/cli/src/progress/progress.js';
import { visible, visibleJson } from '../../packages/cli/src/terminal/terminal-safe.js';
import { graphemeWidth, textWidth } from '../../packages/cli/src/terminal/text-width.js';
import { type ChatTerminal, ENTER, LEFT, startChat } from './terminal.js';

const FAMILY = '👨‍👩‍👧‍👦';

describe('the line editor', () => {
  const editor = (history: readonly string[] = []): LineEditor => createLineEditor({ history, complete: completions });
  const type = (line: LineEditor, text: string): void => {
    for (const character of text) line.press(character, { sequence: character });
  };
  const press = (line: LineEditor, ...names: string[]) =>
    names.map((name) => {
      const [, modifier, key = name] = /^(ctrl|meta)-(.+)$/.exec(name) ?? [];
      return line.press(undefined, { name: key, ctrl: modifier === 'ctrl', meta: modifier === 'meta' });
    });

  for (const [text, left] of [
    [`a${FAMILY}`, 'a'],
    ['e\u0301', ''],
    ['न\u093fक\u094dष', 'नि'],
    ['🇩🇪🇫🇷', '🇩🇪'],
    ['👍🏽', ''],
    ['a\u0301\u0323\u0302', ''],
    ['中文', '中'],
    ['❤️', ''],
  ] as const) {
    it(`deletes ${text} by what is one character to people`, () => {
      const line = editor();
      type(line, text);
      press(line, 'backspace');
      assert.equal(line.text, left);
      line.replace(text);
      press(line, 'left');
      assert.equal(line.before, left, 'the cursor moves by the same');
      press(line, 'delete');
      assert.equal(line.text, left);
    });
  }

  it('inserts a paste at the cursor, line ends included, and submits at Enter alone', () => {
    const line = editor();
    type(line, 'ad');
    press(line, 'left', 'paste-start');
    type(line, 'b');
    press(line, 'return', 'enter', 'enter');
    type(line, 'c\t');
    press(line, 'tab', 'paste-end');
    assert.equal(line.text, 'ab\n\nc\t\td');
    assert.deepEqual(press(line, 'return'), [{ type: 'submit', text: 'ab\n\nc\t\td' }]);
    assert.equal(line.text, '');
  });

  it('recalls earlier texts, and returns to the one that was begun', () => {
    const line = editor(['newest', 'oldest']);
    type(line, 'begun');
    press(line, 'up', 'up', 'up');
    assert.equal(line.text, 'oldest');
    press(line, 'down', 'down', 'down');
    assert.equal(line.text, 'begun');
  });

  it('moves and deletes by words, and inserts deleted text again', () => {
    const line = editor();
    type(line, 'one two-three four');
    press(line, 'ctrl-w', 'meta-b', 'meta-d');
    assert.equal(line.text, 'one two- ');
    press(line, 'ctrl-a', 'ctrl-k', 'ctrl-y', 'ctrl-u', 'ctrl-y', 'ctrl-e');
    assert.equal(line.text, 'one two- ');
    assert.deepEqual(press(line, 'ctrl-c'), [{ type: 'interrupt' }]);
    line.replace('');
    assert.deepEqual(press(line, 'ctrl-d'), [{ type: 'end' }]);
  });

  it('completes commands and names of settings, and lists what could follow', () => {
    const line = editor();
    type(line, '/reg');
    press(line, 'tab');
    assert.equal(line.text, '/regenerate ');
    line.replace('/se');
    press(line, 'tab');
    assert.equal(line.text, '/set ');
    type(line, 'temp');
    press(line, 'tab');
    assert.equal(line.text, '/set temperature ');
    line.replace('/s');
    assert.deepEqual(press(line, 'tab'), [{ type: 'choices', words: ['/system', '/set', '/save', '/stats'] }]);
    line.replace('say /s');
    assert.deepEqual(press(line, 'tab'), [{ type: 'changed' }]);
    assert.equal(line.text, 'say /s');
  });
});

describe('the width of a grapheme', () => {
  it('is the number of columns it is drawn in', () => {
    assert.deepEqual([FAMILY, 'e\u0301', '中', '🇩🇪', '❤️', 'a'].map(graphemeWidth), [2, 1, 2, 2, 2, 1]);
    assert.equal(textWidth(`a${FAMILY}中`), 5);
  });
});

describe('a line of progress', () => {
  const state = { share: 0.423, amount: 'of 2.5 GB', left: '12 min', name: 'layers.3.attention.wq.weight' };
  for (const columns of [1, 10, 20, 30, 40, 60, 80, 200]) {
    it(`is shorter than ${columns} columns, and has percentage and time where they fit`, () => {
      const line = progressLine(state, columns);
      assert.ok(textWidth(line) < Math.max(columns, 2), line);
      if (columns >= 20) assert.match(line, /42 %.*12 min left/);
    });
  }

  it('has no remaining time before it can be estimated', () => {
    assert.equal(timeLeft({ done: 50, start: 0, total: 100, elapsed: 1000 }), null);
    assert.equal(timeLeft({ done: 1, start: 0, total: 100, elapsed: 5000 }), null);
    assert.equal(timeLeft({ done: 50, start: 0, total: 100, elapsed: 5000 }), '5 s');
    assert.equal(timeLeft({ done: 60, start: 50, total: 100, elapsed: 5000 }), '20 s', 'what was there says nothing');
    assert.equal(timeLeft({ done: 10, start: 0, total: 100, elapsed: 600_000 }), '1 h 30 min');
  });
});

describe('text for a terminal', () => {
  it('has no C0 or C1 control character, and no control of writing direction', () => {
    const evil = ['\x1b', '\x07', '\r', '\x7f', '\x80', '\x9b', '\x9f', '\u202a', '\u202e', '\u2066', '\u2069'];
    for (const control of evil) {
      const [code] = [control.codePointAt(0)!.toString(16)];
      assert.ok(!visible(`a${control}b`).includes(control), code);
      assert.equal([...visible(`a${control}b`)].length, 3, code);
      const json = visibleJson(JSON.stringify({ text: control }));
      assert.ok(!json.includes(control), code);
      assert.equal(JSON.parse(json).text, control, code);
    }
    assert.equal(visible('a\tb\n\u200fא'), 'a\tb\n\u200fא');
  });
});

describe('chat at a terminal of any width', function () {
  this.timeout(60_000);
  let folder: string;
  let terminal: ChatTerminal;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-editor-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => terminal.kill());

  async function chat(columns: number, env: Readonly<Record<string, string>> = {}): Promise<void> {
    terminal = startChat(['-t', '0', '--max-tokens', '1', '--no-history'], {
      cwd: folder,
      columns,
      env: { XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder, NO_COLOR: '1', ...env },
    });
    await terminal.untilPrompt();
  }

  for (const columns of [80, 40]) {
    it(`begins with model, context and how to leave, and ends at /bye (${columns} columns)`, async () => {
      await chat(columns);
      const words = terminal.screen().join(' ');
      assert.match(words, /sample-model: \d+ positions of context; \/help lists commands, \/bye or Ctrl-D leaves/);
      terminal.type(`/b\t${ENTER}`);
      assert.equal(await terminal.exit, 0);
    });

    it(`breaks no word of /help (${columns} columns)`, async () => {
      await chat(columns);
      terminal.type(`/help${ENTER}`);
      await terminal.untilPrompt();
      const lines = terminal.screen();
      for (const word of ['conversation', 'transcript', 'regenerate', 'messages', 'computed']) {
        if (!terminal.sent().includes(word)) continue;
        assert.ok(
          lines.some((line) => line.includes(word)),
          word,
        );
      }
      assert.ok(
        lines.some((line) => /answer in place of the last|another answer in place/.test(line)),
        lines.join('\n'),
      );
    });

    it(`inserts a paste with the cursor inside a line, and edits by graphemes (${columns} columns)`, async () => {
      await chat(columns);
      terminal.type(`Tell a fox.${LEFT.repeat(5)}\x1b[200~me\rstories about \x1b[201~${FAMILY}\bred`);
      // The line looks the same before the emoji as after its deletion: the word after it shows that both were read.
      await terminal.until(/^stories about \S*red fox\.$/m);
      const shown = terminal.screen().slice(-2);
      assert.deepEqual(shown, ['> Tell ame', 'stories about red fox.']);
      terminal.type(`\x03/context${ENTER}`);
      await terminal.until(/0 messages/);
    });

    it(`redraws a text of several rows as it changes (${columns} columns)`, async () => {
      await chat(columns);
      const text = `${'中文 '.repeat(30)}end`;
      terminal.type(`${text}\x01X\x05!`);
      await terminal.until(/end!$/);
      const rows = terminal.screen();
      const start = rows.findIndex((line) => line.startsWith('> X'));
      const typed = rows.slice(start).join('').replaceAll(' ', '');
      assert.equal(typed, `>X${text}!`.replaceAll(' ', ''));
    });
  }

  it('sends no escape sequences to a terminal that supports none', async () => {
    await chat(80, { TERM: 'dumb' });
    terminal.type('Hi\n');
    await terminal.untilPrompt();
    terminal.type('/bye\n');
    assert.equal(await terminal.exit, 0);
    assert.doesNotMatch(terminal.sent(), /\x1b/);
  });
});
