// Events on their way from one producer to one reader, who may come late or leave early.

/** What a reader gets. */
export type EventStream<T> = Required<Pick<AsyncIterator<T, void, void>, 'next' | 'return'>> & AsyncIterable<T>;

/** A stream and its producer's end. Whatever is said after the end is dropped. */
export interface EventQueue<T> {
  readonly stream: EventStream<T>;
  push(event: T): void;
  end(): void;
  /** Ends with an error, which the reader gets after the events. */
  fail(error: unknown): void;
  /** Ends with an error, which the reader gets in place of events that were not read. */
  abort(error: unknown): void;
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, void>) => void;
  readonly reject: (error: unknown) => void;
}

/** @param onLeave the reader left before the end */
export function createEventQueue<T>(onLeave: () => void): EventQueue<T> {
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
      return Promise.resolve({ done: false, value: event });
    }
    if (failure !== null) {
      const { error } = failure;
      failure = null; // told once, as a generator does
      return Promise.reject(error);
    }
    if (hasEnded) return Promise.resolve(finished);
    return new Promise((resolve, reject) => readers.push({ resolve, reject }));
  };

  return {
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
