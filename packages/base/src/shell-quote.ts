// Quotes words for a shell, so that a suggestion can be copied and typed unchanged.

/** Characters that no shell gives a meaning. */
const PLAIN = /^[\w./,:@%+-][\w./,:=@%+-]*$/;
const PLAIN_ON_WINDOWS = /^[\w./\\,:@+-]+$/;

/** The platform that this runs on; a browser has no shell, and its suggestions are quoted as on Linux. */
const here = (globalThis as { process?: { platform?: string } }).process?.platform ?? 'linux';

/**
 * A file name as one word of a shell: plain, or in quotes. A name that looks like a flag gets `./` before it.
 *
 * @param platform Windows knows double quotes alone. Default: the platform that this runs on
 * @example shellQuote("it's.bin") // "it's.bin"
 */
export function shellQuote(name: string, platform: string = here): string {
  return shellWord(name.startsWith('-') ? `./${name}` : name, platform);
}

/** A command with its arguments, each quoted where the shell needs it. */
export function commandLine(words: readonly string[], platform: string = here): string {
  return words.map((word) => shellWord(word, platform)).join(' ');
}

/** Any word of a command as a shell reads it back: plain, or in quotes. */
export function shellWord(text: string, platform: string = here): string {
  if (platform === 'win32') return PLAIN_ON_WINDOWS.test(text) ? text : `"${text}"`;
  if (PLAIN.test(text)) return text;
  // Double quotes read better, and single ones take what double ones would expand.
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}
