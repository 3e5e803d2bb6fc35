// Writes a name as one word of a shell's command line, so that suggestions can be typed as they stand.

/** The name as it is where a shell leaves it alone, else in quotes. */
export function shellWord(name: string): string {
  return /^[\w@%+=:,./-]+$/.test(name) && !name.startsWith('-') ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
