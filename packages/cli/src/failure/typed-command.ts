// The command that was typed, with flags set or taken out: what a suggestion that names flags alone means.

import { commandLine } from '@llama-ts/base';
import { shellWords } from '../terminal/wrap-command.js';
import { type FlagShape, scanArguments } from '../usage/scan-arguments.js';

/** A command as it was typed. */
export interface TypedCommand {
  /** `run`, or `autocomplete:script`. */
  readonly id: string;
  readonly argv: readonly string[];
  readonly shapes: Readonly<Record<string, FlagShape>>;
}

const LEAVE_OUT = /^leave out (--?[a-z][\w-]*(?:(?:, | and )--?[a-z][\w-]*)*)$/;
const FLAG = /^--[a-z]/;
/** Variables that stand for flags which were not typed. */
const variables: Readonly<Record<string, string>> = { '--backend': 'LLAMA_KERNELS' };

let typed: TypedCommand | null = null;

/** Call this when a command has read its flags. */
export function rememberTyped(command: TypedCommand): void {
  typed = command;
}

/** A suggestion of flags, or to leave flags out, with the whole command in their place; any other as it is. */
export function completed(suggestion: string): string {
  if (typed === null) return suggestion;
  for (let start = 0; ; ) {
    const command = changed(typed, suggestion.slice(start));
    if (command !== null) return suggestion.slice(0, start) + command;
    const colon = suggestion.indexOf(': ', start);
    if (colon < 0) return suggestion;
    start = colon + 2;
  }
}

/** null for a text that names no flags of the command. */
function changed({ id, argv, shapes }: TypedCommand, text: string): string | null {
  const left = LEAVE_OUT.exec(text)?.[1]?.split(/, | and /);
  const variable =
    left?.length === 1 && !argv.some((word) => word.startsWith(left[0]!)) ? variables[left[0]!] : undefined;
  if (variable !== undefined && process.env[variable]) return `unset ${variable}`;
  const words = left === undefined ? withFlags(argv, text, shapes) : withoutFlags(argv, left, shapes);
  return words === null ? null : commandLine(['llama', ...id.split(':'), ...words]);
}

function withFlags(argv: readonly string[], text: string, shapes: TypedCommand['shapes']): readonly string[] | null {
  if (!FLAG.test(text)) return null;
  const found = scanArguments(shellWords(text), shapes);
  return found.reduce<readonly string[] | null>((words, item) => {
    if (words === null || item.type !== 'flag' || item.value === null) return null;
    const shown = typeof item.value === 'string' ? [item.given, item.value] : [item.given];
    const before = scanArguments(words, shapes).find((other) => other.type === 'flag' && other.name === item.name);
    const end = words.indexOf('--');
    const place = before ?? { at: end < 0 ? words.length : end, width: 0 };
    return words.toSpliced(place.at, place.width, ...shown);
  }, argv);
}

/** null where none of the flags was typed. */
function withoutFlags(
  argv: readonly string[],
  names: readonly string[],
  shapes: TypedCommand['shapes'],
): readonly string[] | null {
  const isLeft = (name: string): boolean =>
    names.some((left) => left === `--${name}` || left === `-${shapes[name]!.char}` || left === `--no-${name}`);
  const found = scanArguments(argv, shapes).filter((item) => item.type === 'flag' && isLeft(item.name));
  if (found.length === 0) return null;
  return argv.filter((_, i) => !found.some(({ at, width }) => i >= at && i < at + width));
}
