// The right to make the model of a name, held by one process at a time; the others wait for it and then share the model.

import { setTimeout as delay } from 'node:timers/promises';
import { isToolkitError } from '@llama-ts/base';
import { createDurableFile, type DurableFile } from '@llama-ts/durable';

const POLL_MS = 100;

/** How to wait. */
export interface WaitOptions {
  readonly signal: AbortSignal;
  /** Called once while another process has the right; with what to do if none has. */
  readonly onWait: (suggestions: readonly string[]) => void;
}

/**
 * Opens an entry to be written, as soon as no other process does. The lock of a process that was killed is taken over.
 *
 * @throws ToolkitError what createDurableFile throws but `OUTPUT_BUSY`; the signal's reason
 */
export function lockEntry(path: string, options: WaitOptions): Promise<DurableFile> {
  return whileBusy(() => createDurableFile(path, { force: true }), options);
}

/** Does work that writes a file, again while another process writes it. @throws what the work throws but `OUTPUT_BUSY` */
export async function whileBusy<T>(work: () => Promise<T>, { signal, onWait }: WaitOptions): Promise<T> {
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isToolkitError(error) || error.code !== 'OUTPUT_BUSY') throw error;
      if (isFirst) onWait(error.suggestions.slice(1));
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
