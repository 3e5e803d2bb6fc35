// Lines typed at a terminal, with editing and history. The prompt goes to stderr: stdout holds the answers only.

import { createInterface, type Interface, type Key } from 'node:readline';
import { Writable } from 'node:stream';
import { visible } from '../terminal-safe.js';
import { type History, MAX_HISTORY } from './history.js';
import type { Line, LineSource } from './line-source.js';

/** Options of {@link typedLines}. */
export interface TypedLinesOptions {
  readonly history: History | null;
  /** Ctrl-C while nothing is asked for; false where there is nothing to stop. A raw terminal sends no signal. */
  readonly onInterrupt: () => boolean;
  readonly signal: AbortSignal;
}

/** Terminals that know it say where a paste begins and ends, so that its line ends are part of one message. */
const PASTE_MARKS_ON = '\x1b[?2004h';
const PASTE_MARKS_OFF = '\x1b[?2004l';

/** Lines of the terminal. What is typed during an answer is not shown until the next prompt, and not lost. */
export function typedLines({ history, onInterrupt, signal }: TypedLinesOptions): LineSource {
  const screen = createScreen();
  const lines = createInterface({
    input: process.stdin,
    output: screen.output,
    terminal: true,
    history: [...(history?.lines ?? [])],
    historySize: MAX_HISTORY,
    removeHistoryDuplicates: true,
  });
  const ahead: Line[] = [];
  let pasted: string[] = [];
  let isPasting = false;
  /** Settles what `next` waits for; null during an answer. */
  let settle: ((line: Line) => void) | null = null;

  const close = (): void => lines.close();
  const onKey = (_text: string | undefined, key: Key): void => {
    if (key.name === 'paste-start') isPasting = true;
    if (key.name === 'paste-end') isPasting = false;
  };
  signal.addEventListener('abort', close);
  process.stdin.on('keypress', onKey);
  process.stderr.write(PASTE_MARKS_ON);
  lines.on('line', (line) => {
    if (isPasting) {
      pasted.push(line);
      return;
    }
    const text = [...pasted, line].join('\n');
    pasted = [];
    void history?.add(line);
    deliver({ type: 'line', text });
  });
  lines.on('SIGINT', () => {
    if (settle === null && onInterrupt()) return;
    clearLine(lines);
    pasted = [];
    deliver({ type: 'interrupt' });
  });
  lines.on('close', () => {
    signal.removeEventListener('abort', close);
    process.stdin.off('keypress', onKey);
    process.stderr.write(PASTE_MARKS_OFF);
    deliver({ type: 'end' });
  });

  function deliver(line: Line): void {
    if (settle === null) {
      ahead.push(line);
      return;
    }
    if (line.type !== 'line') process.stderr.write('\n');
    screen.isShown = false;
    settle(line);
    settle = null;
  }

  return {
    isTerminal: true,
    async next({ prompt, prefill }) {
      const came = ahead.shift();
      if (came !== undefined) {
        const text = came.type === 'line' ? visible(came.text) : '';
        process.stderr.write(`${prompt}${text}\n`);
        return came;
      }
      // Half a line may have been typed meanwhile. Drawing starts anew: readline believes that it was shown.
      const begun = prefill ?? lines.line;
      clearLine(lines);
      screen.isShown = true;
      lines.setPrompt(prompt);
      lines.prompt();
      lines.write(begun);
      return new Promise((resolve) => {
        settle = resolve;
      });
    },
    close,
  };
}

/** What was typed, and the cursor behind it. */
function clearLine(lines: Interface): void {
  lines.write(null, { ctrl: true, name: 'e' });
  lines.write(null, { ctrl: true, name: 'u' });
}

/** stderr as readline sees it; while it is not shown, readline edits unseen. */
function createScreen(): { readonly output: Writable; isShown: boolean } {
  const screen = {
    isShown: false,
    output: new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (screen.isShown) process.stderr.write(chunk);
        done();
      },
    }),
  };
  Object.defineProperty(screen.output, 'columns', { get: () => process.stderr.columns });
  process.stderr.on('resize', () => screen.output.emit('resize'));
  return screen;
}
