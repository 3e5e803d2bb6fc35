// A lock: users of a model wait for one another.

/**
 * Runs one work after another, in the order of the calls.
 *
 * @param closed once it is aborted, work that has not begun rejects with its reason
 */
export function createLock(closed: AbortSignal): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    closed.throwIfAborted();
    const result = last.then(() => {
      closed.throwIfAborted();
      return work();
    });
    last = result.catch(() => undefined);
    return result;
  };
}
