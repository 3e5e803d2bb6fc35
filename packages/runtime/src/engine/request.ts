// A request to the engine, from the moment it is made to its end.

import type { KeyValueCache } from '@llama-ts/kernels';
import type { Answer } from '../answer.js';
import { createSequence, type GenerateEvent, type Sequence } from '../sequence.js';
import type { Speculation } from '../speculation/speculation.js';
import type { AbortWatch } from './abort-watch.js';
import { createEventQueue, type EventStream } from './event-queue.js';

/** What a request is made of. */
export interface RequestParts {
  readonly promptTokens: readonly number[];
  readonly answer: Answer;
  readonly vocabSize: number;
  readonly speculation: Speculation | null;
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
  readonly aborts: AbortWatch;
  /** Called once, when nothing more will come of it. */
  readonly onOver: () => void;
}

/** One request. */
export interface Request {
  readonly events: EventStream<GenerateEvent>;
  /** Positions that its cache needs. */
  readonly positions: number;
  readonly isOver: boolean;
  /** Its share of the engine's memory; null until it is its turn. */
  readonly cache: KeyValueCache | null;
  readonly sequence: Sequence | null;
  begin(cache: KeyValueCache): void;
  /** Hands events to the reader; the last one ends the request. */
  deliver(events: readonly GenerateEvent[]): void;
  /** Ends it with an error after what was delivered. */
  fail(error: unknown): void;
  /** Ends it at once with an error. */
  abort(error: unknown): void;
}

/** A request that ends by itself, by failure, by its signal, or when its reader leaves. */
export function createRequest(parts: RequestParts): Request {
  const { promptTokens, answer, signal, aborts, onOver } = parts;
  let isOver = false;
  let cache: KeyValueCache | null = null;
  let sequence: Sequence | null = null;
  const queue = createEventQueue<GenerateEvent>(() => finish());
  const unwatch = signal && aborts.watch(signal, abort);

  function finish(): void {
    if (isOver) return;
    isOver = true;
    unwatch?.();
    onOver();
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
    get cache() {
      return cache;
    },
    get sequence() {
      return sequence;
    },
    begin(lent) {
      cache = lent;
      sequence = createSequence({ ...parts, cache, nCached: 0 });
    },
    deliver(events) {
      for (const event of events) queue.push(event);
      if (!sequence?.isOver) return;
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
