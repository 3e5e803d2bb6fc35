// What users of llama.cpp, ollama and transformers type out of habit, and what it is called here.

import { ToolkitError } from '@llama-ts/format';
import { looksLikeNumber } from '../number-flags.js';
import { commandLine, shellWord } from '../shell-words.js';
import type { CommandShape } from './scan-arguments.js';

/** What a borrowed name becomes. */
type Meaning =
  /** A flag of this name. */
  | { readonly flag: string }
  /** Nothing: it is left out, with the value it takes. */
  | { readonly nothing: string; readonly takesValue: boolean }
  /** The model, which is an argument here. */
  | { readonly model: true }
  /** A file that is piped in. */
  | { readonly stdin: true }
  /** A conversation. */
  | { readonly chat: true }
  /** A repository, which is exported first. */
  | { readonly repository: true };

const gpu = 'there is no GPU backend';
const noEffect = 'it has no counterpart here';
/** By the words as they are typed. What a command has itself is never looked up. */
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
  ...each(['-ngl', '--n-gpu-layers', '--gpu-layers', '-dev', '--device'], { nothing: gpu, takesValue: true }),
  ...each(['-b', '--batch-size', '-ub', '--ubatch-size'], { nothing: noEffect, takesValue: true }),
  ...each(['-fa', '--flash-attn', '--mlock', '--no-warmup'], { nothing: noEffect, takesValue: false }),
  ...each(['-f', '--file', '--prompt-file'], { stdin: true }),
  ...each(['-cnv', '--conversation', '-ins', '--instruct', '--interactive'], { chat: true }),
  ...each(['-hf', '-hfr', '--hf-repo'], { repository: true }),
  ...each(['-m', '--model'], { model: true }),
};

function each(names: readonly string[], meaning: Meaning): Record<string, Meaning> {
  return Object.fromEntries(names.map((name) => [name, meaning]));
}

/** Describes the first borrowed name; null without one. */
export function borrowedName(command: CommandShape, words: readonly string[]): ToolkitError | null {
  const end = words.indexOf('--');
  for (const [at, word] of words.slice(0, end < 0 ? undefined : end).entries()) {
    const clash = clashing(command, words, at);
    if (clash !== null) return clash;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    const long = name.replaceAll('_', '-');
    if (isOwn(command, name) || !Object.hasOwn(meanings, long)) continue;
    const value = equals < 0 ? words[at + 1] : word.slice(equals + 1);
    const width = equals < 0 && value !== undefined ? 2 : 1;
    const error = describe(command, { words, at, name, value, width, meaning: meanings[long]! });
    if (error !== null) return error;
  }
  return null;
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

function describe(command: CommandShape, borrowed: Borrowed): ToolkitError | null {
  const { words, at, name, value, width, meaning } = borrowed;
  const llama = (id: string, rest: readonly string[]): string => commandLine(['llama', id, ...rest]);
  const rest = words.toSpliced(at, width);
  if ('flag' in meaning) {
    if (value === undefined) return null;
    if (Object.hasOwn(command.flags, meaning.flag) && command.flags[meaning.flag]!.type === 'option') {
      const mended = words.toSpliced(at, width, `--${meaning.flag}`, value);
      return unknown(name, `it is called --${meaning.flag} here`, llama(command.id, mended));
    }
    return null;
  }
  if ('nothing' in meaning) {
    const kept = words.toSpliced(at, meaning.takesValue ? width : 1);
    return unknown(name, meaning.nothing, llama(command.id, kept));
  }
  if ('chat' in meaning) {
    if (command.id !== 'run') return null;
    return unknown(name, 'conversations are a command of their own', llama('chat', words.toSpliced(at, 1)));
  }
  if (value === undefined) return null;
  if ('model' in meaning) {
    if (!Object.hasOwn(command.args, 'model')) return null;
    return unknown(name, 'the model is an argument of this command', llama(command.id, [value, ...rest]));
  }
  if ('stdin' in meaning) {
    if (command.id !== 'run' && command.id !== 'chat') return null;
    return unknown(name, 'a prompt in a file is piped in', `${llama(command.id, rest)} < ${shellWord(value)}`);
  }
  return unknown(name, 'a repository is exported to a file first', llama('export', ['--hf', value]));
}

/** Short flags of this command that mean something else in llama.cpp, with a value that only makes sense there. */
function clashing({ id }: CommandShape, words: readonly string[], at: number): ToolkitError | null {
  const [word, value] = [words[at], words[at + 1]];
  if (id !== 'run' || value === undefined) return null;
  const rest = words.toSpliced(at, 2);
  if ((word === '-m' || word === '--mode') && /[./\\]/.test(value)) {
    return new ToolkitError('USAGE', `${word} ${JSON.stringify(value)}: is a file, expected generate or chat`, {
      suggestions: [commandLine(['llama', 'run', value, ...rest])],
    });
  }
  if (word === '-p' && !looksLikeNumber(value) && /[\p{L}\s]/u.test(value) && !value.startsWith('-')) {
    return new ToolkitError('USAGE', `-p ${JSON.stringify(value)}: -p is --top-p here, expected a number from 0 to 1`, {
      suggestions: [commandLine(['llama', 'run', ...words.toSpliced(at, 2, '-i', value)])],
    });
  }
  return null;
}

function isOwn({ flags }: CommandShape, name: string): boolean {
  if (name.startsWith('--')) return Object.hasOwn(flags, name.slice(2));
  return name.length === 2 && Object.values(flags).some(({ char }) => char === name[1]);
}

function unknown(name: string, reason: string, suggestion: string): ToolkitError {
  return new ToolkitError('USAGE', `unknown flag ${name}: ${reason}`, { suggestions: [suggestion] });
}
