// Flags of llama.cpp, ollama and transformers, and what they are called here.

import { nearest } from '@llama-ts/base';
import { looksLikeNumber } from '../flags/number-flags.js';
import { type CommandShape, isFlag, withArgument } from './scan-arguments.js';
import { type Typed, typed, type UsageProblem, usageProblem } from './usage-problem.js';

/** The replacement of a borrowed name. */
type Meaning =
  /** A flag of this name. */
  | { readonly flag: string }
  /** Nothing: it is left out, with the value it takes: any, or one that matches. */
  | { readonly nothing: string; readonly value: boolean | RegExp }
  /** An argument of this name, in the commands that have it. */
  | { readonly argument: string }
  /** The model, which is an argument here. */
  | { readonly model: true }
  /** A file that is piped in. */
  | { readonly stdin: true }
  /** A conversation. */
  | { readonly chat: true }
  /** A repository, which is the model where a command takes one, else exported first. */
  | { readonly repository: true };

const gpu = 'there is no GPU backend';
const noEffect = 'it has no counterpart here';
/** Names by the word that is typed. A command's own flags are never looked up here. */
const meanings: Readonly<Record<string, Meaning>> = {
  ...each(['--temp'], { flag: 'temperature' }),
  ...each(['-c', '--ctx-size', '--n-ctx', '--num-ctx', '--max-model-len'], { flag: 'context' }),
  ...each(['--n-predict', '--predict', '--max-new-tokens', '--num-predict'], { flag: 'max-tokens' }),
  ...each(['--repetition-penalty'], { flag: 'repeat-penalty' }),
  ...each(['--typical'], { flag: 'typical-p' }),
  ...each(['-ctk', '--cache-type-k', '-ctv', '--cache-type-v'], { flag: 'cache-type' }),
  ...each(['-j'], { flag: 'json-schema' }),
  ...each(['-r', '--reverse-prompt'], { flag: 'stop' }),
  ...each(['-sys', '--system-prompt'], { flag: 'system' }),
  ...each(['-np'], { flag: 'parallel' }),
  ...each(['--no-display-prompt'], { flag: 'no-echo' }),
  ...each(
    ['-ngl', '--n-gpu-layers', '--gpu-layers', '-dev', '--device', '-mg', '--main-gpu', '-ts', '--tensor-split'],
    {
      nothing: gpu,
      value: true,
    },
  ),
  ...each(['-b', '--batch-size', '-ub', '--ubatch-size', '-tb', '--threads-batch', '--numa', '--keep'], {
    nothing: noEffect,
    value: true,
  }),
  ...each(['-fa', '--flash-attn'], { nothing: noEffect, value: /^(?:on|off|auto|[01])$/ }),
  ...each(['--mlock', '--no-warmup', '--color', '--simple-io', '--log-disable', '-no-cnv', '--no-conversation'], {
    nothing: noEffect,
    value: false,
  }),
  ...each(['-f', '--file', '--prompt-file'], { stdin: true }),
  ...each(['-cnv', '--conversation', '-ins', '--instruct', '--interactive'], { chat: true }),
  ...each(['-hf', '-hfr', '--hf-repo'], { repository: true }),
  ...each(['--from'], { flag: 'hf' }),
  ...each(['-o', '--output', '--output-file', '--outfile'], { argument: 'out' }),
  ...each(['-m', '--model'], { model: true }),
};
const modes = ['generate', 'chat'];
/** Commands that open a repository as a model. */
const takesRepositories = ['run', 'chat', 'serve', 'bench', 'eval', 'embed'];

function each(names: readonly string[], meaning: Meaning): Record<string, Meaning> {
  return Object.fromEntries(names.map((name) => [name, meaning]));
}

/** Describes the first borrowed name; null without one. */
export function borrowedName(command: CommandShape, words: readonly string[]): UsageProblem | null {
  const end = words.indexOf('--');
  for (const [at, word] of words.slice(0, end < 0 ? undefined : end).entries()) {
    if (at > 0 && isValue(command, words, at)) continue;
    const clash = clashing(command, words, at);
    if (clash !== null) return clash;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    const long = name.replaceAll('_', '-');
    if (isOwn(command, name) || !Object.hasOwn(meanings, long)) continue;
    const value = equals < 0 ? valueAfter(words, at) : word.slice(equals + 1);
    const width = equals < 0 && value !== undefined ? 2 : 1;
    const problem = describe(command, { words, at, name, value, width, meaning: meanings[long]! });
    if (problem !== null) return problem;
  }
  return null;
}

