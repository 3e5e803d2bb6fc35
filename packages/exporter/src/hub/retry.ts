// Tries again what may work next time: back-off with jitter, Retry-After, and a watch for stalls.

import type { ToolkitError } from '@llama-ts/format';
import type { Connection } from './connection.js';
import { networkError, RetryableFailure } from './hub-failures.js';

/** First wait; it doubles with every failure in a row. */
const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** A hub that asks for a longer wait gets none: the user should know and decide. */
const MAX_RETRY_AFTER_MS = 300_000;
/** With these delays, an outage of about two minutes is sat out. */
const MAX_FAILURES_IN_A_ROW = 9;
/** Less than this between two failures is no progress, so that a hub cannot keep a client busy byte by byte. */
const MIN_PROGRESS_BYTES = 4_096;

/** A retry about to happen. */
export interface Retry {
  /** From 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: ToolkitError;
}

/** How to try. */
export interface RetryOptions {
  readonly signal: AbortSignal | undefined;
  readonly onRetry: (retry: Retry) => void;
  /** The furthest byte reached so far: failures count from the last progress. Without it, from the start. */
  readonly progress?: () => number;
}

/** One try: it passes on the signal, and calls `kick` at every sign of life. */
export type Attempt<T> = (signal: AbortSignal, kick: () => void) => Promise<T>;

/** Runs an attempt until it succeeds, fails for good, or failed too often. @throws what the last attempt threw */
export async function withRetries<T>(
  connection: Connection,
  { signal, onRetry, progress = () => 0 }: RetryOptions,
  attempt: Attempt<T>,
): Promise<T> {
  let failures = 0;
  let reached = progress();
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await withWatchdog(connection.stallTimeoutMs, signal, attempt);
    } catch (failure) {
      signal?.throwIfAborted();
      if (!(failure instanceof RetryableFailure)) throw failure;
      if (progress() - reached >= MIN_PROGRESS_BYTES) {
        reached = progress();
        failures = 0;
      }
      failures++;
      const { error, retryAfterMs = 0 } = failure;
      if (failures > MAX_FAILURES_IN_A_ROW || retryAfterMs > MAX_RETRY_AFTER_MS) throw error;
      const backOffMs = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (failures - 1));
      const delayMs = Math.round(Math.max(retryAfterMs, backOffMs * (0.5 + connection.random() / 2)));
      onRetry({ attempt: failures, delayMs, error });
      await connection.clock.sleep(delayMs, signal);
    }
  }
}

/** Aborts an attempt that shows no sign of life for `stallTimeoutMs`. */
async function withWatchdog<T>(
  stallTimeoutMs: number,
  outer: AbortSignal | undefined,
  attempt: Attempt<T>,
): Promise<T> {
  const controller = new AbortController();
  const onStall = () => {
    const seconds = stallTimeoutMs / 1_000;
    controller.abort(new RetryableFailure(networkError(`the hub sent nothing for ${seconds} seconds`)));
  };
  const timer = setTimeout(onStall, stallTimeoutMs);
  const onAbort = () => controller.abort(outer?.reason);
  outer?.addEventListener('abort', onAbort, { once: true });
  try {
    return await attempt(controller.signal, () => timer.refresh());
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onAbort);
  }
}
