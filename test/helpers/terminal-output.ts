// What a llama command sends to a pseudo-terminal.

import os from 'node:os';
import { spawn } from '@lydell/node-pty';
import { llamaBin } from './run-llama.js';

const ROWS = 60;

/** Runs `llama ...args` to its end in a terminal of so many columns; line ends are `\n`. */
export function terminalOutput(
  args: readonly string[],
  columns: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const pty = spawn(process.execPath, [llamaBin, ...args], {
    cols: columns,
    rows: ROWS,
    cwd: os.tmpdir(),
    env: { PATH: process.env.PATH, HOME: os.tmpdir(), TERM: 'xterm-256color', NO_COLOR: '1', ...env },
  });
  let sent = '';
  pty.onData((data) => {
    sent += data;
  });
  return new Promise((resolve) => pty.onExit(() => resolve(sent.replaceAll('\r\n', '\n'))));
}
