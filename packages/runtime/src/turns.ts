// Turns: users of a model wait for one another.

/**
 * Runs one work after another, in the order they were asked for.
 *
 * @param closed work whose turn comes once it is aborted rejects with its reason
 */
export function createTurns(closed: AbortSignal): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    closed.throwIfAborted();
    const mine = last.then(() => {
      closed.throwIfAborted();
      return work();
    });
    last = mine.catch(() => undefined);
    return mine;
  };
}
