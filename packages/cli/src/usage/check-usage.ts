// Refuses words that do not fit a command, before oclif parses them: what was found, what was expected, and the command
// to type instead, with what was typed in it.

import { nearest, ToolkitError } from '@llama-ts/format';
import { commandLine } from '../shell-words.js';
import { borrowedName } from './borrowed-names.js';
import { type CommandShape, type FlagShape, type Scanned, scanArguments } from './scan-arguments.js';

type ScannedFlag = Extract<Scanned, { type: 'flag' }>;
type ScannedArgument = Extract<Scanned, { type: 'argument' }>;

/** Values to show for flags that have none of their own. */
const examples: Readonly<Record<string, string>> = {
  input: 'prompts.jsonl',
  output: 'results.jsonl',
  'rope-theta': '500000',
  'rope-scaling': 'llama3',
};

/** @throws ToolkitError `USAGE` */
export function checkUsage(command: CommandShape, words: readonly string[]): void {
  const borrowed = borrowedName(command, words);
  if (borrowed !== null) throw borrowed;
  const scanned = scanArguments(words, command.flags);
  const given = scanned.filter((item): item is ScannedFlag => item.type === 'flag');
  for (const item of scanned) if (item.type === 'unknown') refuseUnknown(command, words, item);
  for (const flag of given) checkValue(command, words, flag);
  for (const flag of given) checkOnce(command, words, flag, given);
  for (const flag of given) checkCompany(command, words, flag, given);
  checkRequired(command, words, given);
  checkArguments(command, words, scanned);
}

function refuseUnknown(
  command: CommandShape,
  words: readonly string[],
  { at, given }: Extract<Scanned, { type: 'unknown' }>,
): void {
  const argument = given.replace(/^--/, '');
  if (given.startsWith('--') && Object.hasOwn(command.args, argument)) {
    const rest = words.toSpliced(at, 1);
    const attached = words[at]!.startsWith(`${given}=`) ? [words[at]!.slice(given.length + 1)] : rest.splice(at, 1);
    throw usageError(
      `unknown flag ${given}: it is an argument of this command, expected without a flag`,
      attached.length === 0 ? [helpOf(command)] : [typed(command, [...attached, ...rest])],
    );
  }
  const names = Object.keys(command.flags).map((name) => `--${name}`);
  const guess = given.startsWith('--') ? nearest(given.replaceAll('_', '-'), names) : null;
  const mended = guess === null ? words : words.with(at, words[at]!.replace(given, guess));
  throw usageError(`unknown flag ${given}`, [
    ...(fits(command, mended) ? [typed(command, mended)] : []),
    helpOf(command),
  ]);
}

function checkValue(command: CommandShape, words: readonly string[], { name, at, width, value }: ScannedFlag): void {
  const { options } = command.flags[name]!;
  if (value === null) {
    const expected = options === undefined ? 'one' : alternatives(options);
    const first = options === undefined ? [] : [typed(command, words.toSpliced(at + 1, 0, options[0]!))];
    throw usageError(`--${name} without a value, expected ${expected}`, [...first, helpOf(command)]);
  }
  if (options === undefined || typeof value === 'boolean' || options.includes(value)) return;
  const meant = nearest(value, options) ?? options[0]!;
  const mended = words.toSpliced(at, width, `--${name}`, meant);
  throw usageError(`--${name} ${JSON.stringify(value)}: expected ${alternatives(options)}`, [typed(command, mended)]);
}

function checkOnce(
  command: CommandShape,
  words: readonly string[],
  flag: ScannedFlag,
  given: readonly ScannedFlag[],
): void {
  const shape = command.flags[flag.name]!;
  const second = given.find(({ name, at }) => name === flag.name && at > flag.at);
  if (shape.type === 'boolean' || shape.multiple === true || second === undefined) return;
  throw usageError(`--${flag.name} twice, expected it once`, [
    typed(command, without(words, [second])),
    typed(command, without(words, [flag])),
  ]);
}

