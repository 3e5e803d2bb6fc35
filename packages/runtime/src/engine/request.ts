// A request to the engine, from its submission to its end.

import type { KeyValueCache } from '@llama-ts/kernels';
import type { Answer } from '../answer/answer.js';
import { createSequence, type GenerateEvent, type Sequence } from '../answer/sequence.js';
import type { Speculation } from '../speculation/speculation.js';
import type { AbortWatch } from './abort-watch.js';
import { createEventQueue, type EventStream } from './event-queue.js';

/** Parts of a request. */
export interface RequestParts {
  readonly promptTokens: readonly number[];
  readonly answer: Answer;
  readonly vocabSize: number;
  readonly speculation: Speculation | null;
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
  readonly aborts: AbortWatch;
  /** Events that may be unread: with more, the request pauses. */
  readonly maxUnread: number;
  /** Called once, when the request is over. */
  readonly onOver: () => void;
  /** Called when a slow reader has read its events. */
  readonly onCaughtUp: () => void;
}

/** One request. */
export interface Request {
  readonly events: EventStream<GenerateEvent>;
  /** Positions that its cache needs. */
  readonly positions: number;
  readonly isOver: boolean;
  /** Whether its reader has left `maxUnread` events unread, and since then more than half of them. */
  readonly isReaderBehind: boolean;
  /** The request's share of the engine's memory; null while it has none. */
  readonly cache: KeyValueCache | null;
  /** null until it first has a cache. */
  readonly sequence: Sequence | null;
  /** Whether {@link begin} was called since it has had its cache. */
  readonly hasBegun: boolean;
  /** Takes a cache: to begin, or to resume after {@link giveUpCache}. */
  takeCache(cache: KeyValueCache): void;
  /** Begins to compute after the first `nReused` tokens, whose keys and values its cache holds. */
  begin(nReused: number): void;
  /** Gives its cache up; what it held is recomputed in the next one. */
  giveUpCache(): void;
  /** Gives events to the reader; the last one ends the request. */
  deliver(events: readonly GenerateEvent[]): void;
  /** Ends the request with an error after the delivered events. */
  fail(error: unknown): void;
  /** Ends it at once with an error. */
  abort(error: unknown): void;
}

/** A request that ends by itself, by failure, by its signal, or when its reader stops reading. */
export function createRequest(parts: RequestParts): Request {
  const { promptTokens, answer, signal, aborts, maxUnread, onOver, onCaughtUp } = parts;
  let isOver = false;
  let isReaderBehind = false;
  let cache: KeyValueCache | null = null;
  let sequence: Sequence | null = null;
  let hasBegun = false;
  const queue = createEventQueue<GenerateEvent>({ onLeave: finish, onRead });
  const unwatch = signal && aborts.watch(signal, abort);

  function finish(): void {
    if (isOver) return;
    isOver = true;
    unwatch?.();
    onOver();
  }

  function onRead(): void {
    if (!isReaderBehind || queue.nUnread > maxUnread / 2) return;
    isReaderBehind = false;
    onCaughtUp();
  }

  function abort(error: unknown): void {
    queue.abort(error);
    finish();
  }

  return {
    events: queue.stream,
    positions: Math.max(promptTokens.length, answer.endPosition - 1),
    get isOver() {
      return isOver;
    },
    get isReaderBehind() {
      return isReaderBehind;
    },
    get cache() {
      return cache;
    },
    get sequence() {
      return sequence;
    },
    get hasBegun() {
      return hasBegun;
    },
    takeCache(lent) {
      cache = lent;
      hasBegun = false;
      if (sequence === null) sequence = createSequence({ ...parts, cache, nCached: 0 });
      else sequence.recompute(cache);
    },
    begin(nReused) {
      hasBegun = true;
      if (nReused > 0) sequence!.reuse(nReused);
    },
    giveUpCache() {
      cache = null;
    },
    deliver(events) {
      for (const event of events) queue.push(event);
      if (!sequence?.isOver) {
        isReaderBehind = queue.nUnread >= maxUnread;
        return;
      }
      queue.end();
      finish();
    },
    fail(error) {
      queue.fail(error);
      finish();
    },
    abort,
  };
}
