// Divides words into flags, their values and other arguments, as oclif's parser does, without refusing any.

/** The facts of a flag that scanning needs. */
export interface FlagShape {
  readonly type: 'boolean' | 'option';
  readonly char?: string | undefined;
  readonly allowNo?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
  readonly exclusive?: readonly unknown[] | undefined;
  readonly dependsOn?: readonly unknown[] | undefined;
  readonly required?: boolean | undefined;
}

/** The facts of an argument that scanning needs. */
export interface ArgumentShape {
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
}

/** The arguments and flags of a command. */
export interface CommandShape {
  /** The command's name as a user types it: `run`. */
  readonly id: string;
  readonly flags: Readonly<Record<string, FlagShape>>;
  readonly args: Readonly<Record<string, ArgumentShape>>;
  /** Whether the last argument is a text, whose words may have been left without quotes. */
  readonly endsWithText?: boolean;
  /** Whether it takes any number of arguments. */
  readonly takesMore?: boolean;
}

/** One flag with its value, or one argument. `at` and `width` are its place among the words. */
export type Scanned = { readonly at: number; readonly width: number } & (
  | { readonly type: 'flag'; readonly name: string; readonly given: string; readonly value: string | boolean | null }
  | { readonly type: 'argument'; readonly text: string }
  | { readonly type: 'unknown'; readonly given: string }
);

type Flags = Readonly<Record<string, FlagShape>>;

/** The words in their order. The value of a flag is null when it is missing. */
export function scanArguments(words: readonly string[], flags: Flags): Scanned[] {
  const scanned: Scanned[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at]!;
    if (word === '--') {
      for (let rest = at + 1; rest < words.length; rest++) {
        scanned.push({ type: 'argument', at: rest, width: 1, text: words[rest]! });
      }
      break;
    }
    const found = word.startsWith('-') && word !== '-' ? scanFlag(words, at, flags) : [argumentAt(words, at)];
    scanned.push(...found);
    at += Math.max(...found.map(({ width }) => width));
  }
  return scanned;
}

/**
 * The words with another argument, in the place that the command's arguments have it in. Arguments that have to come before it
 * and are missing are shown by their names.
 */
export function withArgument(command: CommandShape, words: readonly string[], name: string, value: string): string[] {
  const texts = scanArguments(words, command.flags).filter(({ type }) => type === 'argument');
  const place = Object.keys(command.args).indexOf(name);
  const missing = Object.entries(command.args).slice(texts.length, place);
  const shown = missing.filter(([, { required }]) => required === true).map(([missed]) => missed.toUpperCase());
  const before = texts[Math.min(place, texts.length) - 1];
  const at = before === undefined ? (texts[0]?.at ?? 0) : before.at + 1;
  return words.toSpliced(at, 0, ...shown, value);
}

/** Whether the parser reads a word as a flag, and so not as the value of another. */
export function isFlag(word: string, flags: Flags): boolean {
  return findFlag(word, flags) !== null;
}

function argumentAt(words: readonly string[], at: number): Scanned {
  return { type: 'argument', at, width: 1, text: words[at]! };
}

function scanFlag(words: readonly string[], at: number, flags: Flags): Scanned[] {
  const word = words[at]!;
  const equals = word.indexOf('=');
  const isLong = word.startsWith('--');
  const head = isLong && equals > 0 ? word.slice(0, equals) : word;
  const name = findFlag(head, flags);
  if (name === null) {
    return /^-\d/.test(word) ? [argumentAt(words, at)] : [{ type: 'unknown', at, width: 1, given: head }];
  }
  if (flags[name]!.type === 'boolean') {
    const flag = { type: 'flag', at, width: 1, name, given: head, value: !head.startsWith('--no-') } as const;
    if (isLong || word.length === 2) return [flag];
    const rest = scanFlag([`-${word.slice(2)}`], 0, flags).map((other) => ({ ...other, at, width: 1 }));
    return [flag, ...rest];
  }
  const given = isLong ? head : word.slice(0, 2);
  const attached = isLong ? (equals > 0 ? word.slice(equals + 1) : null) : word.slice(2).replace(/^=/, '') || null;
  if (attached !== null) return [{ type: 'flag', at, width: 1, name, given, value: attached }];
  const next = words[at + 1];
  if (next === undefined || isFlag(next, flags)) return [{ type: 'flag', at, width: 1, name, given, value: null }];
  return [{ type: 'flag', at, width: 2, name, given, value: next }];
}

function findFlag(word: string, flags: Flags): string | null {
  if (word.startsWith('--')) {
    const name = word.slice(2);
    if (Object.hasOwn(flags, name)) return name;
    const positive = name.replace(/^no-/, '');
    return positive !== name && Object.hasOwn(flags, positive) && flags[positive]!.allowNo === true ? positive : null;
  }
  if (!word.startsWith('-') || word.length < 2) return null;
  return Object.keys(flags).find((name) => flags[name]!.char === word[1]) ?? null;
}
