// Turns work that reports by callback into an async generator, and stops the work when its reader stops.

import { noted } from '../noted.js';

/** Work that calls `emit`, ends when the signal is aborted, and returns a result. */
export type Work<E, R> = (emit: (event: E) => void, signal: AbortSignal) => Promise<R>;

/** Yields what the work emits and returns its result. Does not settle before the work has. */
export async function* streamEvents<E, R>(outer: AbortSignal | undefined, work: Work<E, R>): AsyncGenerator<E, R> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(outer?.reason);
  outer?.addEventListener('abort', onAbort, { once: true });
  const events: E[] = [];
  let wake = () => {};
  let isSettled = false;
  const emit = (event: E) => {
    events.push(event);
    wake();
  };
  const result = noted(
    work(emit, controller.signal).finally(() => {
      isSettled = true;
      wake();
    }),
  );
  try {
    for (;;) {
      for (const event of events.splice(0)) yield event;
      if (events.length > 0) continue;
      if (isSettled) return await result;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    outer?.removeEventListener('abort', onAbort);
    controller.abort();
    await result.catch(() => undefined);
  }
}

/** Runs a task for every item, at most `limit` at a time. The first failure stops the others and is thrown. */
export async function forEachParallel<T>(
  items: readonly T[],
  limit: number,
  outer: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  let next = 0;
  let failure: { readonly error: unknown } | null = null;
  const worker = async () => {
    while (next < items.length && failure === null) {
      try {
        outer.throwIfAborted();
        await task(items[next++]!, controller.signal);
      } catch (error) {
        failure ??= { error };
        controller.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  outer.removeEventListener('abort', onAbort);
  const failed = failure as { readonly error: unknown } | null;
  if (failed !== null) throw failed.error;
}
