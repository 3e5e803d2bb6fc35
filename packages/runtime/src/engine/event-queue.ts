// Events between one producer and one reader, which may come late or leave early.

/** The reader's side. */
export type EventStream<T> = Required<Pick<AsyncIterator<T, void, void>, 'next' | 'return'>> & AsyncIterable<T>;

/** A stream and its producer's end. Whatever is pushed after the end is dropped. */
export interface EventQueue<T> {
  readonly stream: EventStream<T>;
  /** Events that the reader has not taken. */
  readonly nUnread: number;
  push(event: T): void;
  end(): void;
  /** Ends the queue with an error, which the reader gets after the events. */
  fail(error: unknown): void;
  /** Ends with an error, which the reader gets instead of events that were not read. */
  abort(error: unknown): void;
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, void>) => void;
  readonly reject: (error: unknown) => void;
}

/** Callbacks of a queue. */
export interface EventQueueOptions {
  /** The reader left before the end. */
  readonly onLeave: () => void;
  /** The reader took an event that had waited. */
  readonly onRead?: (() => void) | undefined;
}

export function createEventQueue<T>({ onLeave, onRead }: EventQueueOptions): EventQueue<T> {
  const finished: IteratorResult<T, void> = { done: true, value: undefined };
  let events: T[] = [];
  let readers: Reader<T>[] = [];
  let hasEnded = false;
  let failure: { readonly error: unknown } | null = null;

  const finish = (): void => {
    hasEnded = true;
    for (const { resolve } of readers) resolve(finished);
    readers = [];
  };
  const fail = (error: unknown): void => {
    if (hasEnded) return;
    const reader = readers.shift();
    if (reader === undefined) failure = { error };
    else reader.reject(error);
    finish();
  };
  const next = (): Promise<IteratorResult<T, void>> => {
    const [event] = events;
    if (event !== undefined) {
      events.shift();
      onRead?.();
      return Promise.resolve({ done: false, value: event });
    }
    if (failure !== null) {
      const { error } = failure;
      failure = null; // thrown once, as by a generator
      return Promise.reject(error);
    }
    if (hasEnded) return Promise.resolve(finished);
    return new Promise((resolve, reject) => readers.push({ resolve, reject }));
  };

  return {
    get nUnread() {
      return events.length;
    },
    push(event) {
      if (hasEnded) return;
      const reader = readers.shift();
      if (reader === undefined) events.push(event);
      else reader.resolve({ done: false, value: event });
    },
    end: finish,
    fail,
    abort(error) {
      if (hasEnded) return;
      events = [];
      fail(error);
    },
    stream: {
      next,
      async return() {
        events = [];
        failure = null;
        if (!hasEnded) {
          finish();
          onLeave();
        }
        return finished;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
  };
}