/** Flags that exclude or need others. */
function checkCompany(
  command: CommandShape,
  words: readonly string[],
  flag: ScannedFlag,
  given: readonly ScannedFlag[],
): void {
  const { exclusive = [], dependsOn = [] } = command.flags[flag.name]!;
  const rival = given.find(({ name }) => exclusive.includes(name));
  if (rival !== undefined) {
    const kept = [rival, flag].map(({ name }) => withoutFlag(command, words, given, name));
    throw usageError(
      `--${rival.name} and --${flag.name}, expected one of them`,
      kept.map((rest) => typed(command, rest)),
    );
  }
  const missing = dependsOn.map(String).filter((needed) => !given.some(({ name }) => name === needed));
  if (missing.length === 0) return;
  const added = missing.flatMap((name) => withExample(name, command.flags[name]));
  const names = missing.map((name) => `--${name}`).join(', ');
  throw usageError(`--${flag.name} without ${names}, expected them together`, [typed(command, [...words, ...added])]);
}

function checkRequired(command: CommandShape, words: readonly string[], given: readonly ScannedFlag[]): void {
  for (const [name, { required, options = [] }] of Object.entries(command.flags)) {
    if (required !== true || given.some((flag) => flag.name === name)) continue;
    const ending = options.filter((option) => words.some((word) => word.endsWith(`.${option}`)));
    const offered = ending.length > 0 ? ending : options;
    throw usageError(`--${name} is missing, expected ${alternatives(options)}`, [
      ...offered.map((option) => typed(command, [...words, `--${name}`, option])),
      helpOf(command),
    ]);
  }
}

function checkArguments(command: CommandShape, words: readonly string[], scanned: readonly Scanned[]): void {
  const texts = scanned.filter((item): item is ScannedArgument => item.type === 'argument');
  const shapes = Object.entries(command.args);
  if (command.takesMore === true) return;
  for (const [i, [name, { required, description, options }]] of shapes.entries()) {
    const found = texts[i];
    if (found === undefined && required === true) {
      throw usageError(`${name.toUpperCase()} is missing, expected ${description ?? 'it'}`, [helpOf(command)]);
    }
    if (found === undefined || options === undefined || options.includes(found.text)) continue;
    throw usageError(
      `${found.text}: expected ${alternatives(options)}`,
      options.map((option) => typed(command, words.with(found.at, option))),
    );
  }
  const extra = texts.slice(shapes.length);
  if (extra.length === 0) return;
  const kept = without(words, extra);
  const last = texts[shapes.length - 1];
  const joined = [last, ...extra].map((item) => item?.text ?? '').join(' ');
  throw usageError(
    `${extra.map(({ text }) => text).join(', ')}: more than the command takes, expected no further argument`,
    command.endsWithText === true && last !== undefined
      ? [typed(command, kept.with(last.at - extra.filter(({ at }) => at < last.at).length, joined))]
      : [typed(command, kept)],
  );
}

function without(words: readonly string[], items: readonly Scanned[]): string[] {
  return words.filter((_, i) => !items.some(({ at, width }) => i >= at && i < at + width));
}

/** Without a flag, and those that make no sense without it. */
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

function typed({ id }: CommandShape, words: readonly string[]): string {
  return commandLine(['llama', ...id.split(' '), ...words]);
}

function helpOf({ id }: CommandShape): string {
  return `llama ${id} --help`;
}

function alternatives(options: readonly string[]): string {
  return options.join(', ').replace(/, (?=[^,]*$)/, ' or ');
}

/** Whether a command that is to be suggested would be taken. */
function fits(command: CommandShape, words: readonly string[]): boolean {
  try {
    checkUsage(command, words);
    return true;
  } catch {
    return false;
  }
}

function usageError(message: string, suggestions: readonly string[]): ToolkitError {
  return new ToolkitError('USAGE', message, { suggestions: [...new Set(suggestions)] });
}
