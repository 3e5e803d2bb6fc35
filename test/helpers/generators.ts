// Long work, which is a generator of events, run to its end.

/** The events, and what the generator returns. */
export async function drain<E, R>(generator: AsyncGenerator<E, R>): Promise<{ events: E[]; result: R }> {
  const events: E[] = [];
  for (;;) {
    const next = await generator.next();
    if (next.done === true) return { events, result: next.value };
    events.push(next.value);
  }
}

/** What the generator returns. */
export async function finish<R>(generator: AsyncGenerator<unknown, R>): Promise<R> {
  let next = await generator.next();
  while (next.done !== true) next = await generator.next();
  return next.value;
}
