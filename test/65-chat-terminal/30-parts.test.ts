// The parts of chat that need no terminal.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { createMessageReader } from '../../packages/cli/src/chat/message-reader.js';
import { parseTranscript } from '../../packages/cli/src/chat/transcript.js';
import { characterWidth } from '../../packages/cli/src/terminal/text-width.js';
import { createTextWrapper } from '../../packages/cli/src/terminal/wrap-text.js';

const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as typeof import('@xterm/headless');

describe('a message of several lines', () => {
  const messagesOf = (lines: readonly string[]): (string | null)[] => {
    const reader = createMessageReader();
    return [...lines.map((line) => reader.push(line)), reader.end()].filter((message) => message !== null);
  };

  for (const [lines, messages] of [
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      ['a\\', 'b\\', 'c', 'd'],
      ['a\nb\nc', 'd'],
    ],
    [['a\\'], ['a']],
    [
      ['"""', 'a\\', '', 'b', '"""', 'c'],
      ['a\\\n\nb', 'c'],
    ],
    [['"""a', 'b"""'], ['a\nb']],
    [['"""a"""'], ['a']],
    [
      ['/system """a', 'b"""', '/quit'],
      ['/system a\nb', '/quit'],
    ],
    [['say """ to me'], ['say """ to me']],
    [['""""""'], ['']],
  ] as const) {
    it(`is read as ${JSON.stringify(messages)} from the lines ${JSON.stringify(lines)}`, () =>
      assert.deepEqual(messagesOf(lines), messages));
  }

  it('is refused when a block is never closed', () => {
    assert.throws(() => messagesOf(['"""', 'a']), { code: 'BAD_PROMPT' });
  });
});

describe('the width of a character', () => {
  it('is the one that a terminal gives it', async () => {
    const samples = 'aZ~ é\u0301\u200b\u4e2d\u3042\u30ab\ud55c\uff21\u3001\u2026\u2190\u0e01\u0e31ßж→';
    for (const character of samples) {
      const terminal = new Terminal({ cols: 10, rows: 2, allowProposedApi: true });
      await new Promise<void>((resolve) => terminal.write(`x${character}`, resolve));
      assert.equal(
        characterWidth(character),
        terminal.buffer.active.cursorX - 1,
        character.codePointAt(0)!.toString(16),
      );
    }
  });
});

describe('the width of an emoji', () => {
  // The terminal of the test above knows Unicode 6, which had none.
  it('is two columns', () => assert.deepEqual(['😀', '🦊'].map(characterWidth), [2, 2]));
});

describe('wrapped text', () => {
  function wrap(pieces: readonly string[], columns: number | undefined): string {
    let text = '';
    const wrapper = createTextWrapper({
      columns: () => columns,
      write: (written) => {
        text += written;
      },
    });
    for (const piece of pieces) wrapper.push(piece);
    wrapper.end();
    return text;
  }
  const width = (line: string): number => [...line].reduce((sum, character) => sum + characterWidth(character), 0);
  const letters = fc.constantFrom('a', 'b', ' ', '\n', '中', 'é', '🦊', '-');
  const pieces = fc.array(fc.string({ unit: letters, maxLength: 12 }), { maxLength: 20 });

  it('fits the terminal, and differs from the text only where a line is broken', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 2, max: 30 }), (parts, columns) => {
        const text = parts.join('');
        const wrapped = wrap(parts, columns);
        for (const line of wrapped.split('\n')) assert.ok(width(line) <= columns, JSON.stringify(line));
        assert.equal(wrapped.replace(/[ \n]/g, ''), text.replace(/[ \n]/g, ''));
        assert.ok(wrapped.split('\n').length >= text.split('\n').length);
      }),
    );
  });

  it('is the same whatever pieces the text arrives in', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 2, max: 30 }), (parts, columns) => {
        assert.equal(wrap(parts, columns), wrap([parts.join('')], columns));
      }),
    );
  });

  it('is the text itself when it fits, or when no width is known', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        for (const columns of [undefined, 0, 1000]) assert.equal(wrap(parts, columns), parts.join(''));
      }),
    );
  });

  it('breaks before a word that does not fit, and keeps indentation', () => {
    assert.equal(wrap(['one two th', 'ree four'], 9), 'one two\nthree\nfour');
    assert.equal(wrap(['  if (x)\n    y'], 8), '  if (x)\n    y');
    assert.equal(wrap(['abcdefghij'], 4), 'abcd\nefgh\nij');
    assert.equal(wrap(['中文中文'], 5), '中文\n中文');
  });

  it('never changes what it has shown: a word is held back until it ends', () => {
    const shown: string[] = [];
    const wrapper = createTextWrapper({ columns: () => 10, write: (text) => shown.push(text) });
    for (const piece of ['one', ' tw', 'o ', 'three']) wrapper.push(piece);
    assert.deepEqual(shown, ['one', ' two']);
    wrapper.end();
    assert.deepEqual(shown, ['one', ' two', '\nthree']);
  });
});

describe('a transcript', () => {
  const hello = { role: 'user', content: 'Hi' };
  const text = (...entries: unknown[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

  it('is read from the start of the last conversation to the last complete line', () => {
    const whole = text({ transcript: 1 }, { message: hello }, { messages: [] }, { message: hello }, { message: hello });
    assert.deepEqual(parseTranscript(`${whole}{"mess`, 'x'), [hello, hello]);
    assert.deepEqual(parseTranscript(whole + text({ transcript: 1 }, { message: hello }), 'x'), [hello]);
  });

  it('is refused when a line is malformed, and the error names that line', () => {
    for (const entry of [{}, null, 1, { message: {} }, { messages: {} }, { messages: [1] }]) {
      const damaged = text({ transcript: 1 }, entry, { message: hello });
      assert.throws(() => parseTranscript(damaged, 'x'), { code: 'BAD_SESSION', message: /^x: line 2 / });
    }
    for (const other of ['', text({ message: hello }), '{"transcript": 2}\n']) {
      assert.throws(() => parseTranscript(other, 'x'), { code: 'BAD_SESSION' });
    }
  });
});
