// How a suggestion is read: plain words, and at the end of them what to type. @see docs/errors.md, "Suggestions"

/** What kind of thing is to be typed. */
export type Kind =
  /** A command line. */
  | 'shell'
  /** `export NAME=value` or `unset NAME`, and the same command again. */
  | 'environment'
  /** Flags to add to the command that failed. */
  | 'flags'
  /** Flags to take out of it. */
  | 'leave-out'
  /** A line of a chat. */
  | 'chat'
  /** A call of the library. */
  | 'call'
  /** The command that failed, once more. */
  | 'again';

/** A suggestion, read. */
export interface Advice {
  /** Empty for a command alone. */
  readonly words: string;
  /** null for words alone, which a person has to understand. */
  readonly command: { readonly kind: Kind; readonly text: string } | null;
}

/** Programs besides `llama` that suggestions call. */
const tools =
  'cat cd chmod cp df echo git grep gunzip head hf iconv ln ls mkdir mv node npm printf python3 rm sed split'.split(
    ' ',
  );

const kinds: readonly [Kind, RegExp][] = [
  ['shell', new RegExp(`^(?:[A-Z][A-Z0-9_]*=\\S+ )*(?:llama|${tools.join('|')})(?: |$)`)],
  ['environment', /^(?:export [A-Z][A-Z0-9_]*=\S|unset [A-Z][A-Z0-9_]*( [A-Z][A-Z0-9_]*)*$)/],
  ['flags', /^--?[a-z]/],
  ['leave-out', /^leave out --?[a-z][\w-]*(?:(?:, | and )--?[a-z][\w-]*)*$/],
  ['chat', /^\/[a-z]/],
  ['call', /^(?:await )?[A-Za-z][\w.]*\(.*\)$/s],
];

const again = 'run the same command again';

/** Divides a suggestion into words and command. */
export function readSuggestion(suggestion: string): Advice {
  if (suggestion.endsWith(again)) {
    return { words: suggestion.slice(0, -again.length), command: { kind: 'again', text: again } };
  }
  // From the front, so that a command may hold a colon itself.
  for (let start = 0; ; ) {
    const text = suggestion.slice(start);
    const kind = kinds.find(([, pattern]) => pattern.test(text))?.[0];
    if (kind !== undefined) return { words: suggestion.slice(0, start), command: { kind, text } };
    const colon = suggestion.indexOf(': ', start);
    if (colon < 0) return { words: suggestion, command: null };
    start = colon + 2;
  }
}

/** What a command has in the place of what only the user knows, in capitals: REPO_OR_DIR, MODEL.bin. */
export function placeholdersOf(command: string): string[] {
  if (command.startsWith('unset ')) return [];
  const words =
    command.replace(/'[^']*'|"[^"]*"|\$[A-Z_]+/g, '').match(/(?<![\w'"./$-])[A-Z][A-Z_]+(?:\.[a-z]+)?(?![\w=-])/g) ??
    [];
  return [...new Set(words)].filter((word) => !/^(?:LATIN1|UTF)$/.test(word));
}

/** Flags of a text with their values, in order: `--rope-theta 500000 --plain`. */
export function readFlags(text: string): { name: string; value: string | null }[] {
  const words = text.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g) ?? [];
  const flags: { name: string; value: string | null }[] = [];
  for (const word of words) {
    const last = flags.at(-1);
    if (/^--?[a-z]/.test(word)) flags.push({ name: word, value: null });
    else if (last !== undefined && last.value === null) last.value = word;
    else throw new Error(`${text}: ${word} belongs to no flag`);
  }
  return flags;
}

/** A command line with a flag set, which it may have with another value. */
export function withFlag(command: string, name: string, value: string | null): string {
  return `${withoutFlag(command, name)} ${name}${value === null ? '' : ` ${value}`}`;
}

/** A command line without a flag and its value. */
export function withoutFlag(command: string, name: string): string {
  const value = String.raw`(?:(?: |=)(?!-)(?:'[^']*'|"[^"]*"|[^\s'"|>]+)+)?`;
  return command.replace(new RegExp(` ${name}(?![\\w-])${takesValue(command, name) ? value : ''}`, 'g'), '');
}

/** Flags without a value; the next word is an argument. */
const switches = new Set('--force --plain --stream --json --raw --no-mmap --json-mode --resume --dry-run'.split(' '));

function takesValue(_command: string, name: string): boolean {
  return !switches.has(name);
}
