// A server from its first request to its last: until a signal comes, and for as long as answers may go on after it.

import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServer } from '@llama-ts/server';
import type { Listener } from './listen.js';

/** How long a client may take to read the error event at shutdown. */
const LAST_WORDS_MS = 1000;

/** @param signal after it, no requests are taken; those under way have `drainSeconds` */
export async function serveUntil(
  signal: AbortSignal,
  api: ApiServer,
  listener: Listener,
  drainSeconds: number,
): Promise<void> {
  await aborted(signal);
  api.drain();
  const closed = listener.close();
  if (await endsWithin(closed, drainSeconds * 1000)) return;
  api.endAll();
  if (!(await endsWithin(closed, LAST_WORDS_MS))) listener.endConnections();
  await closed;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function endsWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
