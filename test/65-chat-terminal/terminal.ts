// llama chat in a real pseudo-terminal, and the screen that a user would see.

import { createRequire } from 'node:module';
import os from 'node:os';
import { type IPty, spawn } from '@lydell/node-pty';
import { llamaBin } from '../helpers/run-llama.js';

// Node and tsx do not agree on what the default export of this CommonJS package is.
const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as typeof import('@xterm/headless');

/** A chat at a terminal. */
export interface ChatTerminal {
  readonly pid: number;
  /** Everything that was sent to the terminal. */
  readonly sent: () => string;
  /** Lines on the screen and above it, without blanks at their ends. */
  screen(): string[];
  type(text: string): void;
  /** Resolves once a line of the screen matches; rejects with the screen when the program ends before. */
  until(pattern: RegExp): Promise<void>;
  /** Waits until the last line is an empty prompt that is not the one of the last call. */
  untilPrompt(): Promise<void>;
  /** Exit code, once it has ended. */
  readonly exit: Promise<number>;
  kill(): void;
}

/** How to start. */
export interface ChatTerminalOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
}

export const ENTER = '\r';
export const CTRL_C = '\x03';
export const CTRL_D = '\x04';
export const UP = '\x1b[A';
export const LEFT = '\x1b[D';

const ROWS = 60;
/** Only a failing test waits so long. */
const PATIENCE_MILLISECONDS = 30_000;

const isPrompt = (line: string): boolean => /^>( |$)/.test(line);

/** Starts `llama chat ...args` in a terminal. */
export function startChat(args: readonly string[], options: ChatTerminalOptions): ChatTerminal {
  const columns = options.columns ?? 80;
  const screen = new Terminal({ cols: columns, rows: ROWS, scrollback: 1000, allowProposedApi: true });
  const pty: IPty = spawn(process.execPath, [llamaBin, 'chat', ...args], {
    cols: columns,
    rows: ROWS,
    cwd: options.cwd ?? os.tmpdir(),
    env: { PATH: process.env.PATH, HOME: os.tmpdir(), TERM: 'xterm-256color', ...options.env },
  });
  let sent = '';
  let isOver = false;
  let nPrompts = 0;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const check of waiting) check();
  };
  pty.onData((data) => {
    sent += data;
    screen.write(data, wake);
  });
  const exit = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      isOver = true;
      screen.write('', wake);
      resolve(exitCode);
    });
  });

  function lines(): string[] {
    const { active } = screen.buffer;
    const all = Array.from({ length: active.length }, (_, i) => active.getLine(i)!.translateToString(true).trimEnd());
    return all.slice(0, all.findLastIndex((line) => line !== '') + 1);
  }

  function until(isReached: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (isGivenUp: boolean): void => {
        const isDone = isReached();
        if (!isDone && !isGivenUp) return;
        waiting.delete(check);
        clearTimeout(timer);
        if (isDone) resolve();
        else reject(new Error(`no ${what} on the screen:\n${lines().join('\n')}`));
      };
      const check = (): void => settle(isOver);
      const timer = setTimeout(() => settle(true), PATIENCE_MILLISECONDS);
      waiting.add(check);
      check();
    });
  }

  return {
    pid: pty.pid,
    sent: () => sent,
    screen: lines,
    type: (text) => pty.write(text),
    until: (pattern) => until(() => lines().some((line) => pattern.test(line)), String(pattern)),
    untilPrompt() {
      nPrompts++;
      const isThere = (): boolean => lines().at(-1) === '>' && lines().filter(isPrompt).length >= nPrompts;
      return until(isThere, `prompt number ${nPrompts}`);
    },
    exit,
    kill: () => pty.kill('SIGKILL'),
  };
}
