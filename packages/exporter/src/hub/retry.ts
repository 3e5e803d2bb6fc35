// Retries: back-off with jitter, Retry-After, and an abort of transfers that stall.

import type { ToolkitError } from '@llama-ts/base';
import type { Connection } from './connection.js';
import { networkError, RetryableFailure } from './hub-failures.js';

/** First wait; it doubles with every failure in a row. */
const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** Attempts of a transfer: with the waits between them it survives an outage of about two minutes. */
const TRANSFER_ATTEMPTS = 10;
/** Longest wait that a transfer accepts from the hub's Retry-After; the user decides about longer ones. */
const TRANSFER_RETRY_AFTER_MS = 300_000;
/** Before the first byte of a transfer a person waits: a request ends within seconds. */
const QUESTION_ATTEMPTS = 4;
const QUESTION_RETRY_AFTER_MS = 60_000;
/** Attempts and waits together, until the hub has answered once. */
const FIRST_ANSWER_MS = 10_000;
/** Fewer bytes than this between two failures do not count as progress, so that a hub cannot keep a client busy byte by byte. */
const MIN_PROGRESS_BYTES = 4_096;

/** A retry about to happen. */
export interface Retry {
  /** The attempt that failed, from 1; counts from 1 again after progress. */
  readonly attempt: number;
  /** Attempts in a row after which the request is given up. */
  readonly maxAttempts: number;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  readonly error: ToolkitError;
}

/** How to try. */
export interface RetryOptions {
  readonly signal: AbortSignal | undefined;
  readonly onRetry: (retry: Retry) => void;
  /** The furthest byte of a transfer so far: failures count from the last progress. Left out for questions to the hub. */
  readonly progress?: () => number;
}

/** One attempt: it passes on the signal, and calls `kick` whenever bytes arrive. */
export type Attempt<T> = (signal: AbortSignal, kick: () => void) => Promise<T>;

/**
 * Runs an attempt until it succeeds, fails for good, or failed too often. Once a byte has arrived
 * through this connection, transfers are retried for minutes; else everything ends within seconds.
 *
 * @throws what the last attempt threw
 */
export async function withRetries<T>(
  connection: Connection,
  { signal, onRetry, progress }: RetryOptions,
  attempt: Attempt<T>,
): Promise<T> {
  const { clock, contact, stallTimeoutMs } = connection;
  const start = progress?.() ?? 0;
  const startTime = clock.now();
  let failures = 0;
  let reached = start;
  const noteProgress = (): void => {
    if (progress !== undefined && progress() > start) contact.hasTransferred = true;
  };
  for (;;) {
    signal?.throwIfAborted();
    const firstAnswerMs = Math.max(1, FIRST_ANSWER_MS - (clock.now() - startTime));
    const timeoutMs = contact.hasAnswered ? stallTimeoutMs : Math.min(stallTimeoutMs, firstAnswerMs);
    try {
      return await withWatchdog(
        { subject: `${connection.repo}: ${connection.origin}`, timeoutMs, signal, noteProgress },
        attempt,
      );
    } catch (failure) {
      signal?.throwIfAborted();
      if (!(failure instanceof RetryableFailure)) throw failure;
      const now = progress?.() ?? 0;
      if (now - reached >= MIN_PROGRESS_BYTES) {
        reached = now;
        failures = 0;
      }
      failures++;
      const isPatient = progress !== undefined && contact.hasTransferred;
      const maxAttempts = isPatient ? TRANSFER_ATTEMPTS : QUESTION_ATTEMPTS;
      const { error, retryAfterMs = 0 } = failure;
      const backOffMs = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (failures - 1));
      const delayMs = Math.round(Math.max(retryAfterMs, backOffMs * (0.5 + connection.random() / 2)));
      const isSilent = !contact.hasAnswered && clock.now() + delayMs - startTime >= FIRST_ANSWER_MS;
      const maxRetryAfterMs = isPatient ? TRANSFER_RETRY_AFTER_MS : QUESTION_RETRY_AFTER_MS;
      if (failures >= maxAttempts || isSilent || retryAfterMs > maxRetryAfterMs) throw error;
      onRetry({ attempt: failures, maxAttempts, delayMs, error });
      await clock.sleep(delayMs, signal);
    }
  }
}

interface WatchdogOptions {
  /** Who is silent, and about what. */
  readonly subject: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly noteProgress: () => void;
}

/** Aborts an attempt that gets no bytes for `timeoutMs`. */
async function withWatchdog<T>(
  { subject, timeoutMs, signal: outer, noteProgress }: WatchdogOptions,
  attempt: Attempt<T>,
): Promise<T> {
  const controller = new AbortController();
  const onStall = () => {
    const seconds = Math.round(timeoutMs / 100) / 10;
    controller.abort(new RetryableFailure(networkError(`${subject}: the hub sent nothing for ${seconds} seconds`)));
  };
  let timer = setTimeout(onStall, timeoutMs);
  const onAbort = () => controller.abort(outer?.reason);
  outer?.addEventListener('abort', onAbort, { once: true });
  try {
    return await attempt(controller.signal, () => {
      clearTimeout(timer);
      timer = setTimeout(onStall, timeoutMs);
      noteProgress();
    });
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onAbort);
  }
}
