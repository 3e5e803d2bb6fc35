// Patterns of names: `*` stands for any characters, `?` for one.

/** Whether a pattern matches a whole name. */
export function matchesName(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}
