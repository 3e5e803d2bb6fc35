// What a llama command sends to a pseudo-terminal.

import os from 'node:os';
import { spawn } from '@lydell/node-pty';
import { llamaBin } from './run-llama.js';

const ROWS = 60;
/** Ends the output: what a process leaves in a pseudo-terminal when it exits may be lost, so the shell exits only once this was read. */
const END = '\x1e';
const SCRIPT = `"$@"; printf '\\036'; read -r _`;

/** Runs `llama ...args` to its end in a terminal of `columns` columns; line ends are `\n`. */
export function terminalOutput(
  args: readonly string[],
  columns: number,
  env: Readonly<Record<string, string>> = {},
  cwd: string = os.tmpdir(),
): Promise<string> {
  const pty = spawn('/bin/sh', ['-c', SCRIPT, 'sh', process.execPath, llamaBin, ...args], {
    cols: columns,
    rows: ROWS,
    cwd,
    env: { PATH: process.env.PATH, HOME: os.tmpdir(), TERM: 'xterm-256color', NO_COLOR: '1', ...env },
  });
  let sent = '';
  pty.onData((data) => {
    sent += data;
    if (data.includes(END)) pty.write('\r');
  });
  return new Promise((resolve) => pty.onExit(() => resolve(sent.split(END)[0]!.replaceAll('\r\n', '\n'))));
}