/** Whether a word is the value of a flag of the command's own, as the text of `--stop -f` is. */
function isValue({ flags }: CommandShape, words: readonly string[], at: number): boolean {
  const before = words[at - 1]!;
  const own = Object.entries(flags).find(([name, { char }]) => before === `--${name}` || before === `-${char}`);
  return own !== undefined && own[1].type === 'option' && !isFlag(words[at]!, flags);
}

/** The next word, unless it is a flag itself. */
function valueAfter(words: readonly string[], at: number): string | undefined {
  const next = words[at + 1];
  return next !== undefined && /^-[^\d.]/.test(next) ? undefined : next;
}

interface Borrowed {
  readonly words: readonly string[];
  readonly at: number;
  readonly name: string;
  readonly value: string | undefined;
  /** Words it takes, its value included. */
  readonly width: number;
  readonly meaning: Meaning;
}

function describe(command: CommandShape, borrowed: Borrowed): UsageProblem | null {
  const { words, at, name, value, width, meaning } = borrowed;
  const rest = words.toSpliced(at, width);
  if ('flag' in meaning) {
    const flag = command.flags[meaning.flag];
    if (flag === undefined || (flag.type === 'option' && value === undefined)) return null;
    const mended =
      flag.type === 'option'
        ? words.toSpliced(at, width, `--${meaning.flag}`, value!)
        : words.with(at, `--${meaning.flag}`);
    return unknown(name, `it is called --${meaning.flag} here`, typed(command, mended));
  }
  if ('nothing' in meaning) {
    const takes = meaning.value instanceof RegExp ? meaning.value.test(value ?? '') : meaning.value;
    return unknown(name, meaning.nothing, typed(command, words.toSpliced(at, takes ? width : 1)));
  }
  if ('chat' in meaning) {
    if (command.id !== 'run') return null;
    return unknown(name, 'conversations are a command of their own', typed({ id: 'chat' }, words.toSpliced(at, 1)));
  }
  if (value === undefined) return null;
  if ('argument' in meaning) {
    if (!Object.hasOwn(command.args, meaning.argument)) return null;
    const mended = withArgument(command, rest, meaning.argument, value);
    return unknown(name, 'the file to write is an argument of this command', typed(command, mended));
  }
  if ('model' in meaning) {
    if (!Object.hasOwn(command.args, 'model')) return null;
    return unknown(name, 'the model is an argument of this command', typed(command, [value, ...rest]));
  }
  if ('stdin' in meaning) {
    if (command.id !== 'run' && command.id !== 'chat') return null;
    return unknown(name, 'a prompt in a file is piped in', typed(command, rest, value));
  }
  if (takesRepositories.includes(command.id)) {
    return unknown(name, 'the model is an argument of this command', typed(command, [value, ...rest]));
  }
  return unknown(name, 'a repository is exported to a file first', typed({ id: 'export' }, ['--hf', value]));
}

/** Short flags of this command that mean something else in llama.cpp, with a value that only makes sense there. */
function clashing(command: CommandShape, words: readonly string[], at: number): UsageProblem | null {
  const [word, value] = [words[at], words[at + 1]];
  const { id } = command;
  if ((id !== 'run' && id !== 'chat') || value === undefined) return null;
  const rest = words.toSpliced(at, 2);
  if (id === 'run' && (isPath(value) ? word === '-m' || word === '--mode' : word === '-m' && isName(value))) {
    return usageProblem(
      `${word} ${JSON.stringify(value)}: ${word} is the mode here (generate or chat), and the model needs no flag`,
      [typed(command, [value, ...rest])],
    );
  }
  if (word === '-p' && !looksLikeNumber(value) && /[\p{L}\s]/u.test(value) && !value.startsWith('-')) {
    return usageProblem(`-p ${JSON.stringify(value)}: -p is --top-p here, expected a number from 0 to 1`, [
      typed(command, words.toSpliced(at, 2, '-i', value)),
    ]);
  }
  return null;
}

function isPath(value: string): boolean {
  return /[./\\]/.test(value);
}

/** A word that is no mistyped mode. */
function isName(value: string): boolean {
  return /^[a-z]/i.test(value) && nearest(value, modes) === null;
}

function isOwn({ flags }: CommandShape, name: string): boolean {
  if (name.startsWith('--')) return Object.hasOwn(flags, name.slice(2));
  return name.length === 2 && Object.values(flags).some(({ char }) => char === name[1]);
}

function unknown(name: string, reason: string, suggestion: Typed): UsageProblem {
  return usageProblem(`unknown flag ${name}: ${reason}`, [suggestion]);
}
