// Several streams as one, in the order in which their events come.

/** An event and the stream it is of. */
export interface Merged<T> {
  readonly index: number;
  readonly event: T;
}

/**
 * Each stream is asked for its next event when the last one was taken, so a reader that stops holds all of them up. Leaving
 * the loop leaves the streams.
 */
export async function* mergeStreams<T>(
  streams: readonly AsyncIterator<T, void>[],
): AsyncGenerator<Merged<T>, void, void> {
  const ready: (Merged<T> | { readonly error: unknown } | null)[] = [];
  let nOpen = streams.length;
  let wake = (): void => undefined;

  const put = (item: (typeof ready)[number]): void => {
    ready.push(item);
    wake();
  };
  const ask = (index: number): void => {
    streams[index]!.next().then(
      ({ done, value }) => put(done ? null : { index, event: value as T }),
      (error: unknown) => put({ error }),
    );
  };

  for (const index of streams.keys()) ask(index);
  try {
    while (nOpen > 0) {
      const item = ready.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (item === null) nOpen--;
      else if ('error' in item) throw item.error;
      else {
        yield item;
        ask(item.index);
      }
    }
  } finally {
    for (const stream of streams) void stream.return?.();
  }
}
