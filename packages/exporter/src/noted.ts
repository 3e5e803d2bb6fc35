// Promises that are awaited later.

/** A promise that is awaited later; until then its failure must not count as unhandled. */
export function noted<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
