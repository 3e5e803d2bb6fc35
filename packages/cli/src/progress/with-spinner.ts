// A spinner on a terminal's stderr while something takes long.

import { isDrawable } from '../terminal/terminal.js';

/** Faster work needs no spinner, and loading one would slow it down. */
const PATIENCE_MS = 300;

/** Does the work, under a spinner once it takes long; off a terminal, silently. */
export async function withSpinner<T>(text: string, work: () => Promise<T>): Promise<T> {
  const running = work();
  // ora 9 never ends on a terminal of 0 columns.
  if (!isDrawable(process.stderr) || (await settlesWithin(PATIENCE_MS, running))) return running;
  const { default: ora } = await import('ora');
  const spinner = ora({ text, stream: process.stderr, discardStdin: false, color: spinnerColor() }).start();
  try {
    return await running;
  } finally {
    spinner.stop();
  }
}

function settlesWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds, false);
    const settle = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settle, settle);
  });
}

/** ora does not ask for NO_COLOR itself. @see https://no-color.org */
function spinnerColor(): 'cyan' | false {
  return process.env.NO_COLOR ? false : 'cyan';
}
