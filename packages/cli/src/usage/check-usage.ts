// Refuses words that do not fit a command, before oclif parses them: what was found, what was expected, and the command
// to type instead, with what was typed in it.

import { nearest, ToolkitError } from '@llama-ts/base';
import { borrowedName } from './borrowed-names.js';
import { mendWords, type ShapeOf } from './mend-words.js';
import {
  type ArgumentShape,
  type CommandShape,
  type FlagShape,
  type Scanned,
  scanArguments,
  withArgument,
} from './scan-arguments.js';
import { helpOf, typed, type UsageProblem, usageProblem } from './usage-problem.js';

type ScannedFlag = Extract<Scanned, { type: 'flag' }>;
type ScannedArgument = Extract<Scanned, { type: 'argument' }>;

/** Values to show for the argument of a command that is typed alone. */
const firstArguments: Readonly<Record<string, string>> = { pull: 'meta-llama/Llama-3.2-1B-Instruct' };

/** Values to show for flags that have none of their own. */
const examples: Readonly<Record<string, string>> = {
  input: 'prompts.jsonl',
  output: 'results.jsonl',
  'rope-theta': '500000',
  'rope-scaling': 'llama3',
};

/**
 * @param shapeOf shapes of the other commands, which words may be meant for
 * @throws ToolkitError `USAGE`: all that is wrong, and commands in which nothing is
 */
export function checkUsage(command: CommandShape, words: readonly string[], shapeOf: ShapeOf = () => undefined): void {
  const first = findProblem(command, words);
  if (first === null) return;
  const shape = (id: string): CommandShape | undefined => (id === command.id ? command : shapeOf(id));
  const { messages, suggestions } = mendWords(first, shape, findProblem);
  throw new ToolkitError('USAGE', messages.join('; '), { suggestions });
}

/** What is wrong first with the words of a command; null if they fit. */
export function findProblem(command: CommandShape, words: readonly string[]): UsageProblem | null {
  const borrowed = borrowedName(command, words);
  if (borrowed !== null) return borrowed;
  const scanned = scanArguments(words, command.flags);
  const unknown = scanned.find((item) => item.type === 'unknown');
  if (unknown !== undefined) return unknownFlag(command, words, unknown);
  const given = scanned.filter((item): item is ScannedFlag => item.type === 'flag');
  const texts = scanned.filter((item): item is ScannedArgument => item.type === 'argument');
  return (
    firstOf(given, (flag) => valueProblem(command, words, flag)) ??
    firstOf(given, (flag) => repetition(command, words, flag, given)) ??
    firstOf(given, (flag) => badCompany(command, words, flag, given)) ??
    missing(command, words, { given, texts }) ??
    argumentProblem(command, words, texts)
  );
}

function firstOf<T>(items: readonly T[], find: (item: T) => UsageProblem | null): UsageProblem | null {
  for (const item of items) {
    const problem = find(item);
    if (problem !== null) return problem;
  }
  return null;
}

function unknownFlag(
  command: CommandShape,
  words: readonly string[],
  { at, given }: Extract<Scanned, { type: 'unknown' }>,
): UsageProblem {
  const argument = given.replace(/^--/, '');
  if (given.startsWith('--') && Object.hasOwn(command.args, argument)) {
    const rest = words.toSpliced(at, 1);
    const value = words[at]!.startsWith(`${given}=`) ? words[at]!.slice(given.length + 1) : rest.splice(at, 1)[0];
    return usageProblem(
      `unknown flag ${given}: it is an argument of this command, expected without a flag`,
      value === undefined ? [helpOf(command)] : [typed(command, withArgument(command, rest, argument, value))],
    );
  }
  const names = Object.keys(command.flags).map((name) => `--${name}`);
  const guess = given.startsWith('--') ? nearest(given.replaceAll('_', '-'), names) : null;
  const mended = guess === null ? words : words.with(at, words[at]!.replace(given, guess));
  return usageProblem(`unknown flag ${given}`, [
    ...(isLikely(command, mended, at) ? [{ ...typed(command, mended), isGuess: true }] : []),
    helpOf(command),
  ]);
}

/** Whether the word at a place is a flag whose value is one of its own, or nearly. */
function isLikely({ flags }: CommandShape, words: readonly string[], at: number): boolean {
  const flag = scanArguments(words, flags).find((item) => item.at === at);
  if (flag?.type !== 'flag') return false;
  const { options } = flags[flag.name]!;
  return options === undefined || typeof flag.value !== 'string' || nearest(flag.value, options) !== null;
}

