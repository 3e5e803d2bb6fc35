// Runs an evaluation to its end, with a line on how far it is on a terminal.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EvalEvent } from '@llama-ts/evaluate';
import { createProgress, type Progress } from './progress.js';

/** Returns what the evaluation found. */
export async function showEvalProgress<T>(events: AsyncGenerator<EvalEvent, T>): Promise<T> {
  let progress: Progress | null = null;
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      const { count, nScored } = next.value;
      progress ??= createProgress({ total: count, amount: (done, total) => `${done} of ${total} tokens` });
      progress.set(nScored);
      await nextTurn(); // lets Ctrl-C through: kernels on this thread never wait
    }
  } finally {
    progress?.stop();
    await events.return(undefined as never);
  }
}
