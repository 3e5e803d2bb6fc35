// Options of an engine: how much runs at once, how much may wait, and how long prompts may hold up answers.

import type { TableOf } from '../options/check-options.js';
import { aFunction, aNumber, count, positiveCount, wholeNumber } from '../options/option-kinds.js';
import { DEFAULT_CACHE_BYTES } from '../prefix-cache/prefix-cache.js';

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** Sequences that run at once, 1 to 1024; others wait in the order they came. Default 8. */
  readonly maxSequences?: number | undefined;
  /** Requests that may wait beside them; one more is refused with `QUEUE_FULL`. 0 and up, default any number. */
  readonly maxWaiting?: number | undefined;
  /**
   * Events of a request that may wait for its reader, 1 and up. At this number it pauses, and goes on when the reader has taken
   * half of them; the other requests run on. Default 256.
   */
  readonly maxUnread?: number | undefined;
  /**
   * Whole contexts of cache memory that all sequences share, 1 to 1024; a sequence takes what its prompt and new tokens
   * need, so more of them fit when `maxTokens` says how many those are. Made on demand. Default `maxSequences`.
   */
  readonly maxContexts?: number | undefined;
  /**
   * Bytes of keys and values that are kept of requests that have ended, so that a later one with the same beginning does not
   * compute it again; the least recently used leave first. 0 keeps none. Taken when needed. Default 512 MiB.
   */
  readonly cacheBytes?: number | undefined;
  /** Prompt tokens of one pass at most. Default 512. */
  readonly prefillChunk?: number | undefined;
  /** About how many milliseconds prompts may add to a pass. Default 200. */
  readonly maxDelayMilliseconds?: number | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
}

/** More sequences would only wait for one another, and the buffers of a pass grow with their number. */
const MAX_SEQUENCES = 1024;

const DEFAULT_SEQUENCES = 8;
/** A few seconds of an answer, and with 20 log-probabilities a token about 500 kB. */
const DEFAULT_UNREAD = 256;
const DEFAULT_PREFILL_CHUNK = 512;
/** Below the quarter of a second that a reader notices. */
const DEFAULT_DELAY_MILLISECONDS = 200;

/** Kinds of {@link EngineOptions}. */
export const engineOptions: TableOf<EngineOptions> = {
  maxSequences: wholeNumber(1, MAX_SEQUENCES),
  maxWaiting: wholeNumber(0),
  maxUnread: positiveCount,
  maxContexts: wholeNumber(1, MAX_SEQUENCES),
  cacheBytes: count,
  prefillChunk: positiveCount,
  maxDelayMilliseconds: {
    expected: 'a number above 0',
    accepts: (value) => aNumber.accepts(value) && (value as number) > 0,
  },
  now: aFunction,
};

/** The options with defaults in place of those that are left out. */
export function resolveEngineOptions(options: EngineOptions) {
  const { maxSequences = DEFAULT_SEQUENCES, maxWaiting = Number.POSITIVE_INFINITY } = options;
  const { maxContexts = maxSequences, cacheBytes = DEFAULT_CACHE_BYTES, maxUnread = DEFAULT_UNREAD } = options;
  const { prefillChunk = DEFAULT_PREFILL_CHUNK, now = () => performance.now() } = options;
  const { maxDelayMilliseconds = DEFAULT_DELAY_MILLISECONDS } = options;
  const limits = { maxSequences, maxWaiting, maxContexts, cacheBytes };
  return { ...limits, maxUnread, prefillChunk, maxDelayMilliseconds, now };
}