function valueProblem(
  command: CommandShape,
  words: readonly string[],
  { name, at, width, value }: ScannedFlag,
): UsageProblem | null {
  const { options } = command.flags[name]!;
  if (value === null) {
    const expected = options === undefined ? 'one' : alternatives(options);
    const first = options === undefined ? [] : [typed(command, words.toSpliced(at + 1, 0, options[0]!))];
    return usageProblem(`--${name} without a value, expected ${expected}`, [...first, helpOf(command)]);
  }
  if (options === undefined || typeof value === 'boolean' || options.includes(value)) return null;
  const meant = nearest(value, options) ?? nearestNumber(value, options) ?? options[0]!;
  const mended = words.toSpliced(at, width, `--${name}`, meant);
  return usageProblem(`--${name} ${JSON.stringify(value)}: expected ${alternatives(options)}`, [
    typed(command, mended),
  ]);
}

/** The option that is nearest to a number; null unless all of them are numbers. */
function nearestNumber(value: string, options: readonly string[]): string | null {
  const distance = (option: string): number => Math.abs(Number(option) - Number(value));
  if (value === '' || options.some((option) => Number.isNaN(distance(option)))) return null;
  return options.toSorted((a, b) => distance(a) - distance(b))[0] ?? null;
}

function repetition(
  command: CommandShape,
  words: readonly string[],
  flag: ScannedFlag,
  given: readonly ScannedFlag[],
): UsageProblem | null {
  const shape = command.flags[flag.name]!;
  const second = given.find(({ name, at }) => name === flag.name && at > flag.at);
  if (shape.type === 'boolean' || shape.multiple === true || second === undefined) return null;
  return usageProblem(`--${flag.name} twice, expected it once`, [
    typed(command, without(words, [second])),
    typed(command, without(words, [flag])),
  ]);
}

/** Flags that exclude or need others. */
function badCompany(
  command: CommandShape,
  words: readonly string[],
  flag: ScannedFlag,
  given: readonly ScannedFlag[],
): UsageProblem | null {
  const { exclusive = [], dependsOn = [] } = command.flags[flag.name]!;
  const rival = given.find(({ name }) => exclusive.includes(name));
  if (rival !== undefined) {
    const kept = [rival, flag].map(({ name }) => withoutFlag(command, words, given, name));
    return usageProblem(
      `--${rival.name} and --${flag.name}, expected one of them`,
      kept.map((rest) => typed(command, rest)),
    );
  }
  const missing = dependsOn.map(String).filter((needed) => !given.some(({ name }) => name === needed));
  if (missing.length === 0) return null;
  const added = missing.flatMap((name) => withExample(name, command.flags[name]));
  const names = missing.map((name) => `--${name}`).join(', ');
  return usageProblem(`--${flag.name} without ${names}, expected them together`, [
    typed(command, [...words, ...added]),
  ]);
}

/** Flags and arguments that the command needs. */
function missing(
  command: CommandShape,
  words: readonly string[],
  { given, texts }: { readonly given: readonly ScannedFlag[]; readonly texts: readonly ScannedArgument[] },
): UsageProblem | null {
  const flags = Object.entries(command.flags).filter(
    ([name, { required }]) => required === true && !given.some((flag) => flag.name === name),
  );
  const args = Object.entries(command.args)
    .slice(command.takesMore === true ? Number.POSITIVE_INFINITY : texts.length)
    .filter(([, { required }]) => required === true);
  const [flag] = flags;
  const [arg] = args;
  if (arg === undefined) return flag === undefined ? null : missingFlag(command, words, flag);
  if (flag === undefined && args.length === 1) return missingArgument(command, words, arg, texts);
  const names = [...args.map(([name]) => name.toUpperCase()), ...flags.map(([name]) => `--${name}`)];
  return usageProblem(`${enumerated(names, 'and')} are missing`, [helpOf(command)]);
}

/** Formats of files by their ending, the usual one first. */
const byEnding: Readonly<Record<string, readonly string[]>> = { bin: ['v2', 'v3', 'v1'], '': ['safetensors'] };

