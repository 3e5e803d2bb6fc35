// Leaves the process at once, with the terminal as it was found.

import { writeSync } from 'node:fs';
import { type ReportOptions, reportFailure } from './report-failure.js';

/** Shows the cursor, which bars and spinners hide, and ends the marks around pasted text. */
const RESTORE = '\x1b[?25h\x1b[?2004l';
const CLEAR_LINE = '\r\x1b[K';

/**
 * Ends the process after a signal that came a second time, or that the work did not react to.
 *
 * @param signal sent again, for the system to end the process, while a call of the file system runs: `process.exit`
 *   would wait for that call, and a read from a pipe may never end
 */
export function leave(exitCode: number, signal: NodeJS.Signals): never {
  restoreTerminal();
  process.removeAllListeners(signal);
  if (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))) {
    process.emit('exit', exitCode);
    process.kill(process.pid, signal);
  }
  process.exit(exitCode);
}

/** Turns what nothing caught into one message and an exit code. */
export function reportSurprises(options: ReportOptions): void {
  process.on('uncaughtException', (error: unknown) => {
    restoreTerminal();
    reportFailure(error, options);
    process.exit();
  });
}

/** Node itself takes the terminal out of raw mode. */
function restoreTerminal(): void {
  if (!process.stderr.isTTY || process.env.TERM === 'dumb') return;
  try {
    writeSync(2, CLEAR_LINE + RESTORE);
  } catch {
    // The terminal was closed.
  }
}
