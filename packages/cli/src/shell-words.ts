// A command as somebody types it into a shell: words that need it are in quotes.

const PLAIN = /^[\w@%+=:,./-]+$/;

/** The words of a command, to be typed as they stand. */
export function commandLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** One word: in double quotes where the shell would split or change it, in single ones where those would not do. */
export function shellWord(text: string): string {
  if (PLAIN.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}