function missingFlag(
  command: CommandShape,
  words: readonly string[],
  [name, { options = [] }]: readonly [string, FlagShape],
): UsageProblem {
  const offered = likelyOptions(options, words);
  return usageProblem(`--${name} is missing, expected ${alternatives(options)}`, [
    ...offered.map((option) => typed(command, [...words, `--${name}`, option])),
    helpOf(command),
  ]);
}

/** The options that the last file's ending suggests, the likeliest first; all where it suggests none. */
function likelyOptions(options: readonly string[], words: readonly string[]): readonly string[] {
  const out = words.findLast((word) => !word.startsWith('-')) ?? '';
  const ending = /\.(\w+)$/.exec(out)?.[1]?.toLowerCase() ?? '';
  const likely = [ending, ...(byEnding[ending] ?? [])].filter((option) => options.includes(option));
  return likely.length > 0 ? likely : options;
}

/** The problem of an argument that is missing. If other words were typed, the remedy shows its name in its place. */
function missingArgument(
  command: CommandShape,
  words: readonly string[],
  [name, { description = 'it' }]: readonly [string, ArgumentShape],
  texts: readonly ScannedArgument[],
): UsageProblem {
  const placeholder = name.toUpperCase();
  const shown = firstArguments[command.id] ?? (words.length === 0 ? null : placeholder);
  const at = (texts.at(-1)?.at ?? -1) + 1;
  return usageProblem(`${placeholder} is missing, expected ${description}`, [
    ...(shown === null ? [] : [typed(command, words.toSpliced(at, 0, shown))]),
    helpOf(command),
  ]);
}

function argumentProblem(
  command: CommandShape,
  words: readonly string[],
  texts: readonly ScannedArgument[],
): UsageProblem | null {
  const shapes = Object.values(command.args);
  if (command.takesMore === true) return null;
  for (const [i, { options }] of shapes.entries()) {
    const found = texts[i];
    if (found === undefined || options === undefined || options.includes(found.text)) continue;
    return usageProblem(
      `${found.text}: expected ${alternatives(options)}`,
      options.map((option) => typed(command, words.with(found.at, option))),
    );
  }
  const extra = texts.slice(shapes.length);
  if (extra.length === 0) return null;
  const kept = without(words, extra);
  const [{ text: type }] = extra as [ScannedArgument];
  const version = extra.length === 1 && command.flags.version !== undefined ? versionOfType(type) : null;
  if (version !== null) {
    return usageProblem(`${type}: is a type of llama.cpp, expected --version ${version} for as many bits`, [
      typed(command, [...kept, '--version', version]),
    ]);
  }
  const last = texts[shapes.length - 1];
  const joined = [last, ...extra].map((item) => item?.text ?? '').join(' ');
  return usageProblem(
    `${extra.map(({ text }) => text).join(', ')}: more than the command takes, expected no further argument`,
    command.endsWithText === true && last !== undefined
      ? [typed(command, kept.with(last.at - extra.filter(({ at }) => at < last.at).length, joined))]
      : [typed(command, kept)],
  );
}

/** The version of .bin whose weights take as many bits as a type of llama.cpp; null for other words. */
function versionOfType(word: string): string | null {
  if (/^i?q4(?:_|$)/i.test(word)) return '3';
  return /^q8(?:_|$)/i.test(word) ? '2' : null;
}

function without(words: readonly string[], items: readonly Scanned[]): string[] {
  return words.filter((_, i) => !items.some(({ at, width }) => i >= at && i < at + width));
}

/** The words without a flag, and without the flags that require it. */
function withoutFlag(
  { flags }: CommandShape,
  words: readonly string[],
  given: readonly ScannedFlag[],
  left: string,
): string[] {
  const isLeft = (name: string): boolean => name === left || flags[name]!.dependsOn?.includes(left) === true;
  return without(
    words,
    given.filter(({ name }) => isLeft(name)),
  );
}

function withExample(name: string, shape: FlagShape | undefined): string[] {
  if (shape?.type !== 'option') return [`--${name}`];
  return [`--${name}`, examples[name] ?? shape.options?.[0] ?? 'VALUE'];
}

function alternatives(options: readonly string[]): string {
  return enumerated(options, 'or');
}

/** `a, b or c`. */
function enumerated(items: readonly string[], word: 'and' | 'or'): string {
  return items.join(', ').replace(/, (?=[^,]*$)/, ` ${word} `);
}
