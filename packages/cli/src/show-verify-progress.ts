// Draws a verification under way: a bar on a terminal, nothing elsewhere.

import type { VerifyEvent, VerifyResult } from '@llama-ts/evaluate';
import { SingleBar } from 'cli-progress';
import { visible } from './terminal-safe.js';

/** Runs a verification to its end. */
export async function showVerifyProgress(events: AsyncGenerator<VerifyEvent, VerifyResult>): Promise<VerifyResult> {
  const isWatched = process.stderr.isTTY && process.stderr.columns > 0;
  const bar = isWatched
    ? new SingleBar({ format: '{bar} {value}/{total} {name}', clearOnComplete: true, hideCursor: true })
    : null;
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      const { type, name, index, count } = next.value;
      if (type === 'tensor-start' && index === 0) bar?.start(count, 0, { name: visible(name) });
      else bar?.update(type === 'tensor-end' ? index + 1 : index, { name: visible(name) });
    }
  } finally {
    bar?.stop();
    await events.return(undefined as never);
  }
}
