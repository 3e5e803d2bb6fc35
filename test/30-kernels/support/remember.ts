// What is the same on every backend is computed once: inputs, and what the literal arithmetic gives for them.

const remembered = new Map<string, unknown>();

/** What `make` gives, from the first call with this key on. The caller must not change it. */
export function remember<T>(key: readonly unknown[], make: () => T): T {
  const name = key.join(' ');
  if (!remembered.has(name)) remembered.set(name, make());
  return remembered.get(name) as T;
}
