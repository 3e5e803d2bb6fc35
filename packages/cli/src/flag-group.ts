// Flags under a heading of the help screen.

/** The same flags, listed under `heading`; the names of short forms stay. */
export function inGroup<T extends Record<string, object>>(heading: string, flags: T): T {
  const entries = Object.entries(flags).map(([name, flag]) => [name, { ...flag, helpGroup: heading }]);
  return Object.fromEntries(entries) as T;
}
