// Runs an evaluation to its end, with a bar on a terminal.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EvalEvent, Evaluation } from '@llama-ts/evaluate';
import { SingleBar } from 'cli-progress';

/** Returns what the evaluation found. */
export async function showEvalProgress(events: AsyncGenerator<EvalEvent, Evaluation>): Promise<Evaluation> {
  const bar = createBar();
  bar?.start(1, 0);
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      bar?.setTotal(next.value.count);
      bar?.update(next.value.nScored);
      await nextTurn(); // lets Ctrl-C through: kernels on this thread never wait
    }
  } finally {
    bar?.stop();
    await events.return(undefined as never);
  }
}

/** cli-progress draws on stderr; null where nobody watches. */
function createBar(): SingleBar | null {
  if (!process.stderr.isTTY || !(process.stderr.columns > 0)) return null;
  return new SingleBar({ format: '{bar} {value}/{total} tokens', clearOnComplete: true, hideCursor: true });
}
