// Draws a download: a line with the time left on a terminal, else a note per file and per tenth.

import { byteSize } from '@llama-ts/base';
import type { HubEvent, HubSnapshot, Retry } from '@llama-ts/exporter';
import { isDrawable } from '../terminal/terminal.js';
import { visible } from '../terminal/terminal-safe.js';
import { createProgress, type Progress } from './progress.js';

/** Runs a download to its end and returns what it brought. */
export async function showDownload(
  events: AsyncGenerator<HubEvent, HubSnapshot>,
  note: (text: string) => void,
): Promise<HubSnapshot> {
  let progress: Progress | null = null;
  const byteLengths = new Map<string, number>();
  const advance = (path: string, byteLength: number): void => {
    progress?.add(byteLength - (byteLengths.get(path) ?? byteLength));
    byteLengths.set(path, byteLength);
  };
  const print = (line: () => void): void => (progress === null ? line() : progress.above(line));
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      const event = next.value;
      if (event.type === 'plan-ready' && event.plan.downloadBytes > 0) {
        progress = createProgress({
          total: event.plan.downloadBytes,
          amount: (_done, total) => `of ${byteSize(total)}`,
          note,
        });
      }
      if (event.type === 'file-start') advance(event.path, event.startOffset);
      if (event.type === 'file-progress') advance(event.path, event.byteLength);
      if (event.type === 'file-start') progress?.name(visible(event.path));
      const text = noteOn(event, isDrawable(process.stderr));
      if (text !== null) print(() => note(visible(text)));
    }
  } finally {
    progress?.stop();
    await events.return(undefined as never);
  }
}

/** Words on what took long or went wrong; null for the rest. */
function noteOn(event: HubEvent, hasBar: boolean): string | null {
  switch (event.type) {
    case 'file-start':
      return hasBar ? null : `downloading ${event.path}, ${byteSize(event.size - event.startOffset)}`;
    case 'hub-unreachable':
      return `${event.reason}; going on with the copy in the cache, commit ${event.commit}`;
    case 'file-wait':
      return `waiting for ${event.path}, which another process downloads`;
    case 'file-retry':
      return `${event.path}: ${retryNote(event.reason, event)}`;
    case 'request-retry':
      return retryNote(event.reason, event);
    default:
      return null;
  }
}

/** The failure, the number of the next attempt, and its delay. */
export function retryNote(
  reason: string,
  { attempt, maxAttempts, delayMs }: Pick<Retry, 'attempt' | 'maxAttempts' | 'delayMs'>,
): string {
  const seconds = Math.round(delayMs / 100) / 10;
  return `${reason}; attempt ${attempt + 1} of ${maxAttempts} in ${seconds} s`;
}
