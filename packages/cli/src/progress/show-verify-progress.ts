// Draws a verification under way: a line on a terminal, nothing elsewhere.

import type { VerifyEvent, VerifyResult } from '@llama-ts/evaluate';
import { createProgress, type Progress } from './progress.js';

/** Runs a verification to its end. */
export async function showVerifyProgress(events: AsyncGenerator<VerifyEvent, VerifyResult>): Promise<VerifyResult> {
  let progress: Progress | null = null;
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      const { type, name, index, count } = next.value;
      progress ??= createProgress({ total: count, amount: (done, total) => `${done} of ${total} tensors` });
      progress.name(name);
      progress.set(type === 'tensor-end' ? index + 1 : index);
    }
  } finally {
    progress?.stop();
    await events.return(undefined as never);
  }
}
