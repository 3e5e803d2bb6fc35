// A spinner on stderr while something takes long, where somebody watches.

import ora from 'ora';

/** Does the work under a spinner; off a terminal, silently. */
export async function withSpinner<T>(text: string, work: () => Promise<T>): Promise<T> {
  // ora 9 never ends on a terminal of 0 columns.
  if (!process.stderr.isTTY || !(process.stderr.columns > 0)) return work();
  const spinner = ora({ text, stream: process.stderr, discardStdin: false, color: spinnerColor() }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}

/** ora does not ask for NO_COLOR itself. @see https://no-color.org */
function spinnerColor(): 'cyan' | false {
  return process.env.NO_COLOR ? false : 'cyan';
}
